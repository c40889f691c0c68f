// "SPDX-License-Identifier:" tags in the text of a file (SPDX specification 2.3 Annex E, REUSE specification 3.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sbom/licences/expression.h"

namespace nachbau::sbom {

// How much of a file is looked at, from its beginning: tags stand in the first comment. What names the tag further down is
// more often a program that handles tags.
inline constexpr std::size_t kTagBytes = 16 << 10;

struct SpdxTags {
  std::vector<LicenceExpression> expressions;  // in order; all of them apply
  std::vector<std::string> malformed;   // values that are no expression; at most 10, made safe for a terminal
};

// Text between REUSE-IgnoreStart and REUSE-IgnoreEnd does not count, nor do bytes with a NUL among them (no text).
SpdxTags FindSpdxTags(std::string_view head);

// The expression with identifiers that SPDX knows: Debian's short names are translated, a LicenseRef- stays, any other
// name becomes LicenseRef-upstream-<name>--<source>. Canonical.
LicenceExpression WithKnownIdentifiers(LicenceExpression expression, std::string_view source);

}  // namespace nachbau::sbom
