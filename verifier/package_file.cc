#include "verifier/package_file.h"

#include <algorithm>

namespace nachbau::verifier {

std::optional<PackageFileName> ParsePackageFileName(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos) return std::nullopt;
  PackageFileName result;
  result.extension = name.substr(dot + 1);
  if (result.extension != "deb" && result.extension != "udeb") return std::nullopt;
  const std::string_view stem = name.substr(0, dot);
  if (std::count(stem.begin(), stem.end(), '_') != 2) return std::nullopt;
  const std::size_t first = stem.find('_');
  const std::size_t last = stem.rfind('_');
  result.package = stem.substr(0, first);
  result.version = stem.substr(first + 1, last - first - 1);
  result.architecture = stem.substr(last + 1);
  if (result.package.empty() || result.version.empty() || result.architecture.empty()) return std::nullopt;
  return result;
}

std::string FormatPackageFileName(const PackageFileName& name) {
  const std::string version = name.version.substr(name.version.find(':') + 1);  // npos + 1 is 0
  return name.package + "_" + version + "_" + name.architecture + "." + name.extension;
}

const ReleaseProof& ReleaseOf(const Lock& lock, const LockedFile& file) {
  return lock.releases.at(lock.indexes.at(file.index).release);
}

std::string OriginOf(const Lock& lock, const LockedFile& file) {
  if (!file.Indexed()) return "buildinfo";
  const ReleaseProof& release = ReleaseOf(lock, file);
  return release.origin + " " + release.suite;
}

}  // namespace nachbau::verifier
