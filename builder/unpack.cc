#include "builder/unpack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <map>
#include <utility>

#include "base/archive.h"
#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau::builder {
namespace {

constexpr std::uint64_t kMaxControlMember = 64 << 20;
constexpr std::size_t kMaxControlMembers = 100;
constexpr std::uint64_t kMaxUnpacked = 64ULL << 30;  // bytes of one package
constexpr std::size_t kMaxEntries = 2'000'000;
constexpr std::size_t kMaxDepth = 128;  // of directories
constexpr std::uint64_t kMaxEntriesText = 1ULL << 30;

// "./usr/bin/x" → "usr/bin/x"; "." for the root itself.
std::string Normalise(const std::string& path, std::string_view package) {
  std::string result;
  if (path.empty() || path.front() == '/') throw ParseError(package, 0, Msg("absolute path: {}", Printable(path)));
  std::size_t depth = 0;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = std::string_view(path).substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (!IsSafeFileName(part) || ++depth > kMaxDepth) {
      throw ParseError(package, 0, Msg("unsafe path: {}", Printable(path)));
    }
    if (!result.empty()) result += '/';
    result += part;
  }
  return result.empty() ? "." : result;
}

// The directory part and the last name of a normalised path.
std::pair<std::string, std::string> Split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return {".", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

class Unpacker {
 public:
  Unpacker(FileDescriptor root, std::string_view package, Owners owners)
      : root_(std::move(root)), package_(package), owners_(owners) {}

  void Add(const ArchiveEntry& entry, ArchiveReader& reader) {
    const std::string path = Normalise(entry.path, package_);
    const bool directory = entry.type == ArchiveEntry::Type::kDirectory;
    if (entries_.size() == kMaxEntries) throw ParseError(package_, 0, Msg("more than {} files", kMaxEntries));
    entries_.push_back({directory, entry.mode, Id(entry.uid), Id(entry.gid), entry.mtime, path});
    if (path == ".") {
      if (!directory) throw ParseError(package_, 0, Msg("the root is not a directory"));
      directories_[path] = entry;
      return;
    }
    const auto [parent_path, name] = Split(path);
    if (parent_path != parent_path_ || !parent_.valid()) {
      parent_ = Open(parent_path);
      parent_path_ = parent_path;
    }
    switch (entry.type) {
      case ArchiveEntry::Type::kDirectory: AddDirectory(name, path, entry); break;
      case ArchiveEntry::Type::kFile: AddFile(name, path, entry, reader); break;
      case ArchiveEntry::Type::kSymlink: AddSymlink(name, path, entry); break;
      case ArchiveEntry::Type::kHardlink: AddHardlink(name, path, entry); break;
      default: throw ParseError(package_, 0, Msg("special file: {}", Printable(path)));
    }
  }

  // Directories get their owners, modes and times last, inner ones first: adding to them changes the times, and a mode
  // may forbid it.
  std::vector<UnpackedEntry> Finish() {
    for (auto it = directories_.rbegin(); it != directories_.rend(); ++it) {
      Restore(Open(it->first).get(), it->first, it->second);
    }
    return std::move(entries_);
  }

 private:
  // A parent that is not there as a directory is the package's fault, not the machine's.
  FileDescriptor Open(const std::string& path) const {
    try {
      return OpenBeneath(root_, path, O_RDONLY | O_DIRECTORY);
    } catch (const SystemError& error) {
      if (error.error_number() != ELOOP && error.error_number() != ENOTDIR && error.error_number() != ENOENT) throw;
    }
    throw ParseError(package_, 0, Msg("{} is used as a directory and is none", Printable(path)));
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
    const std::array<timespec, 2> times{{{entry.mtime, 0}, {entry.mtime, static_cast<long>(entry.mtime_nanoseconds)}}};
    if ((owners_ == Owners::kKept && ::fchown(fd, Id(entry.uid), Id(entry.gid)) != 0) || ::fchmod(fd, entry.mode) != 0 ||
        ::futimens(fd, times.data()) != 0) {
      Fail(path);
    }
  }
  // The same directory may come again; the last one counts, as with dpkg.
  void AddDirectory(const std::string& name, const std::string& path, const ArchiveEntry& entry) {
    if (!directories_.contains(path) && ::mkdirat(parent_.get(), name.c_str(), 0700) != 0) Fail(path);
    directories_[path] = entry;
  }
  void AddFile(const std::string& name, const std::string& path, const ArchiveEntry& entry, ArchiveReader& reader) {
    const FileDescriptor fd(
        ::openat(parent_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.valid()) Fail(path);
    for (std::string_view piece = reader.NextPiece(); !piece.empty(); piece = reader.NextPiece()) {
      total_ += piece.size();
      if (total_ > kMaxUnpacked) throw ParseError(package_, 0, Msg("unpacks to more than {} bytes", kMaxUnpacked));
      WriteAll(fd, piece, path);
    }
    Restore(fd.get(), path, entry);
  }
  void AddSymlink(const std::string& name, const std::string& path, const ArchiveEntry& entry) {
    const std::array<timespec, 2> times{{{entry.mtime, 0}, {entry.mtime, 0}}};
    if (::symlinkat(entry.link_target.c_str(), parent_.get(), name.c_str()) != 0 ||
        (owners_ == Owners::kKept &&
         ::fchownat(parent_.get(), name.c_str(), Id(entry.uid), Id(entry.gid), AT_SYMLINK_NOFOLLOW) != 0) ||
        ::utimensat(parent_.get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
      Fail(path);
    }
  }
  void AddHardlink(const std::string& name, const std::string& path, const ArchiveEntry& entry) {
    const auto [from_path, from_name] = Split(Normalise(entry.link_target, package_));
    const FileDescriptor from = Open(from_path);
    if (::linkat(from.get(), from_name.c_str(), parent_.get(), name.c_str(), 0) == 0) return;
    if (errno != ENOENT && errno != EPERM) Fail(path);  // EPERM: a directory
    throw ParseError(package_, 0, Msg("a hard link to what is not there: {}", Printable(path)));
  }

  FileDescriptor root_;
  std::string_view package_;
  Owners owners_;
  FileDescriptor parent_;  // of the entry at hand; most entries share it with the one before
  std::string parent_path_;
  std::map<std::string, ArchiveEntry> directories_;
  std::vector<UnpackedEntry> entries_;
  std::uint64_t total_ = 0;
};

FileDescriptor MakeDirectoryAt(const FileDescriptor& parent, const char* name, std::string_view package) {
  if (::mkdirat(parent.get(), name, 0755) != 0) {
    if (errno == EEXIST) throw ParseError(package, 0, Msg("contained twice: {}", std::string_view(name)));
    throw SystemError(errno, Msg("make directory {}", std::string_view(name)));
  }
  return OpenBeneath(parent, name, O_RDONLY | O_DIRECTORY);
}

void WriteFileAt(const FileDescriptor& directory, const std::string& name, std::string_view bytes, mode_t mode) {
  const FileDescriptor fd(
      ::openat(directory.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) throw SystemError(errno, Msg("create {}", name));
  WriteAll(fd, bytes, name);
  if (::fchmod(fd.get(), mode) != 0) throw SystemError(errno, Msg("change mode of {}", name));
}

void UnpackControl(ArchiveReader& members, const FileDescriptor& directory, const std::string& name) {
  const auto next = [&] { return members.NextPiece(); };
  ArchiveReader tar(next, ArchiveFormat::kTar, name);
  std::size_t count = 0;
  while (const auto entry = tar.Next()) {
    const std::string file = Normalise(entry->path, name);
    if (entry->type == ArchiveEntry::Type::kDirectory && file == ".") continue;
    if (entry->type != ArchiveEntry::Type::kFile || file.find('/') != file.npos || ++count > kMaxControlMembers) {
      throw ParseError(name, 0, Msg("not a plain file: {}", Printable(entry->path)));
    }
    struct stat status {};
    if (::fstatat(directory.get(), file.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      throw ParseError(name, 0, Msg("contained twice: {}", Printable(file)));
    }
    WriteFileAt(directory, file, tar.ReadContent(kMaxControlMember), (entry->mode & 0111) != 0 ? 0755 : 0644);
  }
}

// The next number of a line of `entries`, up to the blank after it.
template <typename Number>
Number TakeNumber(std::string_view& line, int base, std::string_view name, std::uint64_t line_number) {
  Number number{};
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number, base);
  const auto used = static_cast<std::size_t>(end - line.data());
  if (error != std::errc{} || used >= line.size() || *end != ' ') {
    throw ParseError(name, line_number, Msg("malformed list of files"));
  }
  line.remove_prefix(used + 1);
  return number;
}

}  // namespace

void UnpackDeb(const FileDescriptor& deb, const FileDescriptor& directory, std::string_view name, Owners owners) {
  ArchiveReader members(deb, ArchiveFormat::kAr, std::string(name));
  const auto version = members.Next();
  if (!version || version->path != "debian-binary" || !members.ReadContent(64).starts_with("2.")) {
    throw ParseError(name, 0, Msg("not a binary package"));
  }
  bool control = false;
  while (const auto member = members.Next()) {
    const std::string inner = std::string(name) + ":" + member->path;
    if (member->path.starts_with("control.tar")) {
      UnpackControl(members, MakeDirectoryAt(directory, "control", name), inner);
      control = true;
    } else if (member->path.starts_with("data.tar")) {
      if (!control) throw ParseError(name, 0, Msg("control.tar is missing"));
      Unpacker unpacker(MakeDirectoryAt(directory, "data", name), inner, owners);
      const auto next = [&] { return members.NextPiece(); };
      ArchiveReader tar(next, ArchiveFormat::kTar, inner);
      while (const auto entry = tar.Next()) unpacker.Add(*entry, tar);
      WriteFileAt(directory, "entries", FormatEntries(unpacker.Finish()), 0644);
      return;
    }
  }
  throw ParseError(name, 0, Msg("data.tar is missing"));
}

std::string FormatEntries(const std::vector<UnpackedEntry>& entries) {
  std::string text;
  for (const UnpackedEntry& entry : entries) {
    std::array<char, 16> mode{};
    const auto end = std::to_chars(mode.data(), mode.data() + mode.size(), entry.mode, 8).ptr;
    text += entry.directory ? "d " : "f ";
    text.append(mode.data(), end);
    text += " " + std::to_string(entry.uid) + " " + std::to_string(entry.gid) + " " + std::to_string(entry.mtime) + " " +
            entry.path + "\n";
  }
  return text;
}

std::vector<UnpackedEntry> ParseEntries(std::string_view text, std::string_view name) {
  std::vector<UnpackedEntry> entries;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    if (end == text.npos || end < 2 || (text[0] != 'd' && text[0] != 'f') || text[1] != ' ') {
      throw ParseError(name, number, Msg("malformed list of files"));
    }
    UnpackedEntry entry;
    entry.directory = text[0] == 'd';
    std::string_view line = text.substr(2, end - 2);
    text.remove_prefix(end + 1);
    entry.mode = TakeNumber<mode_t>(line, 8, name, number);
    entry.uid = TakeNumber<uid_t>(line, 10, name, number);
    entry.gid = TakeNumber<gid_t>(line, 10, name, number);
    entry.mtime = TakeNumber<UnixSeconds>(line, 10, name, number);
    entry.path = line;
    if (entry.path != Normalise(entry.path, name)) throw ParseError(name, number, Msg("malformed list of files"));
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<UnpackedEntry> ReadEntries(const FileDescriptor& directory, std::string_view name) {
  const std::string text =
      ReadDescriptor(OpenBeneath(directory, "entries", O_RDONLY), std::string(name) + ":entries", kMaxEntriesText);
  return ParseEntries(text, std::string(name) + ":entries");
}

}  // namespace nachbau::builder
