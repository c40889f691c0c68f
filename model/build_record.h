// The build record: what was built from what, how, with which result. docs/formats/build.md
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "model/artifact.h"

namespace nachbau {

enum class BuildOutcome { kFailed, kBuilt, kTimedOut, kOverLimit, kCancelled };
std::string_view Name(BuildOutcome outcome);  // "failed", "built", "timed-out", "over-limit", "cancelled"
// Throws ParseError naming `place`.
BuildOutcome BuildOutcomeFromName(std::string_view name, const std::string& place);

// One promise of the sandbox, and whether it was kept in this build.
struct Guarantee {
  std::string name;    // "network-namespace", "seccomp", "memory-limit" …
  bool in_force = false;
  std::string detail;  // how, or why not
  auto operator<=>(const Guarantee&) const = default;
};

struct BuildRecord {
  std::string source;
  std::string version;
  std::string architecture;
  Sha256Digest lock;                  // DigestOf(Lock)
  Sha256Digest root;                  // digest of the build root (builder/root.h)
  std::string recipe = "debian";      // Name(RecipeKind)
  std::string profile = "match";      // LockedRecipe::profile
  std::vector<std::string> command;   // of the build step itself
  std::map<std::string, std::string> environment;
  std::string build_path;             // inside the sandbox
  std::vector<std::string> variations; // deliberate differences, sorted; empty: as a Debian build daemon
  std::vector<Guarantee> sandbox;     // sorted by name
  std::string kernel;                 // uname -sr
  std::string builder;                // "nachbau 0.1.0"
  BuildOutcome outcome = BuildOutcome::kFailed;
  int exit_code = -1;
  std::string failure;                // one line, empty when built
  UnixSeconds started = 0;
  std::uint64_t duration_ms = 0;      // wall clock
  std::uint64_t cpu_ms = 0;           // user and system, all processes
  std::uint64_t peak_memory = 0;      // bytes; of the cgroup where there is one, else of the largest process
  std::vector<Artifact> outputs;      // sorted by name: .deb, .udeb, .buildinfo, .changes; of a script what it names
  Artifact log;                       // compressed (zstd)
  std::optional<Artifact> trace;      // which processes used which files (model/trace.h), compressed; none if not asked for
};

Json ToJson(const BuildRecord& record);
BuildRecord BuildRecordFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
