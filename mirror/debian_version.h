// Debian version numbers: their order and the relations of dependencies (deb-version(7), Debian Policy 5.6.12 and 7.1).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace nachbau::mirror {

// The order that dpkg and apt use. Any text has a place in it; IsVersion says whether it is a version at all.
std::strong_ordering CompareVersions(std::string_view left, std::string_view right);

// [epoch:]upstream[-revision], of the characters that policy allows, starting with a letter or digit.
bool IsVersion(std::string_view text);

enum class Relation { kAny, kLess, kLessEqual, kEqual, kGreaterEqual, kGreater };
// "<<", "<=", "=", ">=", ">>", and the old "<" and ">" (which mean "<=" and ">="). Nothing for other text.
std::optional<Relation> ParseRelation(std::string_view text);
std::string_view Format(Relation relation);  // empty for kAny

}  // namespace nachbau::mirror
