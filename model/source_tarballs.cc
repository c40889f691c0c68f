#include "model/source_tarballs.h"

#include <algorithm>
#include <optional>
#include <tuple>

namespace nachbau {
namespace {

std::optional<SourceTarball> Classify(const LockedFile& file, bool script) {
  const std::string_view name = file.file_name;
  for (const char* other : {".asc", ".sig", ".sign", ".dsc"}) {
    if (name.ends_with(other)) return std::nullopt;
  }
  if (script) return SourceTarball{TarballKind::kUpstream, {}, file};
  if (name.ends_with(".diff.gz")) return SourceTarball{TarballKind::kDiff, {}, file};
  const std::size_t end = name.rfind(".tar");
  if (end == name.npos) return std::nullopt;
  if (name.substr(0, end).ends_with(".debian")) return SourceTarball{TarballKind::kDebian, {}, file};
  const std::size_t component = name.rfind(".orig-", end);
  if (component == name.npos) return SourceTarball{TarballKind::kUpstream, {}, file};
  return SourceTarball{TarballKind::kComponent, std::string(name.substr(component + 6, end - component - 6)), file};
}

}  // namespace

std::vector<SourceTarball> SourceTarballs(const Lock& lock) {
  std::vector<SourceTarball> tarballs;
  for (const LockedFile& file : lock.WithRole(InputRole::kSource)) {
    if (auto tarball = Classify(file, lock.recipe.kind == RecipeKind::kScript)) tarballs.push_back(std::move(*tarball));
  }
  std::sort(tarballs.begin(), tarballs.end(), [](const SourceTarball& left, const SourceTarball& right) {
    return std::tie(left.kind, left.component, left.file.file_name) <
           std::tie(right.kind, right.component, right.file.file_name);
  });
  return tarballs;
}

void TarballTop::See(std::string_view path, bool directory) {
  const std::size_t slash = path.find('/');
  if (slash == path.npos && !directory) file_ = true;
  if (names_.size() < 2) names_.emplace(path.substr(0, slash));
}

std::string TarballTop::PlaceOf(const SourceTarball& tarball, std::string_view path) const {
  if (tarball.kind == TarballKind::kDebian) return std::string(path);
  if (names_.size() == 1 && !file_) path.remove_prefix(path.find('/') + 1);
  return tarball.component.empty() ? std::string(path) : tarball.component + "/" + std::string(path);
}

}  // namespace nachbau
