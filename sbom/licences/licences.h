// From Debian's licence short names to SPDX licence expressions.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "sbom/licences/expression.h"

namespace nachbau::sbom {

// A licence text with what is asked of it again and again.
struct NamedText {
  NamedText() = default;
  explicit NamedText(std::string licence_text);

  std::string text;    // UTF-8
  std::string words;   // its letters and digits in lower case, one blank between words
  std::string digest;  // of the text but for its white space: 16 hexadecimal digits
};

// What is known of names beyond the names themselves. Every function may be empty.
struct NameKnowledge {
  // The text given for a name; nullptr when none is.
  std::function<const NamedText*(std::string_view name)> text;
  // The LicenseRef- identifier of a name without SPDX identifier; without it LicenseRef-debian-<name>.
  std::function<std::string(std::string_view name)> reference;
  // Told when the text given for `name` is not that of `identifier`, which the name would stand for.
  std::function<void(std::string_view name, std::string_view identifier)> mismatch;
};

// The canonical SPDX form of a DEP-5 licence synopsis: "GPL-2+ or Expat, and BSD-3-clause" →
// "(GPL-2.0-or-later OR MIT) AND BSD-3-Clause". What has no SPDX identifier becomes a LicenseRef-, so also a licence
// with an exception that SPDX does not know. LicenseRef-debian-unstated for an empty synopsis.
LicenceExpression ReadSynopsis(std::string_view synopsis, const NameKnowledge& knowledge = {});
// The same as text, by the names alone.
std::string SpdxExpression(std::string_view synopsis);

// The identifier (or expression) that SPDX has for one Debian short name, by the name alone.
std::optional<std::string> SpdxNameOf(std::string_view short_name);

// "LicenseRef-<entity>-<name>[--<suffix>]": other characters than letters, digits, "." and "-" are written without their
// accents or as "-"; "--" stands nowhere else. `suffix` is sanitised too.
std::string LicenceReference(std::string_view entity, std::string_view name, std::string_view suffix = {});

// What has no name at all in debian/copyright.
inline constexpr const char* kUnstatedLicence = "LicenseRef-debian-unstated";

// All of them apply: parts joined by AND are taken apart and stand once, sorted; alternatives in parentheses. Empty for
// none. What is no expression throws ParseError.
std::string JoinWithAnd(const std::set<std::string>& expressions);

}  // namespace nachbau::sbom
