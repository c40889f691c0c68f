// A build daemon makes a binNMU by an entry of its own in front of debian/changelog, which sets the version and the
// time. debhelper puts that entry into a file of its own in each package, so that packages of several architectures
// agree on the rest. Taken from there it makes the rebuild the same to the byte.
#include "mirror/bin_nmu.h"

#include "base/archive.h"
#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "mirror/mirror.h"

namespace nachbau::mirror {
namespace {

constexpr std::size_t kMaxEntry = 64 << 10;
constexpr std::uint64_t kMaxCompressed = 16 << 20;

bool IsHead(std::string_view line, std::string_view source, std::string_view version) {
  const std::string start = std::string(source) + " (" + std::string(version) + ") ";
  const std::size_t semicolon = line.find(';');
  if (!line.starts_with(start) || semicolon == line.npos) return false;
  for (const std::string_view option : SplitTrimmed(line.substr(semicolon + 1), ',')) {
    if (option == "binary-only=yes") return true;
  }
  return false;
}

// The file of a .deb with this path, decompressed; nothing when it is not there or not a file.
std::optional<std::string> ReadFromDeb(const FileDescriptor& deb, const std::string& path, const std::string& name) {
  ArchiveReader members(deb, ArchiveFormat::kAr, name);
  while (const auto member = members.Next()) {
    if (!member->path.starts_with("data.tar")) continue;
    ArchiveReader tar([&] { return members.NextPiece(); }, ArchiveFormat::kTar, name + ":" + member->path);
    while (const auto entry = tar.Next()) {
      if (entry->type != ArchiveEntry::Type::kFile || (entry->path != path && entry->path != "./" + path)) continue;
      return Decompress(tar.ReadContent(kMaxCompressed), name + ":" + path, kMaxCompressed);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> ReadBinNmuEntry(std::string_view changelog, std::string_view source,
                                           std::string_view version) {
  std::size_t end = 0;
  for (bool head = true;; head = false) {
    const std::size_t newline = changelog.find('\n', end);
    if (newline == changelog.npos || newline >= kMaxEntry) return std::nullopt;
    const std::string_view line = changelog.substr(end, newline - end);
    end = newline + 1;
    if (head) {
      if (!IsHead(line, source, version)) return std::nullopt;
    } else if (line.starts_with(" -- ")) {
      break;
    } else if (!line.empty() && !line.starts_with("  ")) {
      return std::nullopt;
    }
  }
  const std::string_view entry = changelog.substr(0, end);
  for (const char c : entry) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f) return std::nullopt;
  }
  if (!IsUtf8(entry)) return std::nullopt;
  return std::string(entry);
}

bool CompleteBinNmu(Lock& lock, const Store& store) {
  if (lock.recipe.binary_version.empty() || !lock.recipe.changelog_entry.empty()) return true;
  for (const LockedFile& file : lock.WithRole(InputRole::kReference)) {
    if (file.version != lock.recipe.binary_version || !store.Has(file.sha256)) continue;
    const std::string path = "usr/share/doc/" + file.package + "/changelog.Debian." + file.architecture + ".gz";
    const auto text = ReadFromDeb(store.Open(file.sha256), path, file.file_name);
    if (!text) continue;  // its documentation may be a link to that of another package
    if (auto entry = ReadBinNmuEntry(*text, lock.source, lock.recipe.binary_version)) {
      lock.recipe.changelog_entry = std::move(*entry);
      return true;
    }
  }
  return false;
}

}  // namespace nachbau::mirror
