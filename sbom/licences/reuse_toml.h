// REUSE.toml (REUSE specification 3.3): licences of files that hold no tag themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sbom/licences/expression.h"
#include "sbom/licences/path_pattern.h"

namespace nachbau::sbom {

struct ReuseAnnotation {
  // kClosest: only for files that say nothing themselves; kAggregate: in addition; kOverride: instead of what they say.
  enum class Precedence { kClosest, kAggregate, kOverride };
  std::vector<PathPattern> patterns;    // relative to the directory of the REUSE.toml
  Precedence precedence = Precedence::kClosest;
  std::vector<LicenceExpression> expressions;  // all of them apply; may be empty (only copyright is stated)
  std::uint64_t line = 0;               // 1-based
};

// In order; of several that match a path the last one counts. Keys that are not about licences are left alone. Throws
// ParseError.
std::vector<ReuseAnnotation> ParseReuseToml(std::string_view text, std::string_view name);

}  // namespace nachbau::sbom
