// The comparison of a rebuild with its reference, artifact by artifact. docs/formats/comparison.md
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "model/artifact.h"

namespace nachbau {

// Never merged into one another. kNotBuilt is the zero value: an answer nobody gave is not a good one.
enum class ComparisonOutcome { kNotBuilt, kIdentical, kCodeIdentical, kExplained, kDiffers, kNoReference };
// "not-built", "identical", "code-identical", "explained", "differs", "no-reference"
std::string_view Name(ComparisonOutcome outcome);

// One place where two artifacts differ; nested as the files are.
struct Difference {
  std::string place;   // path of the member, section name, or metadata field at this level: "data.tar.xz",
                       // "./usr/sbin/dnsmasq", ".rodata", "mtime"
  std::string kind;    // "content", "metadata", "only-in-built", "only-in-reference", "order", "container"
  std::string detail;  // English, short: "offset 0x40: 4 bytes differ", "mode 0755, reference 0644"
  std::vector<Difference> inside;
  auto operator<=>(const Difference&) const = default;
};

Json ToJson(const std::vector<Difference>& differences);
std::vector<Difference> DifferencesFromJson(const Json& json, const std::string& place);

struct ArtifactComparison {
  std::string name;          // file name of the built or expected artifact
  std::string package;
  std::string architecture;
  ComparisonOutcome outcome = ComparisonOutcome::kNotBuilt;
  std::optional<ContentId> built;
  std::optional<ContentId> reference;
  std::string reference_origin;  // where the reference came from, e.g. "Debian bookworm"; empty without one
  std::vector<Difference> differences;
};

struct Comparison {
  std::string source;
  std::string version;
  std::string architecture;
  std::vector<ArtifactComparison> artifacts;  // sorted by name

  std::size_t Count(ComparisonOutcome outcome) const;
};

Json ToJson(const Comparison& comparison);
Comparison ComparisonFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
