#include "mirror/step_back.h"

#include <algorithm>
#include <map>

#include "base/archive.h"
#include "base/encoding.h"
#include "mirror/debian_version.h"
#include "mirror/package_index.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxIndexText = 2ULL << 30;  // bytes

std::map<std::string, std::string> HighestVersions(const SnapshotIndex& index, const Store& store) {
  std::string text;
  DecompressPieces(store.Open(index.proof.sha256), index.proof.path, kMaxIndexText,
                   [&](std::string_view piece) { text += piece; });
  const PackageIndex packages(std::move(text), index.proof.path);
  std::map<std::string, std::string> versions;
  for (const std::string_view name : packages.Names()) {
    std::string highest;
    for (const Paragraph& paragraph : packages.Find(name)) {
      const std::string_view version = Trim(paragraph.Find("Version").value_or(""));
      if (highest.empty() || CompareVersions(version, highest) > 0) highest = version;
    }
    versions.emplace(name, std::move(highest));
  }
  return versions;
}

}  // namespace

std::vector<std::string> FindStepsBack(const Snapshot& before, const Snapshot& after, const Store& store) {
  std::vector<std::string> steps;
  for (const SnapshotIndex& now : after.indexes) {
    const ReleaseProof& release = after.releases.at(now.proof.release);
    const auto then = std::find_if(before.indexes.begin(), before.indexes.end(), [&](const SnapshotIndex& one) {
      const ReleaseProof& other = before.releases.at(one.proof.release);
      return one.proof.path == now.proof.path && other.uri == release.uri && other.suite == release.suite;
    });
    if (then == before.indexes.end() || then->proof.sha256 == now.proof.sha256) continue;
    if (!store.Has(then->proof.sha256) || !store.Has(now.proof.sha256)) continue;
    const auto old_versions = HighestVersions(*then, store);
    for (const auto& [name, version] : HighestVersions(now, store)) {
      const auto old = old_versions.find(name);
      if (old != old_versions.end() && CompareVersions(version, old->second) < 0) {
        steps.push_back(Printable(name + " " + old->second + " -> " + version));
      }
    }
  }
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

}  // namespace nachbau::mirror
