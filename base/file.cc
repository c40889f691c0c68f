#include "base/file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/error.h"

namespace nachbau {
namespace {

int OpenRetrying(const char* path, int flags, mode_t mode) {
  int fd = -1;
  do {
    fd = ::open(path, flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

}  // namespace

FileDescriptor OpenForReading(const std::filesystem::path& path) {
  FileDescriptor fd(OpenRetrying(path.c_str(), O_RDONLY, 0));
  if (!fd.valid()) throw SystemError(errno, Msg("open {}", path.native()));
  return fd;
}

std::optional<FileDescriptor> OpenForReadingIfExists(const std::filesystem::path& path) {
  FileDescriptor fd(OpenRetrying(path.c_str(), O_RDONLY, 0));
  if (fd.valid()) return fd;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw SystemError(errno, Msg("open {}", path.native()));
}

FileDescriptor OpenDirectory(const std::filesystem::path& path) {
  FileDescriptor fd(OpenRetrying(path.c_str(), O_PATH | O_DIRECTORY, 0));
  if (!fd.valid()) throw SystemError(errno, Msg("open directory {}", path.native()));
  return fd;
}

FileDescriptor OpenBeneath(const FileDescriptor& directory, const std::filesystem::path& relative, int flags,
                           mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  do {
    fd = ::syscall(SYS_openat2, directory.get(), relative.c_str(), &how, sizeof how);
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  if (fd < 0) throw SystemError(errno, Msg("open {}", relative.native()));
  return FileDescriptor(static_cast<int>(fd));
}

void ReadPieces(const FileDescriptor& fd, std::string_view name, const std::function<void(std::string_view)>& sink) {
  std::vector<char> buffer(256 << 10);
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw SystemError(errno, Msg("read {}", name));
    if (count == 0) return;
    sink({buffer.data(), static_cast<std::size_t>(count)});
  }
}

std::string ReadDescriptor(const FileDescriptor& fd, std::string_view name, std::uint64_t limit) {
  std::string bytes;
  struct stat status {};
  if (::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
      static_cast<std::uint64_t>(status.st_size) <= limit) {
    bytes.reserve(static_cast<std::size_t>(status.st_size));
  }
  ReadPieces(fd, name, [&](std::string_view piece) {
    if (bytes.size() + piece.size() > limit) {
      throw ParseError(name, 0, Msg("larger than the limit of {} bytes", limit));
    }
    bytes.append(piece);
  });
  return bytes;
}

std::string ReadFile(const std::filesystem::path& path, std::uint64_t limit) {
  return ReadDescriptor(OpenForReading(path), path.native(), limit);
}

void WriteAll(const FileDescriptor& fd, std::string_view bytes, std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw SystemError(errno, Msg("write {}", name));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void SyncDirectory(const std::filesystem::path& directory) {
  FileDescriptor fd(OpenRetrying(directory.c_str(), O_RDONLY | O_DIRECTORY, 0));
  if (!fd.valid()) throw SystemError(errno, Msg("open directory {}", directory.native()));
  if (::fsync(fd.get()) != 0) throw SystemError(errno, Msg("fsync {}", directory.native()));
}

void MakeDirectories(const std::filesystem::path& path, mode_t mode) {
  if (path.empty() || ::mkdir(path.c_str(), mode) == 0) return;
  const int reason = errno;
  if (reason == EEXIST) {
    if (std::filesystem::is_directory(path)) return;
    throw SystemError(ENOTDIR, Msg("make directory {}", path.native()));
  }
  if (reason != ENOENT || !path.has_parent_path() || path.parent_path() == path) {
    throw SystemError(reason, Msg("make directory {}", path.native()));
  }
  MakeDirectories(path.parent_path(), mode);
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    throw SystemError(errno, Msg("make directory {}", path.native()));
  }
}

void WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode,
                         Durability durability) {
  const std::filesystem::path directory = path.has_parent_path() ? path.parent_path() : ".";
  MakeDirectories(directory);
  static std::atomic<unsigned> counter{0};
  const std::filesystem::path temporary =
      directory / ("." + path.filename().native() + "." + std::to_string(::getpid()) + "." +
                   std::to_string(counter++) + ".tmp");
  FileDescriptor fd(OpenRetrying(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode));
  if (!fd.valid()) throw SystemError(errno, Msg("create {}", temporary.native()));
  try {
    if (::fchmod(fd.get(), mode) != 0) throw SystemError(errno, Msg("change mode of {}", temporary.native()));
    WriteAll(fd, bytes, path.native());
    if (durability == Durability::kSync && ::fsync(fd.get()) != 0) {
      throw SystemError(errno, Msg("fsync {}", path.native()));
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw SystemError(errno, Msg("rename to {}", path.native()));
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  if (durability == Durability::kSync) SyncDirectory(directory);
}

TemporaryDirectory::TemporaryDirectory(const std::filesystem::path& parent, std::string_view prefix) {
  MakeDirectories(parent);
  std::string name = (parent / (std::string(prefix) + "XXXXXX")).native();
  if (::mkdtemp(name.data()) == nullptr) throw SystemError(errno, Msg("make temporary directory in {}", parent.native()));
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

namespace {
FileDescriptor OpenLockFile(const std::filesystem::path& path) {
  MakeDirectories(path.has_parent_path() ? path.parent_path() : ".");
  FileDescriptor fd(OpenRetrying(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW, 0644));
  if (!fd.valid()) throw SystemError(errno, Msg("open lock {}", path.native()));
  return fd;
}
int LockOperation(FileLock::Mode mode) { return mode == FileLock::Mode::kShared ? LOCK_SH : LOCK_EX; }
}  // namespace

FileLock::FileLock(const std::filesystem::path& path, Mode mode) : fd_(OpenLockFile(path)) {
  while (::flock(fd_.get(), LockOperation(mode)) != 0) {
    if (errno != EINTR) throw SystemError(errno, Msg("lock {}", path.native()));
  }
}

std::optional<FileLock> FileLock::TryLock(const std::filesystem::path& path, Mode mode) {
  FileDescriptor fd = OpenLockFile(path);
  if (::flock(fd.get(), LockOperation(mode) | LOCK_NB) == 0) return FileLock(std::move(fd));
  if (errno == EWOULDBLOCK) return std::nullopt;
  throw SystemError(errno, Msg("lock {}", path.native()));
}

std::vector<std::filesystem::path> ListFiles(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  try {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (entry.is_symlink() || !entry.is_directory()) files.push_back(entry.path().lexically_relative(directory));
    }
  } catch (const std::filesystem::filesystem_error& error) {
    throw SystemError(error.code().value(), Msg("list {}", directory.native()));
  }
  std::sort(files.begin(), files.end(),
            [](const auto& left, const auto& right) { return left.native() < right.native(); });
  return files;
}

bool IsSafeFileName(std::string_view name) {
  if (name.empty() || name.size() > 255 || name == "." || name == "..") return false;
  return std::none_of(name.begin(), name.end(),
                      [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace nachbau
