#include "builder/root_beneath.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <set>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/sandbox/kernel.h"

namespace nachbau::builder {
namespace {

constexpr const char* kTriggers = "var/lib/dpkg/triggers";
constexpr std::uint64_t kMaxDatabaseFile = 64 << 20;
constexpr std::uint64_t kBeneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;

// Empty when the layer does not have it.
std::string ReadIfThere(const FileDescriptor& layer, const std::string& path) {
  const FileDescriptor file(OpenAt2(layer.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, kBeneath));
  if (file.valid()) return ReadDescriptor(file, path, kMaxDatabaseFile);
  if (errno != ENOENT) throw SystemError(errno, Msg("open {}", path));
  return {};
}

// What scripts did to `place`, as their layer shows: nothing, or made or changed a directory, or anything else.
enum class Touched { kNot, kDirectory, kOtherwise };

Touched LookAtLayer(const FileDescriptor& configured, const std::string& place) {
  const FileDescriptor found(OpenAt2(configured.get(), place.c_str(), O_PATH | O_NOFOLLOW, kBeneath));
  if (!found.valid()) {
    if (errno == ENOENT) return Touched::kNot;
    if (errno == ENOTDIR || errno == ELOOP) return Touched::kOtherwise;  // removed or replaced on the way
    throw SystemError(errno, Msg("look at {}", Printable(place)));
  }
  struct stat status {};
  if (::fstat(found.get(), &status) != 0) throw SystemError(errno, Msg("look at {}", Printable(place)));
  if (!S_ISDIR(status.st_mode)) return Touched::kOtherwise;
  // Removed and made again: overlayfs marks such a directory.
  const FileDescriptor directory(OpenAt2(configured.get(), place.c_str(), O_RDONLY | O_DIRECTORY, kBeneath));
  if (!directory.valid()) throw SystemError(errno, Msg("open {}", Printable(place)));
  const bool opaque = ::fgetxattr(directory.get(), "user.overlay.opaque", nullptr, 0) >= 0;
  return opaque ? Touched::kOtherwise : Touched::kDirectory;
}

// Places for which dpkg has rules of its own: both names of each diversion (three lines: from, to, by whom), and what
// has an owner or mode given by dpkg-statoverride ("user group mode path").
std::set<std::string> RuledPlaces(const FileDescriptor& configured) {
  std::set<std::string> places;
  const auto add = [&](std::string_view path) {
    if (const auto place = PlaceInRoot({.path = std::string(path.substr(std::min<std::size_t>(1, path.size())))})) {
      places.insert(*place);
    }
  };
  const std::string diversions = ReadIfThere(configured, "var/lib/dpkg/diversions");
  const auto lines = SplitTrimmed(diversions, '\n');
  for (std::size_t i = 0; i + 2 < lines.size(); i += 3) {
    add(lines[i]);
    add(lines[i + 1]);
  }
  const std::string overrides = ReadIfThere(configured, "var/lib/dpkg/statoverride");
  for (std::string_view line : SplitTrimmed(overrides, '\n')) {
    for (int word = 0; word < 3; ++word) line = Trim(line.substr(std::min(line.find(' '), line.size())));
    add(line);
  }
  return places;
}

}  // namespace

std::string WhyNotOn(const RootBeneath& beneath, const std::vector<PackageTree>& trees) {
  const std::set<std::string> ruled = RuledPlaces(beneath.configured);
  for (std::size_t i = beneath.packages; i < trees.size(); ++i) {
    for (const UnpackedEntry& entry : trees[i].entries) {
      const auto place = PlaceInRoot(entry);
      if (!place || *place == ".") continue;
      const auto why = [&](std::string_view reason) {
        return trees[i].package.name + ": /" + Printable(*place) + std::string(reason);
      };
      if (ruled.contains(*place)) return why(" is diverted, or its owner or mode given, by the base");
      // A file would have been there before the scripts of the base ran: they might have done otherwise, and what they
      // put there must not be hidden.
      const Touched touched = LookAtLayer(beneath.configured, *place);
      if (touched == Touched::kOtherwise || (touched == Touched::kDirectory && !entry.directory)) {
        return why(" was made or removed by a script of the base");
      }
    }
  }
  return {};
}

std::optional<struct stat> FindDirectory(const RootBeneath& beneath, const std::string& place) {
  for (const FileDescriptor* layer : {&beneath.configured, &beneath.base}) {
    const FileDescriptor found(OpenAt2(layer->get(), place.c_str(), O_PATH | O_NOFOLLOW, kBeneath));
    struct stat status {};
    if (found.valid() && ::fstat(found.get(), &status) == 0 && S_ISDIR(status.st_mode)) return status;
  }
  return std::nullopt;
}

InstalledState ReadInstalledState(const RootBeneath& beneath, const std::vector<PackageTree>& trees) {
  InstalledState state;
  for (std::size_t i = 0; i < beneath.packages; ++i) {
    const UnpackedPackage& package = trees[i].package;
    if (package.name == "dpkg") state.dpkg_version = package.version;
    if (package.name == "debconf") state.has_debconf = true;
  }
  state.status = ReadIfThere(beneath.configured, "var/lib/dpkg/status");
  state.file_triggers = ReadIfThere(beneath.configured, std::string(kTriggers) + "/File");
  state.debconf = ReadIfThere(beneath.configured, "var/cache/debconf/config.dat");
  FileDescriptor triggers = OpenBeneath(beneath.configured, kTriggers, O_RDONLY | O_DIRECTORY);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(triggers.get()), ::closedir);
  if (!directory) throw SystemError(errno, Msg("list {}", kTriggers));
  triggers.Release();
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || IsOwnTriggersFile(name)) continue;
    state.named_triggers[name] = ReadIfThere(beneath.configured, std::string(kTriggers) + "/" + name);
  }
  return state;
}

}  // namespace nachbau::builder
