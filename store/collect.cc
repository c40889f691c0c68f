// Order: note when the oldest living lease began; list the objects; ask what lives; then, in small batches under the
// exclusive lock, look at each victim's mtime again and rename it away.
//
// Why nothing that somebody relies on can be taken. Process P relies on X: under the shared lock it makes sure that X is
// there and touches it, and P has had its lease since before. If P's lease was there when leases were noted, X's mtime is
// not before the lease's, so X is left alone. If not, P came later than our own lease, and so did the touch: X is left
// alone. When P is gone, X is needed by something that was written before P ended: if P was alive when leases were noted,
// the first case still holds; if it ended before, `live`, asked after that, knows it.
#include "store/collect.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "store/holds.h"
#include "store/index.h"
#include "store/places.h"

namespace nachbau {

using namespace store_places;

namespace {

constexpr std::size_t kBatch = 256;  // renames under one exclusive lock: about 2 ms

struct Entry {
  Sha256Digest sha256;
  std::uint64_t size = 0;
  timespec touched{};
};

bool Same(const timespec& left, const timespec& right) { return !Before(left, right) && !Before(right, left); }

void Count(ObjectCount& count, std::uint64_t bytes) {
  ++count.objects;
  count.bytes += bytes;
}

// When the oldest process that relies on objects began to. Ours is among them, so there is one.
timespec OldestLease(const std::filesystem::path& root, const timespec& ours) {
  const GcLock lock(root, GcLock::Mode::kExclusive);
  timespec oldest = ours;
  for (const auto& entry : std::filesystem::directory_iterator(LeaseDirectory(root))) {
    const FileDescriptor fd(::open(entry.path().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
      if (errno == ENOENT) continue;
      throw SystemError(errno, Msg("open lock {}", entry.path().native()));
    }
    if (::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) {
      ::unlink(entry.path().c_str());  // its process is gone
      continue;
    }
    if (Before(status.st_mtim, oldest)) oldest = status.st_mtim;
  }
  return oldest;
}

timespec TouchOwnLease(const std::filesystem::path& root) {
  const std::filesystem::path path = root / "gc.mark";
  const FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  struct stat status {};
  if (!fd.valid() || ::futimens(fd.get(), nullptr) != 0 || ::fstat(fd.get(), &status) != 0) {
    throw SystemError(errno, Msg("touch {}", path.native()));
  }
  return status.st_mtim;
}

std::vector<Entry> ListObjects(const std::filesystem::path& root) {
  std::vector<Entry> entries;
  for (const std::filesystem::path& file : ListFiles(root / "objects")) {
    const auto digest = DigestOfPath(file);
    struct stat status {};
    if (!digest || !IsRegular(root / "objects" / file, status)) continue;  // strangers are for 'store scrub'
    entries.push_back({*digest, static_cast<std::uint64_t>(status.st_size), status.st_mtim});
  }
  return entries;
}

std::vector<Entry> ListTrash(const std::filesystem::path& root) {
  std::vector<Entry> entries;
  if (!std::filesystem::exists(root / "trash")) return entries;
  for (const std::filesystem::path& file : ListFiles(root / "trash")) {
    struct stat status {};
    const std::string& hex = file.native();
    const auto digest = hex.size() == 64 ? DigestOfPath(hex.substr(0, 2) + "/" + hex.substr(2)) : std::nullopt;
    if (!digest || !IsRegular(root / "trash" / file, status)) continue;
    entries.push_back({*digest, static_cast<std::uint64_t>(status.st_size), status.st_mtim});
  }
  return entries;
}

void ThrowIfCancelled(const CollectRequest& request) {
  if (request.cancelled != nullptr && *request.cancelled) throw CancelledError();
}

// Calls `work` for each, in batches under the exclusive lock.
template <typename Work>
void InBatches(const std::filesystem::path& root, const std::vector<Entry>& entries, const CollectRequest& request,
               const Work& work) {
  for (std::size_t i = 0; i < entries.size();) {
    ThrowIfCancelled(request);
    const GcLock lock(root, GcLock::Mode::kExclusive);
    for (const std::size_t end = std::min(entries.size(), i + kBatch); i < end; ++i) work(entries[i]);
  }
}

// True when it is as it was when it was listed; nobody has come to rely on it since.
bool Untouched(const std::filesystem::path& path, const Entry& entry) {
  struct stat status {};
  return IsRegular(path, status) && Same(status.st_mtim, entry.touched) &&
         static_cast<std::uint64_t>(status.st_size) == entry.size;
}

}  // namespace

CollectResult Collect(Store& store, const CollectRequest& request, Progress& progress) {
  const std::filesystem::path& root = store.root();
  const auto alone = FileLock::TryLock(root / "gc.run", FileLock::Mode::kExclusive);
  if (!alone) throw Error(Msg("another garbage collection of {} is running", root.native()));
  const timespec oldest = OldestLease(root, TouchOwnLease(root));
  const std::vector<Entry> objects = ListObjects(root);
  const std::vector<Entry> trash = ListTrash(root);
  const std::unordered_set<Sha256Digest> live = request.live();
  const std::unordered_set<Sha256Digest> held = HoldDirectory(root).Objects();

  CollectResult result;
  std::vector<Entry> victims;
  const UnixSeconds graceful = request.now - request.grace_seconds;
  for (const Entry& entry : objects) {
    if (live.contains(entry.sha256)) {
      Count(result.live, entry.size);
    } else if (held.contains(entry.sha256)) {
      Count(result.held, entry.size);
    } else if (!Before(entry.touched, oldest) || entry.touched.tv_sec > graceful) {
      Count(result.young, entry.size);
    } else {
      victims.push_back(entry);
    }
  }
  std::vector<Entry> needed_again;
  std::vector<Entry> expired;
  for (const Entry& entry : trash) {
    if (live.contains(entry.sha256) || held.contains(entry.sha256)) {
      needed_again.push_back(entry);
    } else if (entry.touched.tv_sec <= request.now - request.trash_seconds && Before(entry.touched, oldest)) {
      expired.push_back(entry);
    } else {
      Count(result.waiting, entry.size);
    }
  }
  const auto note = [](std::vector<CollectedObject>& list, const Entry& entry) {
    list.push_back({entry.sha256, entry.size});
  };
  if (!request.remove) {
    for (const Entry& entry : victims) note(result.set_aside, entry);
    for (const Entry& entry : needed_again) note(result.restored, entry);
    for (const Entry& entry : expired) note(result.deleted, entry);
    return result;
  }

  const auto task = progress.Start(Msg("Collecting {} objects", victims.size()), Unit::kItems, victims.size());
  StoreIndex index(root / "index.sqlite");
  InBatches(root, needed_again, request, [&](const Entry& entry) {
    const std::filesystem::path path = ObjectPath(root, entry.sha256);
    struct stat status {};
    if (IsRegular(path, status)) return;  // it came again by itself; the copy in the trash waits for its end
    MakeDirectories(path.parent_path());
    if (::rename(TrashPath(root, entry.sha256).c_str(), path.c_str()) != 0) {
      if (errno == ENOENT) return;
      throw SystemError(errno, Msg("rename to {}", path.native()));
    }
    SyncDirectory(path.parent_path());
    note(result.restored, entry);
  });
  // Before anything is moved: a full disk may have no room left for another name in the trash.
  InBatches(root, expired, request, [&](const Entry& entry) {
    const std::filesystem::path path = TrashPath(root, entry.sha256);
    if (!Untouched(path, entry)) return;
    if (::unlink(path.c_str()) != 0) throw SystemError(errno, Msg("remove {}", path.native()));
    note(result.deleted, entry);
  });
  std::vector<Sha256Digest> gone;
  InBatches(root, victims, request, [&](const Entry& entry) {
    const std::filesystem::path path = ObjectPath(root, entry.sha256);
    task->Advance(1);
    if (!Untouched(path, entry)) {
      Count(result.young, entry.size);
      return;
    }
    const std::filesystem::path trashed = TrashPath(root, entry.sha256);
    if (::rename(path.c_str(), trashed.c_str()) != 0) {
      SystemError error(errno, Msg("rename to {}", trashed.native()));
      if (IsFull(error)) error.SetHint(Msg("first delete what waits in the trash: nachbau store gc --delete --empty-trash"));
      throw error;
    }
    const std::array<timespec, 2> now = {timespec{0, UTIME_OMIT}, timespec{0, UTIME_NOW}};
    ::utimensat(AT_FDCWD, trashed.c_str(), now.data(), AT_SYMLINK_NOFOLLOW);  // since when it waits
    note(result.set_aside, entry);
    Count(result.waiting, entry.size);
    gone.push_back(entry.sha256);
  });
  index.Remove(gone);
  task->Succeed();
  return result;
}

}  // namespace nachbau
