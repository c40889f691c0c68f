// Where things lie inside a store's directory, and the locks between its users. For the sources of this room.
//
// What keeps an object from being collected while somebody relies on it (docs/formats/store.md, "Who may delete what"):
//
//   gc.lock         shared while an object is looked up, touched or made visible; exclusive while some are taken away
//   leases/<…>      an empty file of each process that relies on objects, locked while it lives; its mtime says since when
//   an object's     mtime: when somebody last began to rely on it. Collection leaves everything alone that was touched
//                   since the oldest living lease began
#pragma once

#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <optional>

#include "base/digest.h"
#include "base/error.h"
#include "base/fd.h"

namespace nachbau::store_places {

std::filesystem::path ObjectPath(const std::filesystem::path& root, const Sha256Digest& sha256);
// The digest that the place of a file below objects/ names; nothing when it is no such place.
std::optional<Sha256Digest> DigestOfPath(const std::filesystem::path& relative);
std::filesystem::path TrashPath(const std::filesystem::path& root, const Sha256Digest& sha256);
std::filesystem::path LeaseDirectory(const std::filesystem::path& root);
std::filesystem::path QuarantineDirectory(const std::filesystem::path& root);

// lstat says that it is a regular file.
bool IsRegular(const std::filesystem::path& path, struct stat& status);

// flock on gc.lock. On a store that this process may not write there is nothing to lock and nobody who would collect.
class GcLock {
 public:
  enum class Mode { kShared, kExclusive, kExclusiveIfFree };
  GcLock(const std::filesystem::path& root, Mode mode);
  bool held() const { return fd_.valid(); }

 private:
  FileDescriptor fd_;
};

// Adds what to do about it to an error of a full disk, and throws it on.
[[noreturn]] void ThrowFull(SystemError error);
bool IsFull(const SystemError& error);

inline bool Before(const timespec& left, const timespec& right) {
  return left.tv_sec != right.tv_sec ? left.tv_sec < right.tv_sec : left.tv_nsec < right.tv_nsec;
}

}  // namespace nachbau::store_places
