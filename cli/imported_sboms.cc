#include "cli/imported_sboms.h"

#include <algorithm>
#include <tuple>

#include "base/file.h"

namespace nachbau::cli {

std::filesystem::path ImportedSbomDirectory(const std::filesystem::path& home) { return home / "sboms"; }

void SaveImportedSbom(const std::filesystem::path& home, const sbom::ImportedSbom& imported) {
  WriteFileAtomically(ImportedSbomDirectory(home) / (imported.content.sha256.Hex() + ".json"),
                      FormatPretty(ToJson(imported)));
}

std::vector<sbom::ImportedSbom> ImportedSboms(const std::filesystem::path& home) {
  std::vector<sbom::ImportedSbom> list;
  const std::filesystem::path directory = ImportedSbomDirectory(home);
  if (!std::filesystem::is_directory(directory)) return list;
  for (const std::filesystem::path& file : ListFiles(directory)) {
    if (file.extension() != ".json" || file.native().starts_with(".")) continue;
    const std::filesystem::path path = directory / file;
    list.push_back(sbom::ImportedSbomFromJson(ParseJson(ReadFile(path, 1 << 20), path.native()), path.native()));
  }
  std::stable_sort(list.begin(), list.end(), [](const auto& left, const auto& right) {
    return std::tie(left.name, left.time) < std::tie(right.name, right.time);
  });
  return list;
}

}  // namespace nachbau::cli
