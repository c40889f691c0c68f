// A snapshot's indexes, read and laid out for resolving.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "mirror/apt_tree.h"
#include "mirror/mirror.h"
#include "mirror/source_choice.h"

namespace nachbau::mirror {

// A directory for one resolution. What killed resolutions left is removed by the next that finds nobody at work.
class ResolveDirectory {
 public:
  explicit ResolveDirectory(const std::filesystem::path& state);
  const std::filesystem::path& path() const { return directory_->path(); }

 private:
  std::optional<FileLock> lock_;
  std::optional<TemporaryDirectory> directory_;
};

class Indexes {
 public:
  // Throws MissingError where the snapshot has nothing for the architecture. `task` advances by two.
  Indexes(const Snapshot& snapshot, const MirrorConfig& config, const Store& store, Progress::Task& task);

  const std::string architecture;
  const std::vector<std::uint32_t> package_positions;  // into Snapshot::indexes, by number in `tree`

 private:
  const ResolveDirectory directory_;

 public:
  AptTree tree;
  std::vector<NumberedIndex> sources;

  // Packages indexes for looking up names, from the files already written for libapt-pkg.
  std::vector<NumberedIndex> ReadBinaries() const;
};

void ThrowIfCancelled(const MirrorConfig& config);

}  // namespace nachbau::mirror
