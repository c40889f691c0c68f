#include "builder/compose.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <unordered_map>

#include "base/deb822.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau::builder {
namespace {

constexpr std::array<std::string_view, 6> kMerged = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};
constexpr int kMaxDepth = 128;

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::vector<std::string> SortedNames(const FileDescriptor& directory) {
  FileDescriptor copy = OpenBeneath(directory, ".", O_RDONLY | O_DIRECTORY);
  const std::unique_ptr<DIR, DirectoryCloser> stream(::fdopendir(copy.get()));
  if (!stream) throw SystemError(errno, Msg("list a directory"));
  copy.Release();
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct stat StatAt(const FileDescriptor& directory, const std::string& name) {
  struct stat status {};
  if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    throw SystemError(errno, Msg("look at {}", Printable(name)));
  }
  return status;
}

void ListPaths(const FileDescriptor& directory, const std::string& prefix, int depth, std::vector<std::string>& paths) {
  if (depth > kMaxDepth) throw Error(Msg("nested deeper than {} levels", kMaxDepth));
  for (const std::string& name : SortedNames(directory)) {
    paths.push_back(prefix + "/" + name);
    if (S_ISDIR(StatAt(directory, name).st_mode)) {
      ListPaths(OpenBeneath(directory, name, O_RDONLY | O_DIRECTORY), prefix + "/" + name, depth + 1, paths);
    }
  }
}

// dpkg knows configuration files by MD5; nothing here is trusted because of it.
std::string Md5(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr) != 1) {
    throw Error(Msg("OpenSSL cannot finish a digest"));
  }
  return EncodeHex({reinterpret_cast<const char*>(digest.data()), size});
}

class Composer {
 public:
  Composer(std::vector<PackageTree>& trees, const FileDescriptor& target) : trees_(trees), target_(target) {}

  void Run() {
    MakeMergedLinks();
    for (std::size_t i = 0; i < trees_.size(); ++i) {
      const FileDescriptor data = OpenBeneath(trees_[i].directory, "data", O_RDONLY | O_DIRECTORY);
      AddDirectory(i, data, target_, "");
    }
    for (auto it = directories_.rbegin(); it != directories_.rend(); ++it) {
      const FileDescriptor fd = OpenBeneath(target_, it->first.empty() ? "." : it->first, O_RDONLY | O_DIRECTORY);
      const timespec times[2] = {it->second.st_mtim, it->second.st_mtim};
      if (::futimens(fd.get(), times) != 0) throw SystemError(errno, Msg("set the time of {}", it->first));
    }
  }

 private:
  void MakeMergedLinks() {
    if (::mkdirat(target_.get(), "usr", 0755) != 0) throw SystemError(errno, Msg("make directory {}", "usr"));
    for (const std::string_view name : kMerged) {
      const std::string inside = "usr/" + std::string(name);
      if (::mkdirat(target_.get(), inside.c_str(), 0755) != 0 ||
          ::symlinkat(inside.c_str(), target_.get(), std::string(name).c_str()) != 0) {
        throw SystemError(errno, Msg("make directory {}", inside));
      }
    }
  }

  void AddDirectory(std::size_t package, const FileDescriptor& from, const FileDescriptor& to, const std::string& path) {
    struct stat status {};
    if (::fstat(from.get(), &status) != 0) throw SystemError(errno, Msg("look at {}", path));
    // The first package that names a directory decides its owner and mode, as with dpkg.
    if (known_directories_.insert({path, true}).second) {
      if (::fchown(to.get(), status.st_uid, status.st_gid) != 0 || ::fchmod(to.get(), status.st_mode & 07777) != 0) {
        throw SystemError(errno, Msg("set the owner of {}", path));
      }
      directories_.push_back({path, status});
    }
    for (const std::string& name : SortedNames(from)) {
      const bool merged = path.empty() && std::find(kMerged.begin(), kMerged.end(), name) != kMerged.end();
      const struct stat entry = StatAt(from, name);
      const std::string inner = merged ? "usr/" + name : path.empty() ? name : path + "/" + name;
      if (!S_ISDIR(entry.st_mode)) {
        if (!merged) AddFile(package, from, to, name, inner, entry);  // else: the link /bin → usr/bin itself
        continue;
      }
      if (!merged) MakeDirectory(package, to, name, inner);
      const FileDescriptor next = OpenBeneath(merged ? target_ : to, merged ? inner : name, O_RDONLY | O_DIRECTORY);
      AddDirectory(package, OpenBeneath(from, name, O_RDONLY | O_DIRECTORY), next, inner);
    }
  }

  void MakeDirectory(std::size_t package, const FileDescriptor& to, const std::string& name, const std::string& path) {
    if (::mkdirat(to.get(), name.c_str(), 0755) == 0) return;
    if (errno != EEXIST) throw SystemError(errno, Msg("make directory {}", path));
    if (!S_ISDIR(StatAt(to, name).st_mode)) Conflict(package, path);
  }

  void AddFile(std::size_t package, const FileDescriptor& from, const FileDescriptor& to, const std::string& name,
               const std::string& path, const struct stat& entry) {
    const auto [owner, fresh] = owners_.insert({path, package});
    if (!fresh || ::linkat(from.get(), name.c_str(), to.get(), name.c_str(), 0) != 0) {
      if (fresh && errno != EEXIST) throw SystemError(errno, Msg("link {}", path));
      if (fresh) Conflict(package, path);  // a directory is in the way
      Replace(package, owner->second, from, to, name, path, entry);
    }
  }

  void Replace(std::size_t package, std::size_t& owner, const FileDescriptor& from, const FileDescriptor& to,
               const std::string& name, const std::string& path, const struct stat& entry) {
    if (Replaces(owner, package)) return;  // what is there was meant to win
    if (Replaces(package, owner)) {
      if (::unlinkat(to.get(), name.c_str(), 0) != 0 ||
          ::linkat(from.get(), name.c_str(), to.get(), name.c_str(), 0) != 0) {
        throw SystemError(errno, Msg("link {}", path));
      }
      owner = package;
      return;
    }
    const struct stat present = StatAt(to, name);
    const bool both_links = S_ISLNK(entry.st_mode) && S_ISLNK(present.st_mode);
    const bool both_files = S_ISREG(entry.st_mode) && S_ISREG(present.st_mode) && entry.st_size == present.st_size;
    if ((both_links && Link(from, name) == Link(to, name)) || (both_files && Bytes(from, name) == Bytes(to, name))) {
      return;
    }
    Conflict(package, path);
  }

  static std::string Link(const FileDescriptor& directory, const std::string& name) {
    std::array<char, 4096> target{};
    const ssize_t size = ::readlinkat(directory.get(), name.c_str(), target.data(), target.size());
    if (size < 0) throw SystemError(errno, Msg("read {}", Printable(name)));
    return {target.data(), static_cast<std::size_t>(size)};
  }
  static ContentId Bytes(const FileDescriptor& directory, const std::string& name) {
    return HashDescriptor(OpenBeneath(directory, name, O_RDONLY), name);
  }
  bool Replaces(std::size_t package, std::size_t other) const {
    const auto& names = trees_[package].package.replaces;
    return std::find(names.begin(), names.end(), trees_[other].package.name) != names.end();
  }
  [[noreturn]] void Conflict(std::size_t package, const std::string& path) const {
    const auto owner = owners_.find(path);
    throw Error(Msg("the packages {} and {} both contain /{}", trees_[package].package.name,
                    owner == owners_.end() ? std::string("?") : trees_[owner->second].package.name, Printable(path)));
  }

  std::vector<PackageTree>& trees_;
  const FileDescriptor& target_;
  std::unordered_map<std::string, std::size_t> owners_;       // path of a file → index of its package
  std::unordered_map<std::string, bool> known_directories_;
  std::vector<std::pair<std::string, struct stat>> directories_;
};

}  // namespace

PackageTree ReadPackageTree(FileDescriptor directory, std::string_view name) {
  PackageTree tree;
  const FileDescriptor control = OpenBeneath(directory, "control", O_RDONLY | O_DIRECTORY);
  const auto read = [&](const std::string& file) {
    return ReadDescriptor(OpenBeneath(control, file, O_RDONLY), std::string(name) + ":" + file, 64 << 20);
  };
  tree.package = ParseControl(read("control"), std::string(name) + ":control");
  for (const std::string& file : SortedNames(control)) {
    if (file != "control") tree.package.members[file] = read(file);
  }
  const FileDescriptor data = OpenBeneath(directory, "data", O_RDONLY | O_DIRECTORY);
  ListPaths(data, "", 0, tree.package.paths);
  if (const auto conffiles = tree.package.members.find("conffiles"); conffiles != tree.package.members.end()) {
    for (const std::string_view line : SplitTrimmed(conffiles->second, '\n')) {
      if (line.front() != '/') continue;  // "remove-on-upgrade /path": not for a fresh installation
      const std::string path(line);
      tree.package.conffile_md5[path] =
          Md5(ReadDescriptor(OpenBeneath(data, path.substr(1), O_RDONLY), path, 256 << 20));
    }
  }
  tree.directory = std::move(directory);
  return tree;
}

void Compose(std::vector<PackageTree>& trees, const FileDescriptor& target) { Composer(trees, target).Run(); }

}  // namespace nachbau::builder
