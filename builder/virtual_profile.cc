#include "builder/virtual_profile.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "base/archive.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "model/source_tarballs.h"

namespace nachbau::builder {
namespace {

constexpr std::uint64_t kMaxChangelog = 64 << 20;
constexpr std::uint64_t kMaxDiff = 256 << 20;

// The first line of the form " -- Maintainer <address>  date" (deb-changelog(5)); each line begins with `prefix`.
std::optional<UnixSeconds> FirstDate(std::string_view text, std::string_view prefix, const std::string& name) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(prefix) || !line.substr(prefix.size()).starts_with(" -- ")) continue;
    const std::size_t date = line.rfind(">  ");
    if (date == line.npos) continue;
    return ParseMailDate(line.substr(date + 3), name);
  }
  return std::nullopt;
}

// "debian/changelog" of a Debian tarball, "<directory>/debian/changelog" of a native one.
bool IsChangelog(std::string_view path) {
  if (path.starts_with("./")) path.remove_prefix(2);
  if (path == "debian/changelog") return true;
  const std::size_t slash = path.find('/');
  return slash != path.npos && path.substr(slash + 1) == "debian/changelog";
}

std::optional<UnixSeconds> DateIn(const SourceTarball& tarball, const Store& store) {
  const LockedFile& file = tarball.file;
  if (tarball.kind == TarballKind::kDiff) {
    const FileDescriptor packed = store.Open(file.sha256);
    const std::string diff = Decompress(ReadDescriptor(packed, file.file_name, kMaxDiff), file.file_name, kMaxDiff);
    return FirstDate(diff, "+", file.file_name);
  }
  const FileDescriptor packed = store.Open(file.sha256);
  ArchiveReader reader(packed, ArchiveFormat::kTar, file.file_name);
  while (const std::optional<ArchiveEntry> entry = reader.Next()) {
    if (entry->type != ArchiveEntry::Type::kFile || !IsChangelog(entry->path)) continue;
    return FirstDate(reader.ReadContent(kMaxChangelog), "", file.file_name + ": debian/changelog");
  }
  return std::nullopt;
}

}  // namespace

UnixSeconds ReleaseTime(const Lock& lock, const Recipe& recipe, const Store& store) {
  if (const auto set = recipe.environment.find("SOURCE_DATE_EPOCH"); set != recipe.environment.end()) {
    UnixSeconds time = 0;
    const char* end = set->second.data() + set->second.size();
    if (std::from_chars(set->second.data(), end, time).ptr == end) return time;
  }
  // The Debian part before the upstream tarball, which may have a changelog of its own.
  std::vector<SourceTarball> tarballs = SourceTarballs(lock);
  std::reverse(tarballs.begin(), tarballs.end());
  for (const SourceTarball& tarball : tarballs) {
    if (const auto date = DateIn(tarball, store)) return *date;
  }
  throw ParseError(lock.source, 0, Msg("no file of the source has a debian/changelog with a date"));
}

void UseVirtualMachine(UnixSeconds clock, Recipe& recipe, SandboxRequest& request) {
  VirtualValues& values = request.virtual_values;
  values.clock = clock;
  values.kernel_release = "6.1.0";
  values.processors = kVirtualProcessors;
  values.processor_model = "virtual processor";
  values.file_order = FileOrder::kFixed;
  values.fixed_random = true;
  request.fixed_addresses = true;
  recipe.environment["PYTHONHASHSEED"] = "0";
  recipe.environment["PERL_HASH_SEED"] = "0";
  recipe.environment["PERL_PERTURB_KEYS"] = "0";
}

}  // namespace nachbau::builder
