#include "builder/unpack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "base/archive.h"
#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau::builder {
namespace {

constexpr std::uint64_t kMaxControlMember = 64 << 20;
constexpr std::uint64_t kMaxUnpacked = 64ULL << 30;  // bytes of one package

// "./usr/bin/x" → "usr/bin/x"; "" for the root itself.
std::string Normalise(const std::string& path, std::string_view package) {
  std::string result;
  if (path.empty() || path.front() == '/') throw ParseError(package, 0, Msg("absolute path: {}", Printable(path)));
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = std::string_view(path).substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (!IsSafeFileName(part)) throw ParseError(package, 0, Msg("unsafe path: {}", Printable(path)));
    if (!result.empty()) result += '/';
    result += part;
  }
  return result;
}

class Unpacker {
 public:
  Unpacker(FileDescriptor root, std::string_view package) : root_(std::move(root)), package_(package) {}

  void Add(const ArchiveEntry& entry, ArchiveReader& reader) {
    const std::string path = Normalise(entry.path, package_);
    if (path.empty()) {
      if (entry.type != ArchiveEntry::Type::kDirectory) throw ParseError(package_, 0, Msg("the root is not a directory"));
      directories_.push_back({"", entry});
      return;
    }
    const std::size_t slash = path.rfind('/');
    const std::string name = slash == path.npos ? path : path.substr(slash + 1);
    const FileDescriptor parent = Open(slash == path.npos ? "" : path.substr(0, slash));
    switch (entry.type) {
      case ArchiveEntry::Type::kDirectory: AddDirectory(parent, name, path, entry); break;
      case ArchiveEntry::Type::kFile: AddFile(parent, name, path, entry, reader); break;
      case ArchiveEntry::Type::kSymlink: AddSymlink(parent, name, path, entry); break;
      case ArchiveEntry::Type::kHardlink: AddHardlink(parent, name, path, entry); break;
      default: throw ParseError(package_, 0, Msg("special file: {}", Printable(path)));
    }
  }

  // Directories get their modes and times last: adding to them changes the times, and a mode may forbid it.
  void Finish() {
    for (auto it = directories_.rbegin(); it != directories_.rend(); ++it) {
      const FileDescriptor fd = Open(it->path);
      Restore(fd.get(), it->path, it->entry);
    }
  }

 private:
  struct Directory {
    std::string path;
    ArchiveEntry entry;
  };

  FileDescriptor Open(const std::string& path) const {
    return OpenBeneath(root_, path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
  }
  [[noreturn]] void Fail(const std::string& path) const {
    if (errno == EEXIST) throw ParseError(package_, 0, Msg("contained twice: {}", Printable(path)));
    throw SystemError(errno, Msg("unpack {} of {}", Printable(path), package_));
  }
  uid_t Id(std::int64_t id) const {
    if (id < 0 || id > 65535) throw ParseError(package_, 0, Msg("owner {} is outside the sandbox's ids", id));
    return static_cast<uid_t>(id);
  }
  // Owner before mode: a change of owner clears set-user-id.
  void Restore(int fd, const std::string& path, const ArchiveEntry& entry) const {
    const timespec times[2] = {{entry.mtime, 0}, {entry.mtime, static_cast<long>(entry.mtime_nanoseconds)}};
    if (::fchown(fd, Id(entry.uid), Id(entry.gid)) != 0 || ::fchmod(fd, entry.mode) != 0 || ::futimens(fd, times) != 0) {
      Fail(path);
    }
  }
  void AddDirectory(const FileDescriptor& parent, const std::string& name, const std::string& path,
                    const ArchiveEntry& entry) {
    if (::mkdirat(parent.get(), name.c_str(), 0700) != 0) Fail(path);
    directories_.push_back({path, entry});
  }
  void AddFile(const FileDescriptor& parent, const std::string& name, const std::string& path,
               const ArchiveEntry& entry, ArchiveReader& reader) {
    const FileDescriptor fd(
        ::openat(parent.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.valid()) Fail(path);
    for (std::string_view piece = reader.NextPiece(); !piece.empty(); piece = reader.NextPiece()) {
      total_ += piece.size();
      if (total_ > kMaxUnpacked) throw ParseError(package_, 0, Msg("unpacks to more than {} bytes", kMaxUnpacked));
      WriteAll(fd, piece, path);
    }
    Restore(fd.get(), path, entry);
  }
  void AddSymlink(const FileDescriptor& parent, const std::string& name, const std::string& path,
                  const ArchiveEntry& entry) {
    const timespec times[2] = {{entry.mtime, 0}, {entry.mtime, 0}};
    if (::symlinkat(entry.link_target.c_str(), parent.get(), name.c_str()) != 0 ||
        ::fchownat(parent.get(), name.c_str(), Id(entry.uid), Id(entry.gid), AT_SYMLINK_NOFOLLOW) != 0 ||
        ::utimensat(parent.get(), name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
      Fail(path);
    }
  }
  void AddHardlink(const FileDescriptor& parent, const std::string& name, const std::string& path,
                   const ArchiveEntry& entry) {
    const std::string target = Normalise(entry.link_target, package_);
    const std::size_t slash = target.rfind('/');
    const FileDescriptor from = Open(slash == target.npos ? "" : target.substr(0, slash));
    const std::string target_name = slash == target.npos ? target : target.substr(slash + 1);
    if (::linkat(from.get(), target_name.c_str(), parent.get(), name.c_str(), 0) != 0) Fail(path);
  }

  FileDescriptor root_;
  std::string_view package_;
  std::vector<Directory> directories_;
  std::uint64_t total_ = 0;
};

FileDescriptor MakeDirectoryAt(const FileDescriptor& parent, const char* name) {
  if (::mkdirat(parent.get(), name, 0755) != 0) throw SystemError(errno, Msg("make directory {}", std::string_view(name)));
  return OpenBeneath(parent, name, O_RDONLY | O_DIRECTORY);
}

void UnpackControl(ArchiveReader& members, const FileDescriptor& directory, const std::string& name) {
  const auto next = [&] { return members.NextPiece(); };
  ArchiveReader tar(next, ArchiveFormat::kTar, name);
  while (const auto entry = tar.Next()) {
    const std::string file = Normalise(entry->path, name);
    if (entry->type == ArchiveEntry::Type::kDirectory && file.empty()) continue;
    if (entry->type != ArchiveEntry::Type::kFile || file.find('/') != file.npos) {
      throw ParseError(name, 0, Msg("not a plain file: {}", Printable(entry->path)));
    }
    const FileDescriptor fd(
        ::openat(directory.get(), file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.valid()) throw SystemError(errno, Msg("create {}", file));
    WriteAll(fd, tar.ReadContent(kMaxControlMember), file);
    if (::fchmod(fd.get(), (entry->mode & 0111) != 0 ? 0755 : 0644) != 0) {
      throw SystemError(errno, Msg("change mode of {}", file));
    }
  }
}

}  // namespace

void UnpackDeb(const FileDescriptor& deb, const FileDescriptor& directory, std::string_view name) {
  ArchiveReader members(deb, ArchiveFormat::kAr, std::string(name));
  const auto version = members.Next();
  if (!version || version->path != "debian-binary" || !members.ReadContent(64).starts_with("2.")) {
    throw ParseError(name, 0, Msg("not a binary package"));
  }
  bool control = false;
  while (const auto member = members.Next()) {
    const std::string inner = std::string(name) + ":" + member->path;
    if (member->path.starts_with("control.tar")) {
      UnpackControl(members, MakeDirectoryAt(directory, "control"), inner);
      control = true;
    } else if (member->path.starts_with("data.tar")) {
      if (!control) throw ParseError(name, 0, Msg("control.tar is missing"));
      Unpacker unpacker(MakeDirectoryAt(directory, "data"), inner);
      const auto next = [&] { return members.NextPiece(); };
      ArchiveReader tar(next, ArchiveFormat::kTar, inner);
      while (const auto entry = tar.Next()) unpacker.Add(*entry, tar);
      unpacker.Finish();
      return;
    }
  }
  throw ParseError(name, 0, Msg("data.tar is missing"));
}

}  // namespace nachbau::builder
