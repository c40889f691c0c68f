#include "sbom/elements.h"

#include <openssl/evp.h>

#include <array>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "sbom/validation/formats.h"
#include "sbom/purl/purl.h"

namespace nachbau::sbom {

Json Hashes(const Sha256Digest& sha256, const std::optional<Sha512Digest>& sha512) {
  Json hashes = Json::array({{{"alg", "SHA-256"}, {"content", sha256.Hex()}}});
  if (sha512) hashes.push_back({{"alg", "SHA-512"}, {"content", sha512->Hex()}});
  return hashes;
}

Json Property(std::string_view name, std::string_view value) { return {{"name", name}, {"value", value}}; }

Json Organisation(const std::string& maintainer) {
  const std::size_t open = maintainer.rfind('<');
  if (open == maintainer.npos || !maintainer.ends_with('>')) return {{"name", maintainer}};
  const std::string name(Trim(std::string_view(maintainer).substr(0, open)));
  const std::string address = maintainer.substr(open + 1, maintainer.size() - open - 2);
  if (!IsEmail(address)) return {{"name", maintainer}};
  return {{"name", name.empty() ? address : name}, {"contact", Json::array({{{"email", address}}})}};
}

Json ArchiveReference(const char* type, const Lock& lock, const LockedFile& file) {
  if (!file.Indexed()) return {{"type", type}, {"url", file.path}, {"hashes", Hashes(file.sha256, file.sha512)}};
  const std::string& uri = lock.releases.at(lock.indexes.at(file.index).release).uri;
  return {{"type", type},
          {"url", uri + "/" + PercentEncode(file.path, "/+:")},
          {"hashes", Hashes(file.sha256, file.sha512)}};
}

Json UnresolvedComponent(const Alternative& alternative) {
  const std::string& relation = alternative.relation;
  Json component = {{"type", "library"},
                    {"bom-ref", "dependency:" + alternative.package + relation + alternative.version},
                    {"name", alternative.package},
                    {"purl", DebPurl(alternative.package, relation == "=" ? alternative.version : "", "")},
                    {"isExternal", true}};
  if (relation == "=") {
    component["version"] = alternative.version;
  } else if (!relation.empty()) {
    const std::string comparator = relation == "<<" ? "<" : relation == ">>" ? ">" : relation;
    component["versionRange"] = "vers:deb/" + comparator + PercentEncode(alternative.version, ":");
  }
  return component;
}

std::string SerialNumber(std::string_view name) {
  std::string bytes = DecodeHex("6ba7b8119dad11d180b400c04fd430c8").value();  // the URL name space
  bytes += name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
    throw Error(Msg("OpenSSL cannot finish a digest"));
  }
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0fU) | 0x50U);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3fU) | 0x80U);
  const std::string hex = EncodeHex({reinterpret_cast<const char*>(digest.data()), 16});
  return "urn:uuid:" + hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) +
         "-" + hex.substr(20, 12);
}

std::optional<UnixSeconds> ChangelogDate(std::string_view changelog) {
  while (!changelog.empty()) {
    const std::string_view line = changelog.substr(0, changelog.find('\n'));
    changelog.remove_prefix(std::min(line.size() + 1, changelog.size()));
    if (!line.starts_with(" -- ")) continue;
    const std::size_t date = line.rfind(">  ");
    if (date == line.npos) return std::nullopt;
    try {
      return ParseMailDate(Trim(line.substr(date + 3)), "debian/changelog");
    } catch (const ParseError&) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace nachbau::sbom
