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
#include <optional>
#include <unordered_map>

#include "base/deb822.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/root_beneath.h"

namespace nachbau::builder {
namespace {

constexpr std::array<std::string_view, 6> kMerged = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};
constexpr std::uint64_t kMaxControlMember = 64 << 20;
constexpr std::uint64_t kMaxHashedFile = 1 << 30;

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

// dpkg knows configuration files by MD5; nothing here is trusted because of it.
std::string Md5(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr) != 1) {
    throw Error(Msg("OpenSSL cannot finish a digest"));
  }
  return EncodeHex({reinterpret_cast<const char*>(digest.data()), size});
}

// `path` is relative. Nothing for what is not there or no regular file.
std::optional<std::string> Md5OfFile(const FileDescriptor& data, const std::string& path) {
  std::optional<FileDescriptor> fd;
  try {
    fd = OpenBeneath(data, path, O_RDONLY | O_NONBLOCK);
  } catch (const SystemError&) {
    return std::nullopt;
  }
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) throw SystemError(errno, Msg("look at {}", Printable(path)));
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return Md5(ReadDescriptor(*fd, path, kMaxHashedFile));
}

// What dpkg itself makes while unpacking where a package brings none: "<md5>  usr/bin/x", without configuration files.
std::string MakeMd5Sums(const PackageTree& tree, const FileDescriptor& data) {
  std::string text;
  for (const UnpackedEntry& entry : tree.entries) {
    if (entry.directory || tree.package.conffile_md5.contains("/" + entry.path)) continue;
    if (const auto md5 = Md5OfFile(data, entry.path)) text += *md5 + "  " + entry.path + "\n";
  }
  return text;
}

bool IsMerged(std::string_view name) { return std::find(kMerged.begin(), kMerged.end(), name) != kMerged.end(); }

// "bin" → "usr/bin"
std::string Place(const std::string& path) {
  const std::string_view top = std::string_view(path).substr(0, path.find('/'));
  return IsMerged(top) ? "usr/" + path : path;
}

std::array<timespec, 2> Times(UnixSeconds time) { return {{{time, 0}, {time, 0}}}; }

class Composer {
 public:
  Composer(const std::vector<PackageTree>& trees, const FileDescriptor& target, UnixSeconds now, Owners owners,
           const RootBeneath* beneath)
      : trees_(trees),
        target_(target),
        now_(now),
        owners_kept_(owners == Owners::kKept),
        beneath_(beneath),
        first_(beneath == nullptr ? 0 : beneath->packages) {}

  void Run() {
    if (beneath_ == nullptr) {
      MakeMergedLinks();
    } else {
      KnowBeneath();
    }
    for (std::size_t i = first_; i < trees_.size(); ++i) AddPackage(i);
    FinishDirectories();
  }

 private:
  struct Directory {
    const UnpackedEntry* entry = nullptr;  // of the first package that has it; nullptr: made here
    bool beneath = false;                  // the root beneath has it
    bool in_target = true;
  };

  void KnowBeneath() {
    directories_["."] = {nullptr, true, true};
    directories_["usr"] = {nullptr, true, false};
    for (const std::string_view name : kMerged) directories_["usr/" + std::string(name)] = {nullptr, true, false};
    for (std::size_t i = 0; i < first_; ++i) {
      for (const UnpackedEntry& entry : trees_[i].entries) {
        const auto place = PlaceInRoot(entry);
        if (!place) continue;
        if (entry.directory) {
          directories_.try_emplace(*place, Directory{nullptr, true, false});
        } else if (const auto [owner, fresh] = owners_.insert({*place, i}); !fresh) {
          if (!Replaces(owner->second, i) && Replaces(i, owner->second)) owner->second = i;
        }
      }
    }
  }

  // A directory that the root beneath has gets a twin in the layer when something is to be put into it.
  void BringUp(const std::string& place) {
    const auto found = directories_.find(place);
    if (found == directories_.end() || found->second.in_target) return;
    const std::size_t slash = place.rfind('/');
    if (slash != place.npos) BringUp(place.substr(0, slash));
    if (::mkdirat(target_.get(), place.c_str(), 0700) != 0) throw SystemError(errno, Msg("make directory {}", place));
    found->second.in_target = true;
  }

  void MakeMergedLinks() {
    MakeDirectory("usr");
    for (const std::string_view name : kMerged) {
      const std::string link(name), inside = "usr/" + link;
      MakeDirectory(inside);
      if (::symlinkat(inside.c_str(), target_.get(), link.c_str()) != 0 ||
          ::utimensat(target_.get(), link.c_str(), Times(now_).data(), AT_SYMLINK_NOFOLLOW) != 0) {
        throw SystemError(errno, Msg("link {}", link));
      }
    }
  }

  void MakeDirectory(const std::string& place) {
    if (::mkdirat(target_.get(), place.c_str(), 0755) != 0) throw SystemError(errno, Msg("make directory {}", place));
    directories_[place] = {};
  }

  // All paths were checked when they were unpacked and name no links of the package on the way; what other packages put
  // on the way is looked at by OpenBeneath, which follows no link.
  void AddPackage(std::size_t package) {
    const FileDescriptor data = OpenBeneath(trees_[package].directory, "data", O_RDONLY | O_DIRECTORY);
    FileDescriptor from, to;
    std::optional<std::string> parent;
    for (const UnpackedEntry& entry : trees_[package].entries) {
      const std::size_t slash = entry.path.rfind('/');
      const bool at_top = slash == entry.path.npos;
      const auto place = PlaceInRoot(entry);
      if (!place) continue;
      if (entry.directory) {
        AddDirectory(package, *place, entry);
        continue;
      }
      const std::string from_path = at_top ? "." : entry.path.substr(0, slash);
      if (parent != from_path) {
        from = OpenBeneath(data, from_path, O_PATH | O_DIRECTORY);
        to = OpenPlace(package, at_top ? "." : Place(from_path));
        parent = from_path;
      }
      AddFile(package, from, to, at_top ? entry.path : entry.path.substr(slash + 1), *place);
    }
  }

  FileDescriptor OpenPlace(std::size_t package, const std::string& place) {
    BringUp(place);
    try {
      return OpenBeneath(target_, place, O_PATH | O_DIRECTORY);
    } catch (const SystemError& error) {
      if (error.error_number() == ELOOP || error.error_number() == ENOTDIR) Conflict(package, place);
      throw;
    }
  }

  void AddDirectory(std::size_t package, const std::string& place, const UnpackedEntry& entry) {
    if (const auto known = directories_.find(place); known != directories_.end()) {
      if (known->second.entry == nullptr && !known->second.beneath) known->second.entry = &entry;
      return;
    }
    if (place != ".") {
      if (owners_.contains(place)) Conflict(package, place);
      if (beneath_ != nullptr && FindDirectory(*beneath_, place)) {  // made by a script
        directories_[place] = {nullptr, true, false};
        return;
      }
      const std::size_t slash = place.rfind('/');
      const FileDescriptor parent = OpenPlace(package, slash == place.npos ? "." : place.substr(0, slash));
      const std::string name = slash == place.npos ? place : place.substr(slash + 1);
      if (::mkdirat(parent.get(), name.c_str(), 0700) != 0) throw SystemError(errno, Msg("make directory {}", place));
    }
    directories_[place] = {&entry};
  }

  // Inner ones first, because a mode may forbid to go on. Their times are set last of all: nothing is added any more.
  void FinishDirectories() {
    std::vector<std::string> places;
    for (const auto& [place, directory] : directories_) {
      if (directory.in_target) places.push_back(place);
    }
    std::sort(places.begin(), places.end(), std::greater<>());
    // "." sorts above names that begin with a smaller character; it is the outermost.
    std::stable_partition(places.begin(), places.end(), [](const std::string& place) { return place != "."; });
    for (const std::string& place : places) {
      const auto& [entry, beneath, in_target] = directories_.at(place);
      const FileDescriptor fd = OpenBeneath(target_, place, O_RDONLY | O_DIRECTORY);
      if (beneath) {
        CopyFromBeneath(place, fd);
        continue;
      }
      const bool failed = entry != nullptr && ((owners_kept_ && ::fchown(fd.get(), entry->uid, entry->gid) != 0) ||
                                               ::fchmod(fd.get(), entry->mode) != 0);
      if (failed || ::futimens(fd.get(), Times(entry == nullptr ? now_ : entry->mtime).data()) != 0) {
        throw SystemError(errno, Msg("set the owner of {}", place));
      }
    }
  }

  void CopyFromBeneath(const std::string& place, const FileDescriptor& fd) const {
    const auto there = FindDirectory(*beneath_, place);
    if (!there) throw SystemError(ENOENT, Msg("look at {}", Printable(place)));
    const std::array<timespec, 2> times = {there->st_mtim, there->st_mtim};
    if ((owners_kept_ && ::fchown(fd.get(), there->st_uid, there->st_gid) != 0) ||
        ::fchmod(fd.get(), there->st_mode & 07777) != 0 || ::futimens(fd.get(), times.data()) != 0) {
      throw SystemError(errno, Msg("set the owner of {}", place));
    }
  }

  void AddFile(std::size_t package, const FileDescriptor& from, const FileDescriptor& to, const std::string& name,
               const std::string& place) {
    if (directories_.contains(place)) Conflict(package, place);
    const auto [owner, fresh] = owners_.insert({place, package});
    if (!fresh) {
      Replace(package, owner->second, from, to, name, place);
    } else if (::linkat(from.get(), name.c_str(), to.get(), name.c_str(), 0) != 0) {
      throw SystemError(errno, Msg("link {}", place));
    }
  }

  void Replace(std::size_t package, std::size_t& owner, const FileDescriptor& from, const FileDescriptor& to,
               const std::string& name, const std::string& place) {
    if (Replaces(owner, package)) return;  // what is there was meant to win
    const bool beneath = owner < first_;  // in another layer, which this one covers
    if (Replaces(package, owner)) {
      if ((!beneath && ::unlinkat(to.get(), name.c_str(), 0) != 0) ||
          ::linkat(from.get(), name.c_str(), to.get(), name.c_str(), 0) != 0) {
        throw SystemError(errno, Msg("link {}", place));
      }
      owner = package;
      return;
    }
    if (!beneath) {
      if (!SameContent(from, to, name)) Conflict(package, place);
      return;
    }
    const std::size_t slash = place.rfind('/');
    const FileDescriptor there =
        OpenBeneath(beneath_->base, slash == place.npos ? "." : place.substr(0, slash), O_PATH | O_DIRECTORY);
    if (!SameContent(from, there, name)) Conflict(package, place);
  }

  static bool SameContent(const FileDescriptor& from, const FileDescriptor& to, const std::string& name) {
    struct stat added {}, present {};
    if (::fstatat(from.get(), name.c_str(), &added, AT_SYMLINK_NOFOLLOW) != 0 ||
        ::fstatat(to.get(), name.c_str(), &present, AT_SYMLINK_NOFOLLOW) != 0) {
      throw SystemError(errno, Msg("look at {}", Printable(name)));
    }
    if (S_ISLNK(added.st_mode) && S_ISLNK(present.st_mode)) return Link(from, name) == Link(to, name);
    return S_ISREG(added.st_mode) && S_ISREG(present.st_mode) && added.st_size == present.st_size &&
           Bytes(from, name) == Bytes(to, name);
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
  // The package that has `place` or what lies on the way to it.
  [[noreturn]] void Conflict(std::size_t package, const std::string& place) const {
    std::size_t other = package;
    for (std::size_t i = 0; i < package && other == package; ++i) {
      for (const UnpackedEntry& entry : trees_[i].entries) {
        const std::string there = Place(entry.path);
        if (there == place || (!entry.directory && place.starts_with(there + "/"))) other = i;
      }
    }
    throw Error(Msg("the packages {} and {} both contain /{}", trees_[other].package.name, trees_[package].package.name,
                    Printable(place)));
  }

  const std::vector<PackageTree>& trees_;
  const FileDescriptor& target_;
  UnixSeconds now_;
  bool owners_kept_;
  const RootBeneath* beneath_;
  std::size_t first_;  // index of the first package to add; those before it are in the root beneath
  std::unordered_map<std::string, std::size_t> owners_;  // place of a file → index of its package
  std::unordered_map<std::string, Directory> directories_;
};

}  // namespace

std::optional<std::string> PlaceInRoot(const UnpackedEntry& entry) {
  if (!entry.directory && IsMerged(entry.path)) return std::nullopt;
  return Place(entry.path);
}

PackageTree ReadPackageTree(FileDescriptor directory, std::string_view name) {
  PackageTree tree;
  const FileDescriptor control = OpenBeneath(directory, "control", O_RDONLY | O_DIRECTORY);
  const auto read = [&](const std::string& file) {
    return ReadDescriptor(OpenBeneath(control, file, O_RDONLY), std::string(name) + ":" + file, kMaxControlMember);
  };
  tree.package = ParseControl(read("control"), std::string(name) + ":control");
  for (const std::string& file : SortedNames(control)) {
    if (file != "control") tree.package.members[file] = read(file);
  }
  tree.entries = ReadEntries(directory, name);
  for (const UnpackedEntry& entry : tree.entries) {
    if (entry.path != ".") tree.package.paths.push_back("/" + entry.path);
  }
  const FileDescriptor data = OpenBeneath(directory, "data", O_RDONLY | O_DIRECTORY);
  if (const auto conffiles = tree.package.members.find("conffiles"); conffiles != tree.package.members.end()) {
    for (const std::string_view line : SplitTrimmed(conffiles->second, '\n')) {
      if (line.size() < 2 || line.front() != '/') continue;  // "remove-on-upgrade /path": not for a fresh installation
      // dpkg writes "newconffile" for one that the package names but does not contain.
      tree.package.conffile_md5[std::string(line)] =
          Md5OfFile(data, std::string(line.substr(1))).value_or("newconffile");
    }
  }
  if (!tree.package.members.contains("md5sums")) tree.package.members["md5sums"] = MakeMd5Sums(tree, data);
  tree.directory = std::move(directory);
  return tree;
}

UnixSeconds NewestTime(const std::vector<PackageTree>& trees) {
  UnixSeconds newest = 1;
  for (const PackageTree& tree : trees) {
    for (const UnpackedEntry& entry : tree.entries) newest = std::max(newest, entry.mtime);
  }
  return newest;
}

void Compose(const std::vector<PackageTree>& trees, const FileDescriptor& target, UnixSeconds now, Owners owners,
             const RootBeneath* beneath) {
  Composer(trees, target, now, owners, beneath).Run();
}

}  // namespace nachbau::builder
