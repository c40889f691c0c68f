// Files: reading with a bound, writing without half-written results, and paths beneath a directory.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace nachbau {

inline constexpr std::uint64_t kMaxDocumentSize = 512ULL << 20;  // bytes; larger documents are refused

// Opens for reading, O_CLOEXEC. Throws SystemError.
FileDescriptor OpenForReading(const std::filesystem::path& path);
std::optional<FileDescriptor> OpenForReadingIfExists(const std::filesystem::path& path);
// O_PATH|O_DIRECTORY descriptor to open things beneath. Throws SystemError.
FileDescriptor OpenDirectory(const std::filesystem::path& path);

// Opens `relative` beneath `directory`: no "..", no absolute path, no symbolic or magic links anywhere on the way
// (openat2 RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS|RESOLVE_NO_MAGICLINKS). For every name that came from outside.
FileDescriptor OpenBeneath(const FileDescriptor& directory, const std::filesystem::path& relative, int flags,
                           mode_t mode = 0);

// The whole file; refuses with ParseError when it is larger than `limit` bytes.
std::string ReadFile(const std::filesystem::path& path, std::uint64_t limit = kMaxDocumentSize);
std::string ReadDescriptor(const FileDescriptor& fd, std::string_view name, std::uint64_t limit = kMaxDocumentSize);
// Calls `sink` with successive pieces until the end of the descriptor.
void ReadPieces(const FileDescriptor& fd, std::string_view name, const std::function<void(std::string_view)>& sink);

// Writes all bytes or throws SystemError. Retries on EINTR and short writes.
void WriteAll(const FileDescriptor& fd, std::string_view bytes, std::string_view name);

enum class Durability { kNone, kSync };

// Temporary file in the same directory, write, fsync, rename, fsync of the directory: a reader sees the old bytes or
// the new bytes. Makes missing parent directories.
void WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode = 0644,
                         Durability durability = Durability::kSync);

// Flushes a directory entry to disk.
void SyncDirectory(const std::filesystem::path& directory);

// Like mkdir -p. Throws SystemError.
void MakeDirectories(const std::filesystem::path& path, mode_t mode = 0755);

// A directory that is removed with its content at the end. Content owned by others (a build's sub-ids) is not its
// business.
class TemporaryDirectory {
 public:
  // A fresh directory "<prefix>XXXXXX" in `parent` (made if missing).
  TemporaryDirectory(const std::filesystem::path& parent, std::string_view prefix);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Exclusive or shared flock on a file (made if missing), released at the end. Blocks.
class FileLock {
 public:
  enum class Mode { kShared, kExclusive };
  FileLock(const std::filesystem::path& path, Mode mode);
  // Nothing when another process holds it.
  static std::optional<FileLock> TryLock(const std::filesystem::path& path, Mode mode);

 private:
  explicit FileLock(FileDescriptor fd) : fd_(std::move(fd)) {}
  FileDescriptor fd_;
};

// Names of regular files beneath `directory`, relative, sorted bytewise. Symbolic links are listed, not followed.
std::vector<std::filesystem::path> ListFiles(const std::filesystem::path& directory);

// True when `name` is safe as one file name from outside: not empty, no '/', no control bytes, not "." or "..",
// at most 255 bytes.
bool IsSafeFileName(std::string_view name);

}  // namespace nachbau
