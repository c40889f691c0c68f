#include "mirror/root_list.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace nachbau::mirror {
namespace {

constexpr const char* kFormat = "nachbau-roots/1";

std::filesystem::path PathOf(const std::filesystem::path& directory, const std::string& name) {
  NACHBAU_CHECK(IsSafeFileName(name + ".json") && name.front() != '.');
  return directory / (name + ".json");
}

}  // namespace

void SaveRootList(const std::filesystem::path& directory, RootList list) {
  std::sort(list.objects.begin(), list.objects.end());
  list.objects.erase(std::unique(list.objects.begin(), list.objects.end()), list.objects.end());
  Json objects = Json::array();
  for (const Sha256Digest& digest : list.objects) objects.push_back(digest.Hex());
  const Json json = {{"format", kFormat}, {"name", list.name}, {"reason", list.reason}, {"objects", objects}};
  WriteFileAtomically(PathOf(directory, list.name), FormatPretty(json));
}

void RemoveRootList(const std::filesystem::path& directory, const std::string& name) {
  const std::filesystem::path path = PathOf(directory, name);
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return;
    throw SystemError(errno, Msg("remove {}", path.native()));
  }
  SyncDirectory(directory);
}

}  // namespace nachbau::mirror
