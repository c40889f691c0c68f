#include "sbom/offered_packages.h"

#include <apt-pkg/debversion.h>

#include <algorithm>
#include <charconv>

#include "base/archive.h"
#include "base/deb822.h"
#include "base/error.h"

namespace nachbau::sbom {
namespace {

constexpr std::uint64_t kMaxIndex = 2ULL << 30;  // bytes, uncompressed

// Stateless: debVS uses none of libapt-pkg's globals.
int Compare(const std::string& left, const std::string& right) {
  return debVS.DoCmpVersion(left.data(), left.data() + left.size(), right.data(), right.data() + right.size());
}

OfferedPackage Read(const Paragraph& fields, std::uint32_t index) {
  OfferedPackage package;
  package.version = fields.Get("Version");
  package.architecture = fields.Get("Architecture");
  package.maintainer = fields.Find("Maintainer").value_or("");
  const std::string_view description = fields.Find("Description").value_or("");
  package.description = description.substr(0, description.find('\n'));
  package.file.package = fields.Get("Package");
  package.file.version = package.version;
  package.file.architecture = package.architecture;
  package.file.path = fields.Get("Filename");
  package.file.file_name = package.file.path.substr(package.file.path.rfind('/') + 1);
  package.file.index = index;
  package.file.sha256 = ParseSha256(fields.Get("SHA256"), "SHA256");
  return package;
}

}  // namespace

std::map<std::string, std::vector<OfferedPackage>> FindOffered(const Lock& lock, const std::set<std::string>& names,
                                                               const Store& store) {
  std::map<std::string, std::vector<OfferedPackage>> offered;
  if (names.empty()) return offered;
  for (std::uint32_t i = 0; i < lock.indexes.size(); ++i) {
    const IndexProof& index = lock.indexes[i];
    if (index.path.find("/binary-") == index.path.npos || !store.Has(index.sha256)) continue;
    const std::string text = Decompress(store.Read(index.sha256, kMaxIndex), index.path, kMaxIndex);
    ForEachParagraph(text, index.path, [&](const Paragraph& fields) {
      const auto name = fields.Find("Package");
      if (name && names.contains(std::string(*name))) offered[std::string(*name)].push_back(Read(fields, i));
    });
  }
  for (auto& [name, versions] : offered) {
    std::stable_sort(versions.begin(), versions.end(), [](const OfferedPackage& left, const OfferedPackage& right) {
      return Compare(left.version, right.version) > 0;
    });
  }
  return offered;
}

bool Satisfies(const std::string& version, const Alternative& alternative) {
  if (alternative.relation.empty()) return true;
  const int order = Compare(version, alternative.version);
  if (alternative.relation == "<<") return order < 0;
  if (alternative.relation == ">>") return order > 0;
  if (alternative.relation == "=") return order == 0;
  return alternative.relation == "<=" || alternative.relation == "<" ? order <= 0 : order >= 0;
}

}  // namespace nachbau::sbom
