#include "cli/remembered_places.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace nachbau::cli {
namespace {

constexpr const char* kFormat = "nachbau-workspace/1";
constexpr std::uint64_t kMaxRecord = 64 << 10;  // bytes

std::filesystem::path RecordOf(const std::filesystem::path& home, const std::filesystem::path& path) {
  return home / "workspaces" / (Sha256(path.native()).Hex().substr(0, 32) + ".json");
}

std::filesystem::path Absolute(const std::filesystem::path& path) {
  return std::filesystem::absolute(path).lexically_normal();
}

// Folders that are still being filled have names with a dot; a build that fills one keeps its objects by its lease.
void AddDocuments(const std::filesystem::path& directory, std::vector<std::filesystem::path>& documents) {
  if (!std::filesystem::is_directory(directory)) return;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.path().extension() == ".json" &&
        !entry.path().filename().native().starts_with(".")) {
      documents.push_back(entry.path());
    }
  }
}

}  // namespace

void RememberPlace(const std::filesystem::path& home, const std::filesystem::path& path) {
  const std::filesystem::path place = Absolute(path);
  const std::filesystem::path record = RecordOf(home, place);
  if (std::filesystem::exists(record)) return;
  WriteFileAtomically(record, FormatPretty({{"format", kFormat}, {"path", place.native()}}));
}

std::vector<RememberedPlace> RememberedPlaces(const std::filesystem::path& home) {
  std::vector<RememberedPlace> places;
  std::vector<std::filesystem::path> records;
  AddDocuments(home / "workspaces", records);
  for (const std::filesystem::path& record : records) {
    const Json json = ParseJson(ReadFile(record, kMaxRecord), record.native());
    JsonReader reader(json, record.native());
    if (reader.Text("format") != kFormat) reader.Refuse("format", kFormat);
    RememberedPlace place;
    place.path = reader.Text("path");
    reader.Done();
    place.record = record;
    // An empty directory is what an unmounted disk looks like.
    const auto in_use = [](const std::filesystem::path& path) {
      return std::filesystem::is_directory(path) && !std::filesystem::is_empty(path);
    };
    place.removed = !std::filesystem::exists(place.path) && place.path.extension() == ".json" &&
                    in_use(place.path.parent_path());
    place.gone = !place.removed && !std::filesystem::is_regular_file(place.path) && !in_use(place.path);
    places.push_back(std::move(place));
  }
  std::sort(places.begin(), places.end(), [](const auto& left, const auto& right) { return left.path < right.path; });
  return places;
}

bool ForgetPlace(const std::filesystem::path& home, const std::filesystem::path& path) {
  const std::filesystem::path record = RecordOf(home, Absolute(path));
  if (::unlink(record.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  throw SystemError(errno, Msg("remove {}", record.native()));
}

std::vector<std::filesystem::path> DocumentsAt(const std::filesystem::path& place) {
  std::vector<std::filesystem::path> documents;
  if (std::filesystem::is_regular_file(place)) return {place};
  if (!std::filesystem::is_directory(place)) return documents;
  AddDocuments(place, documents);
  AddDocuments(place / "locks", documents);
  AddDocuments(place / "variations", documents);
  if (std::filesystem::is_directory(place / "evidence")) {
    for (const auto& entry : std::filesystem::directory_iterator(place / "evidence")) {
      if (!entry.is_symlink()) AddDocuments(entry.path(), documents);
    }
  }
  std::sort(documents.begin(), documents.end());
  return documents;
}

}  // namespace nachbau::cli
