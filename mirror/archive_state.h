// What was last seen of each archive, and the snapshots kept: the mirror's memory against rollback and freeze.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "mirror/mirror.h"

namespace nachbau::mirror {

struct SeenRelease {
  UnixSeconds date = 0;
  std::string origin;
  Sha256Digest in_release;
};

// The files of the state. Throw ParseError naming `name`.
SeenRelease ParseSeenRelease(std::string_view text, const std::string& name);
Snapshot ParseSnapshot(std::string_view text, const std::string& name);
Json SnapshotToJson(const Snapshot& snapshot);
Snapshot SnapshotFromJson(const Json& json, const std::string& place);

class ArchiveState {
 public:
  explicit ArchiveState(const std::filesystem::path& directory) : directory_(directory) {}
  std::optional<SeenRelease> Find(const std::string& uri, const std::string& suite) const;
  // Written atomically, after everything of the snapshot is in the store. What is just as the newest one only tells when
  // it was found so again; true then.
  bool Accept(const Snapshot& snapshot);
  // The newest of those that have no time in their archives' URLs.
  std::optional<Snapshot> NewestSnapshot() const;
  // File names relative to the directory, and what they hold: by time (as_of where there is one), oldest first.
  std::vector<HeldSnapshot> Snapshots() const;

 private:
  std::filesystem::path PathOf(const std::string& uri, const std::string& suite) const;
  std::filesystem::path directory_;
};

}  // namespace nachbau::mirror
