// Package URLs (ECMA-427): the text form, the canonical form, and the rules of each registered type.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/message.h"

namespace nachbau::sbom {

// Decoded parts. ParsePurl and MakePurl give them as their type wants them: lower case where the type folds case, a
// Python project's name with single dashes …
struct Purl {
  std::string type;
  std::string namespace_;  // segments joined by '/'; empty: none
  std::string name;
  std::string version;                            // empty: none
  std::map<std::string, std::string> qualifiers;  // no empty values
  std::string subpath;                            // segments joined by '/'; empty: none
  auto operator<=>(const Purl&) const = default;
};

// Reads a purl, canonical or not: "pkg://DEB/debian//curl" is pkg:deb/debian/curl. Throws ParseError when it breaks the
// rules that hold for all types (clause 5.6); those of its type are CheckPurl's.
Purl ParsePurl(std::string_view text);
// The same from parts. Throws ParseError.
Purl MakePurl(Purl parts);

// The canonical form: everything percent-encoded but A-Z a-z 0-9 . - _ ~ and ':', qualifiers sorted.
std::string FormatPurl(const Purl& purl);

struct PurlProblem {
  std::string part;  // "type", "namespace", "name", "version", "qualifiers"
  Message message;
  bool is_violation = true;  // an unregistered type is none: clause 5.7 asks for a warning
};
// What the type's definition forbids. Empty for a valid purl.
std::vector<PurlProblem> CheckPurl(const Purl& purl);

Json ToJson(
    const Purl& purl);  // {"type", "namespace", "name", "version", "qualifiers", "subpath"}; absent parts left out

// pkg:deb/debian/<name>@<version>?arch=<architecture>; version and architecture are left out where empty.
// `architecture` is "source" for a source package. In a version ':' and '~' stay, '+' becomes %2B.
std::string DebPurl(std::string_view name, std::string_view version, std::string_view architecture);

// pkg:generic/<name>@<version>: what no package manager knows.
std::string GenericPurl(std::string_view name, std::string_view version);

}  // namespace nachbau::sbom
