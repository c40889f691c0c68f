#include "mirror/swhid.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/openssl_digest.h"
#include "mirror/git_handles.h"
#include "mirror/git_repository.h"

namespace nachbau::mirror {
namespace {

constexpr int kMaxDepth = 1000;

std::string HashObject(std::string_view type, std::string_view bytes) {
  OpenSslDigest hasher = StartGitObject(EVP_sha1(), type, bytes.size());
  hasher.Update(bytes);
  return hasher.Finish();
}

std::string LinkTarget(const FileDescriptor& directory, const std::string& name, const std::string& place) {
  std::string target(4096, '\0');
  const ssize_t size = ::readlinkat(directory.get(), name.c_str(), target.data(), target.size());
  if (size < 0) throw SystemError(errno, Msg("read the link {}", place));
  target.resize(static_cast<std::size_t>(size));
  return target;
}

std::string HashFile(const FileDescriptor& fd, std::uint64_t size, const std::string& place) {
  OpenSslDigest hasher = StartGitObject(EVP_sha1(), "blob", size);
  std::uint64_t seen = 0;
  ReadPieces(fd, place, [&](std::string_view piece) {
    seen += piece.size();
    hasher.Update(piece);
  });
  if (seen != size) throw Error(Msg("{} changed while it was read", place));
  return hasher.Finish();
}

struct Item {
  std::string mode, name, id;
  // As git orders a tree: directories as if with '/' behind them.
  std::string Key() const { return name + (mode == "40000" ? "/" : ""); }
};

Item HashItem(const FileDescriptor& directory, const std::string& name, const std::string& place, int depth);

std::string HashDirectory(const FileDescriptor& directory, const std::string& place, int depth) {
  if (depth > kMaxDepth) throw ParseError(place, 0, Msg("directories nested too deep"));
  std::vector<Item> items;
  const std::string self = "/proc/self/fd/" + std::to_string(directory.get());
  for (const auto& entry : std::filesystem::directory_iterator(self)) {
    const std::string name = entry.path().filename().native();
    items.push_back(HashItem(directory, name, place + "/" + name, depth));
  }
  std::sort(items.begin(), items.end(), [](const Item& left, const Item& right) { return left.Key() < right.Key(); });
  std::string tree;
  for (const Item& item : items) tree += item.mode + " " + item.name + std::string(1, '\0') + item.id;
  return HashObject("tree", tree);
}

Item HashItem(const FileDescriptor& directory, const std::string& name, const std::string& place, int depth) {
  struct stat status {};
  if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    throw SystemError(errno, Msg("look at {}", place));
  }
  Item item;
  item.name = name;
  if (S_ISLNK(status.st_mode)) {
    item.mode = "120000";
    item.id = HashObject("blob", LinkTarget(directory, name, place));
    return item;
  }
  if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) {
    throw ParseError(place, 0, Msg("is neither file, link nor directory"));
  }
  const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (S_ISDIR(status.st_mode) ? O_DIRECTORY : 0);
  const FileDescriptor fd(::openat(directory.get(), name.c_str(), flags));
  if (!fd.valid()) throw SystemError(errno, Msg("open {}", place));
  if (S_ISDIR(status.st_mode)) {
    item.mode = "40000";
    item.id = HashDirectory(fd, place, depth + 1);
    return item;
  }
  if (::fstat(fd.get(), &status) != 0) throw SystemError(errno, Msg("look at {}", place));
  item.mode = (status.st_mode & S_IXUSR) != 0 ? "100755" : "100644";
  item.id = HashFile(fd, static_cast<std::uint64_t>(status.st_size), place);
  return item;
}

const char* KindOf(git_object_t type) {
  switch (type) {
    case GIT_OBJECT_BLOB: return "content";
    case GIT_OBJECT_TREE: return "directory";
    case GIT_OBJECT_COMMIT: return "revision";
    case GIT_OBJECT_TAG: return "release";
    default: return nullptr;
  }
}

std::string Abbreviation(std::string_view kind) {
  if (kind == "content") return "cnt";
  if (kind == "directory") return "dir";
  if (kind == "revision") return "rev";
  return kind == "release" ? "rel" : "snp";
}

std::string Identifier(std::string_view kind, const std::string& hex) { return "swh:1:" + Abbreviation(kind) + ":" + hex; }

}  // namespace

std::string SwhidOf(const std::filesystem::path& path) {
  const std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
  std::filesystem::path name = whole.filename();
  std::filesystem::path parent = whole.parent_path();
  if (name.empty()) {  // a slash at the end, or the root itself
    name = parent.filename();
    parent = parent.parent_path();
  }
  if (name.empty()) name = ".";
  const FileDescriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) throw SystemError(errno, Msg("open {}", parent.native()));
  const Item item = HashItem(directory, name.native(), path.native(), 0);
  return Identifier(item.mode == "40000" ? "directory" : "content", EncodeHex(item.id));
}

std::string SwhidOfSnapshot(std::vector<SwhidBranch> branches) {
  std::sort(branches.begin(), branches.end());
  std::string manifest;
  for (const SwhidBranch& branch : branches) {
    const std::string target =
        branch.target_type == "alias" ? branch.target : DecodeHex(branch.target).value_or(std::string());
    manifest += branch.target_type + " " + branch.name + std::string(1, '\0') + std::to_string(target.size()) + ":" + target;
  }
  return Identifier("snapshot", EncodeHex(HashObject("snapshot", manifest)));
}

std::string SwhidIn(const GitRefs& refs, const std::string& name, const std::filesystem::path& state_directory,
                    const Store& store) {
  const std::filesystem::path path = GitCachePath(state_directory, refs.origin);
  MakeDirectories(path.parent_path(), 0700);
  const FileLock lock(path.native() + ".lock", FileLock::Mode::kExclusive);
  GitCache cache(path);
  cache.AddPacks(refs.packs, store);
  const GitOdb objects = cache.OpenObjects();
  const auto kind_of = [&](const std::string& id) -> std::string {
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    const git_oid oid = ParseGitId(id, refs.origin);
    if (git_odb_read_header(&size, &type, objects.get(), &oid) < 0 || KindOf(type) == nullptr) {
      throw MissingError(Msg("there is no object {} in {}", id, refs.origin));
    }
    return KindOf(type);
  };
  if (name.empty()) {
    std::vector<SwhidBranch> branches;
    for (const auto& [ref, id] : refs.refs) branches.push_back({ref, kind_of(id), id});
    if (!refs.head.empty()) branches.push_back({"HEAD", "alias", refs.head});
    return SwhidOfSnapshot(std::move(branches));
  }
  std::string id = IsGitId(name) ? name : name == "HEAD" ? refs.HeadId() : "";
  for (const std::string& ref : {name, "refs/" + name, "refs/tags/" + name, "refs/heads/" + name}) {
    if (!id.empty()) break;
    if (const auto found = refs.refs.find(ref); found != refs.refs.end()) id = found->second;
  }
  if (id.empty()) throw MissingError(Msg("{} has no ref {}", refs.origin, Printable(name)));
  return Identifier(kind_of(id), id);
}

}  // namespace nachbau::mirror
