#include "store/places.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "base/encoding.h"

namespace nachbau::store_places {

std::filesystem::path ObjectPath(const std::filesystem::path& root, const Sha256Digest& sha256) {
  const std::string hex = sha256.Hex();
  return root / "objects" / hex.substr(0, 2) / hex.substr(2);
}

std::optional<Sha256Digest> DigestOfPath(const std::filesystem::path& relative) {
  const std::string hex = relative.parent_path().filename().native() + relative.filename().native();
  if (hex.size() != 64 || !DecodeHex(hex)) return std::nullopt;
  return ParseSha256(hex, relative.native());
}

std::filesystem::path TrashPath(const std::filesystem::path& root, const Sha256Digest& sha256) {
  return root / "trash" / sha256.Hex();
}

std::filesystem::path LeaseDirectory(const std::filesystem::path& root) { return root / "leases"; }
std::filesystem::path QuarantineDirectory(const std::filesystem::path& root) { return root / "quarantine"; }

bool IsRegular(const std::filesystem::path& path, struct stat& status) {
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

GcLock::GcLock(const std::filesystem::path& root, Mode mode) {
  const std::filesystem::path path = root / "gc.lock";
  // Reading is enough for flock: so a user who may read the store keeps its collection away while looking something up.
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) {
    fd = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  }
  if (!fd.valid()) {
    if (mode == Mode::kShared && (errno == EACCES || errno == EROFS || errno == EPERM)) return;
    throw SystemError(errno, Msg("open lock {}", path.native()));
  }
  int operation = LOCK_SH;
  if (mode == Mode::kExclusive) operation = LOCK_EX;
  if (mode == Mode::kExclusiveIfFree) operation = LOCK_EX | LOCK_NB;
  while (::flock(fd.get(), operation) != 0) {
    if (errno == EWOULDBLOCK) return;
    if (errno != EINTR) throw SystemError(errno, Msg("lock {}", path.native()));
  }
  fd_ = std::move(fd);
}

bool IsFull(const SystemError& error) { return error.error_number() == ENOSPC || error.error_number() == EDQUOT; }

void ThrowFull(SystemError error) {
  if (IsFull(error)) {
    error.SetHint(Msg("nothing half-written was kept; make room on that disk ('nachbau store gc' tells what can go), then run "
                      "the same command again"));
  }
  throw error;
}

}  // namespace nachbau::store_places
