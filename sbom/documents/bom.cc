#include "sbom/documents/bom.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "sbom/documents/readers.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxNesting = 200;
// Of every family the names differ in case, dashes and underscores only.
constexpr std::array<const char*, 20> kAlgorithms = {
    "MD5",          "SHA-1",        "SHA-224",  "SHA-256",     "SHA-384",     "SHA-512",     "SHA3-224",
    "SHA3-256",     "SHA3-384",     "SHA3-512", "BLAKE2b-256", "BLAKE2b-384", "BLAKE2b-512", "BLAKE3",
    "Streebog-256", "Streebog-512", "MD2",      "MD4",         "MD6",         "ADLER32"};

std::string Squeezed(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '-' || c == '_') continue;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

}  // namespace

std::string BomComponent::Property(std::string_view property_name) const {
  for (const BomProperty& property : properties) {
    if (property.name == property_name) return property.value;
  }
  return {};
}

std::string BomComponent::Hash(std::string_view algorithm) const {
  for (const BomHash& hash : hashes) {
    if (hash.algorithm == algorithm) return hash.value;
  }
  return {};
}

std::size_t Bom::Find(std::string_view ref) const {
  const auto found = by_ref.find(ref);
  return found == by_ref.end() ? kNoComponent : found->second;
}

std::string FormatName(const Bom& bom) {
  return (bom.format == BomFormat::kCycloneDx ? "CycloneDX " : "SPDX ") + bom.spec_version;
}

BomComponent& AddComponent(Bom& bom, std::string pointer) {
  if (bom.components.size() >= kMaxBomElements) {
    throw ParseError(bom.name, 0, Msg("more than {} components", kMaxBomElements));
  }
  bom.components.emplace_back();
  bom.components.back().pointer = std::move(pointer);
  return bom.components.back();
}

void PutInto(Bom& bom, std::size_t parent, std::size_t child) {
  if (parent == child || bom.components[child].parent != kNoComponent) return;
  std::size_t depth = 0;
  for (std::size_t at = parent; at != kNoComponent; at = bom.components[at].parent) {
    if (at == child || ++depth > kMaxNesting) return;
  }
  bom.components[child].parent = parent;
}

std::string HashAlgorithmName(std::string_view text) {
  const std::string wanted = Squeezed(text);
  for (const char* name : kAlgorithms) {
    if (Squeezed(name) == wanted) return name;
  }
  return std::string(text);
}

std::string PointerTo(const std::string& parent, std::string_view key) {
  std::string result = parent + "/";
  for (const char c : key) {
    if (c == '~')
      result += "~0";
    else if (c == '/')
      result += "~1";
    else
      result += c;
  }
  return result;
}

std::string PointerTo(const std::string& parent, std::size_t index) { return parent + "/" + std::to_string(index); }

Bom BomFromJson(Json document, std::string_view name) {
  Bom bom;
  bom.name = name;
  bom.document = std::move(document);
  if (!bom.document.is_object())
    throw ParseError(name, 0, Msg("neither a CycloneDX nor an SPDX document: not an object"));
  const std::string spdx2 = TextMember(bom.document, "spdxVersion");
  const std::string context = TextMember(bom.document, "@context");
  if (TextMember(bom.document, "bomFormat") == "CycloneDX") {
    bom.spec_version = TextMember(bom.document, "specVersion");
    constexpr std::array<const char*, 6> versions = {"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"};
    if (std::find(versions.begin(), versions.end(), bom.spec_version) == versions.end()) {
      throw ParseError(
          std::string(name) + "/specVersion", 0,
          Msg("CycloneDX {} is none of the versions that are read: 1.2 to 1.7", Printable(bom.spec_version)));
    }
    ReadCycloneDx(bom);
  } else if (!spdx2.empty()) {
    bom.format = BomFormat::kSpdx;
    if (spdx2 != "SPDX-2.2" && spdx2 != "SPDX-2.3") {
      throw ParseError(
          std::string(name) + "/spdxVersion", 0,
          Msg("{} is none of the versions that are read: SPDX-2.2, SPDX-2.3, SPDX 3.0.1", Printable(spdx2)));
    }
    bom.spec_version = spdx2.substr(5);
    ReadSpdx2(bom);
  } else if (context.find("spdx.org/rdf/3.") != context.npos) {
    bom.format = BomFormat::kSpdx;
    ReadSpdx3(bom);
    if (bom.spec_version != "3.0.0" && bom.spec_version != "3.0.1") {
      throw ParseError(std::string(name) + "/@context", 0,
                       Msg("SPDX {} is none of the versions that are read: SPDX-2.2, SPDX-2.3, SPDX 3.0.1",
                           Printable(bom.spec_version)));
    }
  } else {
    ParseError error(name, 0, Msg("neither a CycloneDX nor an SPDX document in JSON"));
    error.SetHint(
        Msg("CycloneDX has \"bomFormat\", SPDX 2 \"spdxVersion\", SPDX 3 \"@context\"; XML and tag-value files are "
            "not read"));
    throw error;
  }
  for (std::size_t i = 0; i < bom.components.size(); ++i) {
    if (!bom.components[i].ref.empty()) bom.by_ref.emplace(bom.components[i].ref, i);
  }
  return bom;
}

Bom ParseBom(std::string_view text, std::string_view name) {
  // A byte order mark is allowed to be ignored (RFC 8259, section 8.1); Windows tools write one.
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return BomFromJson(ParseJson(text, name), name);
}

Bom ReadBom(const std::string& path) { return ParseBom(ReadFile(path, kMaxBom), path); }

}  // namespace nachbau::sbom
