#include "store/holds.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "model/product.h"

namespace nachbau {
namespace {

constexpr std::uint64_t kMaxHold = 256 << 20;  // bytes: three million objects
constexpr const char* kReleasedFormat = "nachbau-hold-released/1";

std::vector<std::filesystem::path> DocumentsIn(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  if (!std::filesystem::exists(directory)) return paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().native();
    if (name.starts_with(".") || entry.path().extension() != ".json") continue;
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Hold ReadHold(const std::filesystem::path& path) {
  Hold hold = HoldFromJson(ParseJson(ReadFile(path, kMaxHold), path.native()), path.native());
  if (path.stem() != hold.name) {
    throw ParseError(path.native(), 0, Msg("this file has the hold {}", hold.name));
  }
  return hold;
}

}  // namespace

std::filesystem::path HoldDirectory::PathOf(std::string_view name) const {
  return directory_ / (std::string(name) + ".json");
}

std::vector<Hold> HoldDirectory::List() const {
  std::vector<Hold> holds;
  for (const std::filesystem::path& path : DocumentsIn(directory_)) holds.push_back(ReadHold(path));
  return holds;
}

std::optional<Hold> HoldDirectory::Find(std::string_view name) const {
  if (!IsProductName(name) || !std::filesystem::exists(PathOf(name))) return std::nullopt;
  return ReadHold(PathOf(name));
}

std::unordered_set<Sha256Digest> HoldDirectory::Objects() const {
  std::unordered_set<Sha256Digest> objects;
  for (const Hold& hold : List()) objects.insert(hold.objects.begin(), hold.objects.end());
  return objects;
}

void HoldDirectory::Add(const Hold& hold) const {
  NACHBAU_CHECK(IsProductName(hold.name));
  MakeDirectories(directory_);
  const FileLock lock(directory_ / ".lock", FileLock::Mode::kExclusive);
  if (std::filesystem::exists(PathOf(hold.name))) throw UsageError(Msg("there is a hold {} already", hold.name));
  WriteFileAtomically(PathOf(hold.name), FormatPretty(ToJson(hold)));
  SyncDirectory(directory_.parent_path());
}

std::filesystem::path HoldDirectory::Release(const Hold& hold, const Json& release, UnixSeconds now) const {
  const FileLock lock(directory_ / ".lock", FileLock::Mode::kExclusive);
  std::string time = FormatTime(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  const std::filesystem::path kept = directory_ / "released" / (hold.name + "-" + time + ".json");
  WriteFileAtomically(kept, FormatPretty({{"format", kReleasedFormat},
                                          {"hold", ToJson(hold)},
                                          {"release", release},
                                          {"released", FormatTime(now)}}));
  if (::unlink(PathOf(hold.name).c_str()) != 0) throw SystemError(errno, Msg("remove {}", PathOf(hold.name).native()));
  SyncDirectory(directory_);
  return kept;
}

std::vector<std::filesystem::path> HoldDirectory::Released() const { return DocumentsIn(directory_ / "released"); }

}  // namespace nachbau
