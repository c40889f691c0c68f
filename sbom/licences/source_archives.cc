#include "sbom/licences/source_archives.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/archive.h"
#include "base/error.h"
#include "model/source_tarballs.h"
#include "sbom/licences/spdx_tags.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxFiles = 1'000'000;
constexpr std::size_t kMaxPath = 4096;
constexpr std::uint64_t kMaxCopyright = 16 << 20;
constexpr std::string_view kCopyright = "debian/copyright";

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
void ReadTarball(const SourceTarball& tarball, const FileDescriptor& fd, std::size_t& budget, UpstreamReader& reader,
                 std::optional<std::string>& copyright) {
  const std::string& name = tarball.file.file_name;
  ArchiveReader tar(fd, ArchiveFormat::kTar, name);
  const std::string prefix = tarball.component.empty() ? "" : tarball.component + "/";
  std::vector<Member> members;
  TarballTop top;
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
  if (tarball.kind == TarballKind::kDebian) reader.Remove("debian/");  // of upstream
  for (Member& member : members) {
    const std::string path = top.PlaceOf(tarball, member.path);
    if (path == kCopyright) {
      if (member.document.size() > kMaxCopyright) throw ParseError(name, 0, Msg("debian/copyright is larger than {} bytes", kMaxCopyright));
      copyright = member.document;
    }
    reader.Add(path, std::move(member.tags), std::move(member.document));
  }
}

}  // namespace

SourceStatements ReadSourceArchives(const Lock& lock, const Store& store) {
  SourceStatements statements;
  UpstreamReader reader(lock.source);
  std::size_t budget = kMaxFiles;
  for (const SourceTarball& tarball : SourceTarballs(lock)) {
    if (tarball.kind == TarballKind::kDiff) continue;
    ReadTarball(tarball, store.Open(tarball.file.sha256), budget, reader, statements.copyright);
  }
  statements.upstream = reader.Finish();
  return statements;
}

}  // namespace nachbau::sbom
