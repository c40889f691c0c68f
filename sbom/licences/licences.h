// From Debian's licence short names to SPDX licence expressions (SPDX specification, Annex D).
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace nachbau::sbom {

// The SPDX form of a DEP-5 licence synopsis: "GPL-2+ or Expat, and BSD-3-clause" →
// "(GPL-2.0-or-later OR MIT) AND BSD-3-Clause". What has no SPDX identifier becomes LicenseRef-debian-<name>, so also a
// licence with an exception that SPDX does not know. For an empty synopsis LicenseRef-debian-unstated. Never empty.
std::string SpdxExpression(std::string_view synopsis);

// All of them apply: parts joined by AND are taken apart and stand once, sorted; alternatives in parentheses. Empty for
// none.
std::string JoinWithAnd(const std::set<std::string>& expressions);

}  // namespace nachbau::sbom
