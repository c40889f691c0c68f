// From Debian's licence short names to SPDX licence expressions (SPDX specification, Annex D).
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace nachbau::sbom {

// The SPDX form of a DEP-5 licence synopsis: "GPL-2+ or Expat, and BSD-3-clause" →
// "(GPL-2.0-or-later OR MIT) AND BSD-3-Clause". What has no SPDX identifier becomes LicenseRef-debian-<name>; an
// exception ("with … exception") that SPDX does not know becomes part of such a name. Never empty for a name.
std::string SpdxExpression(std::string_view synopsis);

// Joins expressions with AND, each once, sorted; parenthesised where they hold an OR. Empty for none.
std::string JoinWithAnd(const std::set<std::string>& expressions);

}  // namespace nachbau::sbom
