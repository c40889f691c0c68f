// A directory for one build.
#pragma once

#include <filesystem>
#include <optional>

#include "base/file.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

// Removed at the end with all that mapped ids left in it. What a killed run left is removed by the next one: each
// directory has a lock file beside it, "<name>.lock", which the kernel sets free with its process.
class WorkDirectory {
 public:
  // Makes a fresh directory in `parent` (made if missing), closed to other users of the machine.
  WorkDirectory(const std::filesystem::path& parent, const IdMap& map);
  ~WorkDirectory();
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Leaves the directory to the person who asked for it; later runs do not remove it.
  void Keep();

 private:
  std::filesystem::path LockName() const { return path_.native() + ".lock"; }
  IdMap map_;
  std::filesystem::path path_;
  std::optional<FileLock> lock_;
  bool keep_ = false;
};

}  // namespace nachbau::builder
