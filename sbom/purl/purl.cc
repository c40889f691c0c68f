#include "sbom/purl/purl.h"

#include "base/encoding.h"

namespace nachbau::sbom {

std::string DebPurl(std::string_view name, std::string_view version, std::string_view architecture) {
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  std::string purl = "pkg:deb/debian/" + PercentEncode(lower);
  if (!version.empty()) purl += "@" + PercentEncode(version, ":");
  if (!architecture.empty()) purl += "?arch=" + PercentEncode(architecture);
  return purl;
}

std::string GenericPurl(std::string_view name, std::string_view version) {
  return "pkg:generic/" + PercentEncode(name) + "@" + PercentEncode(version, ":");
}

}  // namespace nachbau::sbom
