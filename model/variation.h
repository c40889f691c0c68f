// What a build depends on beyond its inputs: builds under deliberate differences. docs/formats/variation.md
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "model/build_record.h"
#include "model/comparison.h"

namespace nachbau {

// kUnknown is the zero value: nobody could tell.
enum class VariationVerdict { kUnknown, kIndependent, kDependent, kUnstable };
// "unknown", "independent" (the same bits under every variation together), "dependent" (on the variations found),
// "unstable" (two builds without any variation differ already)
std::string_view Name(VariationVerdict verdict);

struct VariedBuild {
  std::vector<std::string> variations;            // sorted; empty: the build to compare with
  BuildOutcome outcome = BuildOutcome::kFailed;
  std::string failure;                            // one line, empty when built
  std::map<std::string, Sha256Digest> artifacts;  // binary packages by file name
  std::uint64_t duration_ms = 0;                  // wall clock
};

// Variations that make the bits differ, each of them needed for that. More than one only where none alone does.
struct VariationCause {
  std::vector<std::string> variations;  // sorted
  std::string failure;                  // of the varied build, where it did not end well
  struct Artifact {
    std::string name;                     // file name
    std::vector<Difference> differences;  // varied against unvaried
  };
  std::vector<Artifact> artifacts;      // that differ then, sorted by name
};

struct VariationReport {
  std::string source, version, architecture;
  Sha256Digest lock;
  Sha256Digest root;
  std::vector<std::string> varied;               // what was tried, sorted
  std::map<std::string, std::string> not_varied; // what was not, and why (English)
  std::vector<VariedBuild> builds;               // in the order they were made
  std::vector<VariationCause> causes;
  VariationVerdict verdict = VariationVerdict::kUnknown;
};

Json ToJson(const VariationReport& report);
VariationReport VariationReportFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
