#include "mirror/root_list.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"

namespace nachbau::mirror {
namespace {

std::filesystem::path PathOf(const std::filesystem::path& directory, const std::string& name) {
  NACHBAU_CHECK(IsSafeFileName(name + ".json") && name.front() != '.');
  return directory / (name + ".json");
}

}  // namespace

void SaveRootList(const std::filesystem::path& directory, Roots list) {
  std::sort(list.objects.begin(), list.objects.end());
  list.objects.erase(std::unique(list.objects.begin(), list.objects.end()), list.objects.end());
  WriteFileAtomically(PathOf(directory, list.name), FormatPretty(ToJson(list)));
}

}  // namespace nachbau::mirror
