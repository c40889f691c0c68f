#include "sbom/origin/package_files.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/archive.h"
#include "base/error.h"

namespace nachbau::sbom {
namespace {

constexpr std::uint64_t kMaxUnpacked = 64ULL << 20;  // bytes of a compressed file that is looked into
constexpr std::uint64_t kMaxControlMember = 16ULL << 20;
constexpr std::uint64_t kMaxPackage = 16ULL << 30;  // bytes of all files
constexpr std::array<std::string_view, 5> kMaintainerScripts = {"preinst", "postinst", "prerm", "postrm", "config"};
// Programs without "#!": modules that an interpreter loads.
constexpr std::array<std::string_view, 13> kScriptNames = {".py", ".pyc", ".pl",  ".pm",  ".sh", ".rb", ".lua",
                                                           ".js", ".mjs", ".php", ".tcl", ".el", ".elc"};
constexpr std::array<std::string_view, 6> kCompressedTars = {".tar.gz",  ".tgz",     ".tar.xz",
                                                             ".tar.bz2", ".tar.zst", ".txz"};

bool EndsWithOneOf(std::string_view path, const auto& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return path.ends_with(ending); });
}

bool IsCompressed(std::string_view begin) {
  return begin.starts_with("\x1f\x8b") ||
         begin.starts_with(
             "\xfd"
             "7zXZ") ||
         begin.starts_with("BZh") || begin.starts_with("\x28\xb5\x2f\xfd");
}

bool IsTar(std::string_view begin) { return begin.size() >= 262 && begin.substr(257, 5) == "ustar"; }

std::string Absolute(std::string_view path) {
  while (path.starts_with("./") || path.starts_with('/')) path.remove_prefix(path[0] == '.' ? 2 : 1);
  return "/" + std::string(path);
}

std::optional<Sha256Digest> DigestOfUnpacked(std::string_view bytes, const std::string& path) {
  if (!IsCompressed(bytes)) return std::nullopt;
  try {
    return Sha256(Decompress(bytes, path, kMaxUnpacked));
  } catch (const ParseError&) {
    return std::nullopt;  // it only begins like a compressed file, or is too large to be looked into
  }
}

class PackageReader {
 public:
  PackageReader(std::string_view name, const std::function<void(PackagedFile&&, std::string_view)>& sink)
      : name_(name), sink_(sink) {}

  void Read(const FileDescriptor& deb) {
    ArchiveReader members(deb, ArchiveFormat::kAr, name_);
    while (const auto member = members.Next()) {
      const bool control = member->path.starts_with("control.tar"), data = member->path.starts_with("data.tar");
      if (!control && !data) continue;
      ArchiveReader tar([&] { return members.NextPiece(); }, ArchiveFormat::kTar, name_ + ":" + member->path);
      while (const auto entry = tar.Next()) {
        if (control) {
          ReadControlMember(tar, *entry);
        } else {
          ReadEntry(tar, *entry);
        }
      }
    }
  }

 private:
  void ReadControlMember(ArchiveReader& tar, const ArchiveEntry& entry) {
    const std::string file = Absolute(entry.path).substr(1);
    if (entry.type != ArchiveEntry::Type::kFile) return;
    if (std::find(kMaintainerScripts.begin(), kMaintainerScripts.end(), file) == kMaintainerScripts.end()) return;
    const std::string bytes = tar.ReadContent(kMaxControlMember);
    PackagedFile script;
    script.path = "DEBIAN/" + file;
    script.kind = IsElf(bytes) ? FileKind::kElf : FileKind::kScript;
    script.ids = ComputeFileIds(bytes);
    if (script.kind == FileKind::kElf) script.elf = ReadElf(bytes);
    sink_(std::move(script), bytes);
  }

  void ReadEntry(ArchiveReader& tar, const ArchiveEntry& entry) {
    if (entry.type == ArchiveEntry::Type::kHardlink) return ReadHardlink(entry);
    if (entry.type != ArchiveEntry::Type::kFile) return;
    total_ += entry.size;
    if (total_ > kMaxPackage)
      throw ParseError(name_, 0, Msg("the files of the package are larger than {} bytes", kMaxPackage));
    PackagedFile file;
    file.path = Absolute(entry.path);
    std::string bytes;
    if (entry.size > kMaxElf) {
      FileIdHasher hasher(entry.size);
      std::string begin;
      for (std::string_view piece = tar.NextPiece(); !piece.empty(); piece = tar.NextPiece()) {
        if (begin.empty()) begin = piece.substr(0, 512);
        hasher.Update(piece);
      }
      file.ids = hasher.Finish();
      file.kind = KindOf(file.path, entry.mode, begin);
      if (file.kind == FileKind::kElf) file.kind = FileKind::kScript;  // executable, and nothing else is known of it
    } else {
      bytes = tar.ReadContent(kMaxElf);
      file.ids = ComputeFileIds(bytes);
      file.kind = KindOf(file.path, entry.mode, bytes);
      if (file.kind == FileKind::kElf) file.elf = ReadElf(bytes);
      if (file.kind == FileKind::kData) file.unpacked = DigestOfUnpacked(bytes, file.path);
    }
    seen_[file.path] = file;
    sink_(std::move(file), bytes);
  }

  void ReadHardlink(const ArchiveEntry& entry) {
    const auto target = seen_.find(Absolute(entry.link_target));
    if (target == seen_.end()) throw ParseError(name_, 0, Msg("a hard link to a file that is not before it"));
    PackagedFile file = target->second;
    file.path = Absolute(entry.path);
    sink_(std::move(file), {});
  }

  std::string name_;
  const std::function<void(PackagedFile&&, std::string_view)>& sink_;
  std::map<std::string, PackagedFile> seen_;
  std::uint64_t total_ = 0;
};

}  // namespace

std::string_view Name(FileKind kind) {
  constexpr std::array<std::string_view, 4> kNames = {"data", "elf", "script", "archive"};
  return kNames.at(static_cast<std::size_t>(kind));
}

FileKind KindOf(std::string_view path, mode_t mode, std::string_view begin) {
  if (IsElf(begin)) return FileKind::kElf;
  if (begin.starts_with("!<arch>\n") || begin.starts_with("PK\x03\x04") || IsTar(begin)) return FileKind::kArchive;
  if (IsCompressed(begin)) return EndsWithOneOf(path, kCompressedTars) ? FileKind::kArchive : FileKind::kData;
  if (begin.starts_with("#!") || EndsWithOneOf(path, kScriptNames)) return FileKind::kScript;
  return (mode & 0111) != 0 ? FileKind::kScript : FileKind::kData;
}

void ReadPackageFiles(const FileDescriptor& deb, std::string_view name,
                      const std::function<void(PackagedFile&&, std::string_view)>& sink) {
  PackageReader(name, sink).Read(deb);
}

std::vector<std::pair<std::string, std::string>> ReadFilesOf(const FileDescriptor& deb, std::string_view name,
                                                             const std::vector<std::string>& paths) {
  // Packages may still name files by the directories that are links into /usr now.
  std::map<std::string, std::string> wanted;
  for (const std::string& path : paths) {
    wanted[path] = path;
    if (path.starts_with("/usr/")) wanted[path.substr(4)] = path;
  }
  std::vector<std::pair<std::string, std::string>> found;
  ArchiveReader members(deb, ArchiveFormat::kAr, std::string(name));
  while (const auto member = members.Next()) {
    if (!member->path.starts_with("data.tar")) continue;
    ArchiveReader tar([&] { return members.NextPiece(); }, ArchiveFormat::kTar, std::string(name) + ":" + member->path);
    while (const auto entry = tar.Next()) {
      if (entry->type != ArchiveEntry::Type::kFile) continue;
      const auto path = wanted.find(Absolute(entry->path));
      if (path != wanted.end()) found.emplace_back(path->second, tar.ReadContent(kMaxElf));
      if (found.size() == paths.size()) return found;
    }
  }
  return found;
}

}  // namespace nachbau::sbom
