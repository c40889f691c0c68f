// Hashing many objects' files on all cores, for scrubbing and verifying. For the sources of this room.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/progress.h"

namespace nachbau {

struct HashJob {
  std::filesystem::path path;
  std::optional<Sha256Digest> expected;  // nothing: no name of an object
};

struct HashAnswer {
  std::uint64_t bytes = 0;
  std::string damage;              // English: "content has sha256 …", "not a regular file"; empty: as it should be
  std::optional<ContentId> content;  // with HashOptions::both
  struct stat status {};           // of what was read
};

struct HashOptions {
  bool both = false;      // SHA-512 too
  bool from_disk = true;  // past the page cache where the file system can (O_DIRECT): what is checked is the disk
  std::uint64_t rate = 0;         // bytes per second of all threads together; 0: no limit
  std::uint64_t max_seconds = 0;  // begins nothing new after that; 0: no limit
  const std::atomic<bool>* cancelled = nullptr;
};

// Calls `done` for each job, in any order, one call at a time; returns how many were done: all, unless time was up.
// Throws CancelledError, and what `done` throws. A file that is gone meanwhile is no damage and gets no call.
std::size_t HashFiles(const std::vector<HashJob>& jobs, const HashOptions& options, Progress::Task& task,
                      const std::function<void(std::size_t, const HashAnswer&)>& done);

}  // namespace nachbau
