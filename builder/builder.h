// The front door of the builder: from a lock whose files are in the store to a build record. Fetches nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "model/build_record.h"
#include "model/lock.h"
#include "model/variation.h"
#include "store/store.h"

namespace nachbau::builder {

struct BuilderConfig {
  std::filesystem::path cache_directory;   // unpacked packages and configured roots; may be removed at any time
  std::filesystem::path work_directory;    // builds in progress; what a killed run left there is removed on the next
  // Bytes for all processes together; 0: most of the machine's memory, divided by builds_at_once. A build waits until
  // its limit fits beside those of the other builds in work_directory.
  std::uint64_t memory_limit = 0;
  std::uint32_t builds_at_once = 1;
  std::uint32_t process_limit = 4096;
  std::uint64_t disk_limit = 0;            // bytes the build may write; 0: 30 GiB or most of what is free
  std::uint32_t time_limit_seconds = 6 * 3600;
  std::uint32_t parallel = 0;              // jobs, as in DEB_BUILD_OPTIONS=parallel=N; 0: all processors
  bool trace = true;                       // record which processes use which files (BuildRecord::trace)
  bool keep_failed = false;                // leave the tree of a failed build in work_directory and say where
  std::set<std::string> variations;        // deliberate differences, by name (builder/variations.h); empty as a rule
  std::uint64_t expected_ms = 0;           // how long this build took as a rule, for the display; of earlier_builds
  std::uint32_t earlier_builds = 0;
  std::function<void(std::string_view)> log_line;  // gets every line of the build log as it comes; foreign bytes
  const std::atomic<bool>* cancelled = nullptr;  // looked at while working; true ends the work (CancelledError)
};

// Throws MissingError, naming what to install, unless programs for this Debian architecture run here: the machine's
// own, one that its processor runs too, or by qemu-user. Empty: the machine's own. PrepareRoot and Build look
// themselves.
void RequireArchitecture(const std::string& architecture);

struct PreparedRoot {
  Sha256Digest digest;         // of the ordered package digests and the recipe of preparation
  bool from_cache = false;
  std::uint64_t duration_ms = 0;
  std::uint32_t packages = 0;
};

// Makes the build root of the lock's environment ready in the cache (or finds it there).
PreparedRoot PrepareRoot(const Lock& lock, const BuilderConfig& config, const Store& store, Progress& progress);

// Builds in a fresh sandbox and stores outputs and log. A failed, hanging or over-limit build is a record with that
// outcome, not an exception. Throws SystemError or MissingError when the sandbox cannot be set up, CancelledError.
BuildRecord Build(const Lock& lock, const BuilderConfig& config, Store& store, const Clock& clock, Progress& progress);

// What the build depends on beyond its inputs: builds once as ever and once under all of `wanted` (empty: all there are);
// where the bits differ, finds the variations responsible with few more builds. With `each` it builds under every one of
// them alone first. What this machine cannot vary is named in the report. VariationCause::Artifact::differences is left to
// the caller. Throws as Build does, and UsageError.
VariationReport FindVariations(const Lock& lock, const BuilderConfig& config, const std::set<std::string>& wanted,
                               bool each, Store& store, const Clock& clock, Progress& progress);

// The variations there are: name and what it does.
std::vector<std::pair<std::string, Message>> KnownVariations();

// What this machine lacks for building, for `nachbau doctor`.
struct MachineCheck {
  std::string name;     // "user namespaces", "subordinate ids", "overlayfs" …
  enum class State { kBad, kReduced, kGood } state = State::kBad;
  Message found;
  Message remedy;       // empty text when good
};
std::vector<MachineCheck> CheckMachine(const BuilderConfig& config);

}  // namespace nachbau::builder
