// dpkg-source: the only directory at the top of a tarball is the root, else the tarball's top is; <source>_<version>.
// orig-<component>.tar.* goes into the directory <component>; debian.tar.* brings debian/, and upstream's is removed.
#include "sbom/licences/source_archives.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "base/archive.h"
#include "base/error.h"
#include "sbom/licences/spdx_tags.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxFiles = 1'000'000;
constexpr std::size_t kMaxPath = 4096;
constexpr std::uint64_t kMaxCopyright = 16 << 20;
constexpr std::string_view kCopyright = "debian/copyright";

struct Tarball {
  const LockedFile* file = nullptr;
  std::string component;  // "" for the main one
  bool debian = false;
};

// Nothing for what is no tarball of sources: signatures, .dsc, .diff.gz.
std::optional<Tarball> TarballOf(const LockedFile& file) {
  const std::string& name = file.file_name;
  const std::size_t tar = name.rfind(".tar");
  if (tar == name.npos || name.ends_with(".asc") || name.ends_with(".sig") || name.ends_with(".sign")) return std::nullopt;
  Tarball tarball = {&file, {}, name.substr(0, tar).ends_with(".debian")};
  const std::size_t orig = name.rfind(".orig-", tar);
  if (orig != name.npos) tarball.component = name.substr(orig + 6, tar - orig - 6);
  return tarball;
}

// Without "./" and double slashes; nothing for what leaves the root.
std::optional<std::string> CleanPath(std::string_view path) {
  std::string clean;
  if (path.size() > kMaxPath || path.starts_with('/')) return std::nullopt;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (part == "..") return std::nullopt;
    if (part.empty() || part == ".") continue;
    clean += (clean.empty() ? "" : "/") + std::string(part);
  }
  return clean.empty() ? std::nullopt : std::optional(std::move(clean));
}

// What tells of the top directory.
struct Top {
  std::set<std::string> names;  // two are enough
  bool file = false;            // a file at the top
  bool Single() const { return names.size() == 1 && !file; }

  void See(const std::string& path, bool directory) {
    const std::size_t slash = path.find('/');
    if (slash == path.npos && !directory) file = true;
    if (names.size() < 2) names.insert(path.substr(0, slash));
  }
};

std::string Head(ArchiveReader& tar, std::uint64_t wanted) {
  std::string head;
  while (head.size() < wanted) {
    const std::string_view piece = tar.NextPiece();
    if (piece.empty()) break;
    head.append(piece.substr(0, wanted - head.size()));
  }
  return head;
}

struct Member {
  std::string path;  // as in the tarball
  SpdxTags tags;
  std::string document;  // all of it, where it says something of other files
};

// Whether the top directory is the root is known only at the end: until then, a path is read both ways.
void ReadTarball(const Tarball& tarball, const FileDescriptor& fd, std::size_t& budget, UpstreamReader& reader,
                 std::optional<std::string>& copyright) {
  const std::string& name = tarball.file->file_name;
  ArchiveReader tar(fd, ArchiveFormat::kTar, name);
  const std::string prefix = tarball.component.empty() ? "" : tarball.component + "/";
  std::vector<Member> members;
  Top top;
  while (const auto entry = tar.Next()) {
    const auto path = CleanPath(entry->path);
    if (!path) continue;
    top.See(*path, entry->type == ArchiveEntry::Type::kDirectory);
    if (entry->type != ArchiveEntry::Type::kFile) continue;
    if (budget-- == 0) throw ParseError(name, 0, Msg("more than {} files", kMaxFiles));
    const std::string below = path->substr(path->find('/') + 1);
    std::uint64_t wanted = std::max(UpstreamReader::WantedBytes(prefix + *path), UpstreamReader::WantedBytes(prefix + below));
    if (prefix + below == kCopyright || prefix + *path == kCopyright) wanted = kMaxCopyright + 1;
    std::string head = Head(tar, wanted);
    SpdxTags tags = FindSpdxTags(head);
    if (wanted <= kTagBytes) head.clear();
    members.push_back({*path, std::move(tags), std::move(head)});
  }
  if (tarball.debian) reader.Remove("debian/");
  const bool strip = top.Single() && !tarball.debian;
  for (Member& member : members) {
    const std::string path = prefix + (strip ? member.path.substr(member.path.find('/') + 1) : member.path);
    if (path == kCopyright) {
      if (member.document.size() > kMaxCopyright) throw ParseError(name, 0, Msg("debian/copyright is larger than {} bytes", kMaxCopyright));
      copyright = member.document;
    }
    reader.Add(path, std::move(member.tags), std::move(member.document));
  }
}

}  // namespace

SourceStatements ReadSourceArchives(const Lock& lock, const Store& store) {
  std::vector<LockedFile> files = lock.WithRole(InputRole::kSource);
  std::vector<Tarball> tarballs;
  for (const LockedFile& file : files) {
    if (const auto tarball = TarballOf(file)) tarballs.push_back(*tarball);
  }
  // Components lie over the main tarball, debian/ over all.
  std::sort(tarballs.begin(), tarballs.end(), [](const Tarball& left, const Tarball& right) {
    return std::tuple(left.debian, left.component, left.file->file_name) <
           std::tuple(right.debian, right.component, right.file->file_name);
  });
  SourceStatements statements;
  UpstreamReader reader(lock.source);
  std::size_t budget = kMaxFiles;
  for (const Tarball& tarball : tarballs) {
    ReadTarball(tarball, store.Open(tarball.file->sha256), budget, reader, statements.copyright);
  }
  statements.upstream = reader.Finish();
  return statements;
}

}  // namespace nachbau::sbom
