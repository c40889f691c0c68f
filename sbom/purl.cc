#include "sbom/purl.h"

#include <algorithm>

#include "base/encoding.h"

namespace nachbau::sbom {

std::string DebPurl(std::string_view name, std::string_view version, std::string_view architecture) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return "pkg:deb/debian/" + PercentEncode(lower) + "@" + PercentEncode(version, ":") +
         "?arch=" + PercentEncode(architecture);
}

}  // namespace nachbau::sbom
