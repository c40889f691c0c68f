#include "sbom/documents/identity.h"

#include <set>

namespace nachbau::sbom {

PurlText SplitPurl(std::string_view purl) {
  PurlText text;
  if (const std::size_t mark = purl.find('#'); mark != purl.npos) {
    text.subpath = purl.substr(mark + 1);
    purl = purl.substr(0, mark);
  }
  if (const std::size_t mark = purl.find('?'); mark != purl.npos) {
    text.qualifiers = purl.substr(mark + 1);
    purl = purl.substr(0, mark);
  }
  // The '@' of an npm scope stands before the last '/'.
  const std::size_t slash = purl.rfind('/');
  const std::size_t at = purl.rfind('@');
  if (at != purl.npos && (slash == purl.npos || at > slash)) {
    text.version = purl.substr(at + 1);
    purl = purl.substr(0, at);
  }
  text.package = purl;
  return text;
}

std::string TypeOfPurl(std::string_view purl) {
  if (!purl.starts_with("pkg:")) return {};
  purl.remove_prefix(4);
  while (purl.starts_with('/')) purl.remove_prefix(1);
  return std::string(purl.substr(0, purl.find('/')));
}

std::string LicenceText(const BomComponent& component, BomLicence::Kind kind) {
  std::set<std::string> statements;
  for (const BomLicence& licence : component.licences) {
    if (licence.kind != kind || licence.expression == "NOASSERTION") continue;
    statements.insert(licence.expression.empty() ? "\"" + licence.name + "\"" : licence.expression);
  }
  std::string text;
  for (const std::string& statement : statements) text += (text.empty() ? "" : ", ") + statement;
  return text;
}

std::string StrongestHash(const BomComponent& component) {
  const auto strongest = [](const std::vector<BomHash>& hashes) -> std::string {
    for (const char* algorithm : {"SHA-512", "SHA3-512", "BLAKE2b-512", "SHA-384", "SHA3-384", "BLAKE2b-384", "SHA-256",
                                  "SHA3-256", "BLAKE2b-256", "BLAKE3"}) {
      for (const BomHash& hash : hashes) {
        if (hash.algorithm == algorithm && !hash.value.empty()) return hash.algorithm + ":" + hash.value;
      }
    }
    return {};
  };
  std::string text = strongest(component.hashes);
  for (const BomReference& reference : component.references) {
    if (!text.empty()) break;
    if (reference.type == "distribution") text = strongest(reference.hashes);
  }
  return text;
}

std::string InstalledPath(const BomComponent& component) { return component.Property("nachbau:component:path"); }

std::string DisplayName(const BomComponent& component) {
  if (std::string path = InstalledPath(component); !path.empty()) return path;
  std::string name = component.name;
  if (name.empty()) name = component.purl.empty() ? component.ref : component.purl;
  if (!component.group.empty()) name = component.group + ":" + name;
  return component.version.empty() || component.type == "file" ? name : name + " " + component.version;
}

}  // namespace nachbau::sbom
