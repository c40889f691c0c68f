#include "sbom/origin/source_tree.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/archive.h"
#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "model/source_tarballs.h"
#include "sbom/origin/unified_diff.h"

namespace nachbau::sbom {
namespace {

constexpr std::uint64_t kMaxPatched = 64ULL << 20;  // bytes of one file that a patch changes, and of a patch
constexpr std::uint64_t kMaxTarball = 64ULL << 30;  // bytes of all files
constexpr std::size_t kMaxFiles = 4'000'000;
// The first that is there: a vendor's own goes before the common one (dpkg-source(1)).
constexpr std::array<const char*, 2> kSeries = {"debian/patches/debian.series", "debian/patches/series"};
constexpr std::array<std::string_view, 24> kCompiled = {".c",   ".cc",  ".cpp", ".cxx", ".c++", ".C",   ".S", ".s",
                                                        ".sx",  ".asm", ".f",   ".f77", ".f90", ".f95", ".F", ".F90",
                                                        ".for", ".m",   ".mm",  ".rs",  ".go",  ".adb", ".d", ".pas"};

std::string_view WithoutDot(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

bool IsInside(std::string_view path) {
  if (path.empty() || path.starts_with('/')) return false;
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (part == ".." || part == ".") return false;
  }
  return true;
}

std::string FirstLine(std::string_view text) {
  text = Trim(text);
  return std::string(Trim(text.substr(0, text.find('\n'))));
}

// DEP-3: fields at the beginning of the patch, in any order, up to the first line of a diff or "---".
SourcePatch ReadHeader(const std::string& path, std::string_view text) {
  SourcePatch patch;
  patch.path = path;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with("---") || line.starts_with("diff ") || line.starts_with("Index: ") || line.starts_with("@@"))
      break;
    const std::size_t colon = line.find(':');
    if (colon == line.npos || line.starts_with(' ')) continue;
    const std::string_view field = line.substr(0, colon);
    const auto take = [&](std::string& into) {
      if (into.empty()) into = FirstLine(line.substr(colon + 1));
    };
    if (field == "Description" || field == "Subject") take(patch.description);
    if (field == "Author" || field == "From") take(patch.author);
    if (field == "Origin") take(patch.origin);
    if (field == "Forwarded") take(patch.forwarded);
  }
  for (std::string* text_field : {&patch.description, &patch.author, &patch.origin, &patch.forwarded}) {
    if (!IsUtf8(*text_field)) *text_field = Printable(*text_field);
  }
  return patch;
}

class TreeReader {
 public:
  TreeReader(const Lock& lock, const Store& store) : lock_(lock), store_(store) {}

  SourceTree Read() {
    // The patches first: only what they change has to be kept in memory. Then components over upstream, and the debian
    // directory of the distribution in place of upstream's.
    std::vector<SourceTarball> tarballs = SourceTarballs(lock_);
    std::reverse(tarballs.begin(), tarballs.end());
    bool own_debian = false;
    for (const SourceTarball& tarball : tarballs) {
      if (tarball.kind == TarballKind::kDiff) {
        ReadDiff(tarball.file);
      } else {
        own_debian = own_debian || tarball.kind == TarballKind::kDebian;
        ReadTarball(tarball, own_debian);
        if (tarball.kind == TarballKind::kDebian) ReadSeries();
      }
    }
    ApplyPatches();
    tree_.Index();
    return std::move(tree_);
  }

 private:
  void ReadDiff(const LockedFile& file) {
    const std::string packed = store_.Read(file.sha256, kMaxPatched);
    AddPatch(file.file_name, Decompress(packed, file.file_name, kMaxPatched));
  }

  void AddPatch(const std::string& path, std::string_view text) {
    SourcePatch patch = ReadHeader(path, text);
    std::vector<FilePatch> changes;
    try {
      changes = ParseUnifiedDiff(text, path);
    } catch (const ParseError& error) {
      // Whatever it changes is not known any more.
      Problem(error.what());
      broken_ = true;
    }
    std::set<std::string> files;
    for (const FilePatch& change : changes) {
      files.insert(change.path);
      patched_.insert(change.path);
    }
    patch.files.assign(files.begin(), files.end());
    tree_.patches.push_back(std::move(patch));
    changes_.push_back(std::move(changes));
  }

  void ReadSeries() {
    auto series = texts_.find(kSeries[0]);
    if (series == texts_.end()) series = texts_.find(kSeries[1]);
    if (series == texts_.end()) return;
    std::string_view rest = series->second;
    while (!rest.empty()) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      line = Trim(line.substr(0, line.find('#')));
      line = line.substr(0, line.find_first_of(" \t"));  // options such as "-p1"
      if (line.empty()) continue;
      const std::string path = "debian/patches/" + std::string(line);
      const auto text = texts_.find(path);
      if (text == texts_.end()) {
        Problem(path + " is in the series, but not there");
      } else {
        AddPatch(path, text->second);
      }
    }
  }

  // Paths are as in the tree once the top directory, if there is just one, is taken away; that is known at the end.
  void ReadTarball(const SourceTarball& tarball, bool own_debian) {
    const LockedFile& locked = tarball.file;
    const FileDescriptor object = store_.Open(locked.sha256);
    ArchiveReader tar(object, ArchiveFormat::kTar, locked.file_name);
    std::map<std::string, SourceFile> found;
    std::map<std::string, std::string> kept;
    TarballTop top;
    while (const auto entry = tar.Next()) {
      const std::string path(WithoutDot(entry->path));
      if (path.empty()) continue;
      if (!IsInside(path)) throw ParseError(locked.file_name, 0, Msg("unsafe path: {}", Printable(path)));
      top.See(path, entry->type == ArchiveEntry::Type::kDirectory);
      if (entry->type == ArchiveEntry::Type::kHardlink) {
        const auto target = found.find(std::string(WithoutDot(entry->link_target)));
        if (target != found.end()) found[path] = target->second;
      }
      if (entry->type != ArchiveEntry::Type::kFile) continue;
      total_ += entry->size;
      if (found.size() > kMaxFiles || total_ > kMaxTarball) {
        throw ParseError(locked.file_name, 0, Msg("the source is too large to be looked into"));
      }
      ReadFile(tar, *entry, path, tarball, found, kept);
    }
    for (auto& [path, file] : found) {
      const std::string at = top.PlaceOf(tarball, path);
      if (tarball.kind != TarballKind::kDebian && own_debian && at.starts_with("debian/")) continue;
      tree_.files.emplace(at, std::move(file));
    }
    for (auto& [path, text] : kept) texts_.emplace(top.PlaceOf(tarball, path), std::move(text));
  }

  void ReadFile(ArchiveReader& tar, const ArchiveEntry& entry, const std::string& path, const SourceTarball& tarball,
                std::map<std::string, SourceFile>& found, std::map<std::string, std::string>& kept) {
    // Whether the top directory will be taken away is not known yet: both names count.
    const std::string below = path.substr(path.find('/') + 1);
    const bool wanted = tarball.kind == TarballKind::kDebian ? path.starts_with("debian/patches/")
                                                               : patched_.contains(path) || patched_.contains(below) ||
                                                                     patched_.contains(tarball.component + "/" + below);
    if (wanted && entry.size <= kMaxPatched) {
      std::string text = tar.ReadContent(kMaxPatched);
      found[path].ids = ComputeFileIds(text);
      kept[path] = std::move(text);
      return;
    }
    FileIdHasher hasher(entry.size);
    for (std::string_view piece = tar.NextPiece(); !piece.empty(); piece = tar.NextPiece()) hasher.Update(piece);
    found[path].ids = hasher.Finish();
  }

  void ApplyPatches() {
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      for (const FilePatch& change : changes_[i]) Apply(tree_.patches[i].path, change);
    }
    for (const auto& [path, text] : changed_) {
      SourceFile& file = tree_.files[path];
      if (file.known) file.ids = ComputeFileIds(text);
    }
    if (!broken_) return;
    for (auto& [path, file] : tree_.files) file.known = file.known && path.starts_with("debian/");
  }

  void Apply(const std::string& patch, const FilePatch& change) {
    if (change.path.empty()) return;
    const auto text = changed_.find(change.path);
    const auto original = texts_.find(change.path);
    const std::string* content = text != changed_.end()     ? &text->second
                                 : original != texts_.end() ? &original->second
                                                            : nullptr;
    const bool there = content != nullptr || tree_.files.contains(change.path);
    if (change.deletes && there && !change.opaque) {
      changed_.erase(change.path);
      texts_.erase(change.path);
      tree_.files.erase(change.path);
      return;
    }
    if (content == nullptr && !there) content = &empty_;  // new, whether it says so or not
    const auto result = content == nullptr ? std::nullopt : ApplyPatch(*content, change);
    SourceFile& file = tree_.files[change.path];
    file.patches.push_back(patch);
    if (result && file.known) {
      changed_[change.path] = *result;
    } else {
      if (file.known) Problem(patch + " could not be applied to " + change.path);
      file.known = false;
    }
  }

  void Problem(std::string text) { tree_.problems.push_back(IsUtf8(text) ? std::move(text) : Printable(text)); }

  const Lock& lock_;
  const Store& store_;
  SourceTree tree_;
  std::uint64_t total_ = 0;
  bool broken_ = false;
  const std::string empty_;
  std::set<std::string, std::less<>> patched_;   // paths that some patch changes
  std::map<std::string, std::string> texts_;     // of these, and of the patches themselves
  std::map<std::string, std::string> changed_;   // as the patches so far leave them
  std::vector<std::vector<FilePatch>> changes_;  // by patch
};

}  // namespace

const SourceFile* SourceTree::Find(std::string_view path) const {
  const auto found = files.find(path);
  return found == files.end() ? nullptr : &found->second;
}

const std::vector<std::string>& SourceTree::WithContent(const Sha256Digest& sha256) const {
  static const std::vector<std::string> none;
  const auto found = by_content_.find(sha256);
  return found == by_content_.end() ? none : found->second;
}

const std::vector<std::string>& SourceTree::WithName(std::string_view name) const {
  static const std::vector<std::string> none;
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? none : found->second;
}

void SourceTree::Index() {
  by_content_.clear();
  by_name_.clear();
  for (const auto& [path, file] : files) {
    if (file.known) by_content_[file.ids.content.sha256].push_back(path);
    by_name_[path.substr(path.rfind('/') + 1)].push_back(path);
  }
}

SourceTree ReadSourceTree(const Lock& lock, const Store& store) { return TreeReader(lock, store).Read(); }

bool IsCompiledSource(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot == path.npos || path.find('/', dot) != path.npos) return false;
  return std::find(kCompiled.begin(), kCompiled.end(), path.substr(dot)) != kCompiled.end();
}

}  // namespace nachbau::sbom
