// Layout: objects/<first two hex digits>/<the other 62>, mode 0444; tmp/ for what is being written; index.sqlite; and
// for collection (places.h) leases/, trash/, gc.lock.
//
// Order of a commit: write to tmp/, fsync, rename into objects/, fsync that directory, then the index. A crash leaves
// at most a file in tmp/ (removed on the next open, when its writer's lock is gone) or an object the index does not
// know (its SHA-512 is then computed on demand).
#include "store/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <set>
#include <unordered_set>

#include "base/error.h"
#include "base/file.h"
#include "store/index.h"
#include "store/places.h"
#include "store/quota.h"

namespace nachbau {

using namespace store_places;

namespace {

constexpr mode_t kObjectMode = 0444;
constexpr std::array<timespec, 2> kTouchNow = {timespec{0, UTIME_OMIT}, timespec{0, UTIME_NOW}};

bool IsRefusal(int reason) { return reason == EACCES || reason == EPERM || reason == EROFS; }

}  // namespace

struct Store::State {
  State(const std::filesystem::path& path, const StoreOptions& options)
      : root(path), index(path / "index.sqlite"), quota(path, options.quota) {}
  ~State() {
    // A child that was forked from here has the same descriptor: the lease is the parent's.
    if (lease.valid() && lease_owner == ::getpid()) ::unlink(lease_path.c_str());
  }

  std::filesystem::path root;
  StoreIndex index;
  Quota quota;
  std::mutex mutex;
  std::unordered_set<Sha256Digest> checked;  // bytes seen to match their name by this process
  std::unordered_set<Sha256Digest> relied;   // touched since the lease began
  std::atomic<unsigned> next_temporary{0};
  std::mutex lease_mutex;
  FileDescriptor lease;
  std::filesystem::path lease_path;
  pid_t lease_owner = 0;

  // Temporary files carry the writer's process in their name; a file of a process that is gone is litter. A process
  // identifier can come back for another process: then the file stays until the next time. The lease of a process that
  // is gone has no lock.
  void RemoveLitter() const {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(root / "tmp", ignored)) {
      const std::string name = entry.path().filename().native();
      const long pid = std::strtol(name.c_str(), nullptr, 10);
      if (pid > 0 && ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) ::unlink(entry.path().c_str());
    }
    if (std::filesystem::is_empty(LeaseDirectory(root), ignored) || ignored) return;
    const GcLock lock(root, GcLock::Mode::kExclusiveIfFree);  // nobody is between making a lease and locking it
    if (!lock.held()) return;
    for (const auto& entry : std::filesystem::directory_iterator(LeaseDirectory(root), ignored)) {
      const FileDescriptor fd(::open(entry.path().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
      if (fd.valid() && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(entry.path().c_str());
    }
  }

  // The caller holds gc.lock shared, so that nobody takes the lease for that of a process that is gone.
  void TakeLease() {
    const std::lock_guard lock(lease_mutex);
    if (lease.valid()) return;
    static std::atomic<unsigned> counter{0};
    const std::filesystem::path path =
        LeaseDirectory(root) / (std::to_string(::getpid()) + "." + std::to_string(counter++));
    ::unlink(path.c_str());  // of an earlier process with this identifier
    FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!fd.valid()) {
      if (IsRefusal(errno) || errno == ENOENT) return;  // somebody who may only read; nothing can be promised to them
      ThrowFull(SystemError(errno, Msg("create {}", path.native())));
    }
    if (::flock(fd.get(), LOCK_EX) != 0) throw SystemError(errno, Msg("lock {}", path.native()));
    lease = std::move(fd);
    lease_path = path;
    lease_owner = ::getpid();
  }

  void Remember(const Sha256Digest& sha256) {
    const std::lock_guard lock(mutex);
    relied.insert(sha256);
  }

  // Whether the object is held. If so, it stays while this process lives; if it was on its way out, it is back.
  bool Rely(const Sha256Digest& sha256) {
    const std::filesystem::path path = ObjectPath(root, sha256);
    struct stat status {};
    {
      const std::lock_guard lock(mutex);
      if (relied.contains(sha256)) return IsRegular(path, status);
    }
    const GcLock lock(root, GcLock::Mode::kShared);
    if (!IsRegular(path, status)) {
      const std::filesystem::path trashed = TrashPath(root, sha256);
      if (::access(path.c_str(), F_OK) == 0 || !IsRegular(trashed, status)) return false;
      MakeDirectories(path.parent_path());
      if (::rename(trashed.c_str(), path.c_str()) != 0 && !IsRegular(path, status)) return false;
    }
    TakeLease();
    if (::utimensat(AT_FDCWD, path.c_str(), kTouchNow.data(), AT_SYMLINK_NOFOLLOW) != 0 && !IsRefusal(errno)) {
      if (errno == ENOENT) return false;
      throw SystemError(errno, Msg("touch {}", path.native()));
    }
    Remember(sha256);
    return true;
  }
};

struct Store::Writer::State {
  Store::State* store = nullptr;
  std::filesystem::path path;
  FileDescriptor fd;
  ContentHasher hasher;
  std::uint64_t size = 0;
  std::optional<ContentId> sealed;

  ~State() {
    if (!path.empty()) ::unlink(path.c_str());
  }
};

Store::Store(const std::filesystem::path& root, const StoreOptions& options) {
  if (std::filesystem::exists(root) && !std::filesystem::exists(root / "objects") && !std::filesystem::is_empty(root)) {
    throw UsageError(Msg("{} is neither empty nor a store", root.native()));
  }
  if (::access(root.c_str(), W_OK) == 0 || !std::filesystem::exists(root)) {
    try {
      for (const char* part : {"objects", "tmp", "leases", "trash"}) MakeDirectories(root / part);
    } catch (const SystemError& error) {
      ThrowFull(error);
    }
  }
  state_ = std::make_unique<State>(root, options);
  state_->RemoveLitter();
}

Store::~Store() = default;

const std::filesystem::path& Store::root() const { return state_->root; }

Store::Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Writer::~Writer() = default;
Store::Writer::Writer(Writer&&) noexcept = default;

Store::Writer Store::StartWriting() {
  auto state = std::make_unique<Writer::State>();
  state->store = state_.get();
  {
    const GcLock lock(state_->root, GcLock::Mode::kShared);
    state_->TakeLease();
  }
  const std::filesystem::path path =
      state_->root / "tmp" / (std::to_string(::getpid()) + "." + std::to_string(state_->next_temporary++));
  state->fd = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!state->fd.valid()) ThrowFull(SystemError(errno, Msg("create {}", path.native())));
  state->path = path;
  return Writer(std::move(state));
}

void Store::Writer::Write(std::string_view bytes) {
  state_->store->quota.Take(bytes.size());
  try {
    WriteAll(state_->fd, bytes, state_->path.native());
  } catch (const SystemError& error) {
    ThrowFull(error);
  }
  state_->hasher.Update(bytes);
  state_->size += bytes.size();
}

std::uint64_t Store::Writer::size() const { return state_->size; }

ContentId Store::Writer::Commit(std::string_view name, const std::optional<Sha256Digest>& expected) {
  State& state = *state_;
  const ContentId content = state.hasher.Finish();
  if (expected && content.sha256 != *expected) {
    throw IntegrityError(std::string(name) + ": sha256", expected->Hex(), content.sha256.Hex());
  }
  if (::fchmod(state.fd.get(), kObjectMode) != 0)
    throw SystemError(errno, Msg("change mode of {}", state.path.native()));
  // A file system may find out only here that there is no room (delayed allocation, quotas of a server).
  if (::fsync(state.fd.get()) != 0) ThrowFull(SystemError(errno, Msg("fsync {}", state.path.native())));
  const std::filesystem::path target = ObjectPath(state.store->root, content.sha256);
  try {
    if (!std::filesystem::exists(target.parent_path())) {
      MakeDirectories(target.parent_path());
      SyncDirectory(target.parent_path().parent_path());
    }
    {
      const GcLock lock(state.store->root, GcLock::Mode::kShared);
      ::futimens(state.fd.get(), kTouchNow.data());  // a download may have taken days
      // An object that is there already has the same bytes, unless it was damaged: then the good bytes replace it.
      if (::rename(state.path.c_str(), target.c_str()) != 0)
        throw SystemError(errno, Msg("rename to {}", target.native()));
    }
    state.path.clear();
    SyncDirectory(target.parent_path());
  } catch (const SystemError& error) {
    ThrowFull(error);
  }
  {
    const std::lock_guard lock(state.store->mutex);
    state.store->checked.insert(content.sha256);
    state.store->relied.insert(content.sha256);
  }
  state.store->index.Insert(content);
  return content;
}

ContentId Store::Writer::Seal(std::string_view name, const std::optional<Sha256Digest>& expected) {
  State& state = *state_;
  NACHBAU_CHECK(!state.sealed);
  const ContentId content = state.hasher.Finish();
  if (expected && content.sha256 != *expected) {
    throw IntegrityError(std::string(name) + ": sha256", expected->Hex(), content.sha256.Hex());
  }
  if (::fchmod(state.fd.get(), kObjectMode) != 0) throw SystemError(errno, Msg("change mode of {}", state.path.native()));
  state.fd.Close();
  state.sealed = content;
  return content;
}

// The order is that of Commit: first all bytes are on disk, then they get their names.
void Store::CommitSealed(std::vector<Writer> writers) {
  if (writers.empty()) return;
  const std::filesystem::path objects = state_->root / "objects";
  std::vector<ContentId> contents;
  try {
    const FileDescriptor file_system(::open(objects.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file_system.valid()) throw SystemError(errno, Msg("open directory {}", objects.native()));
    if (::syncfs(file_system.get()) != 0) throw SystemError(errno, Msg("sync the file system of {}", objects.native()));
    std::set<std::filesystem::path> directories;
    for (const Writer& writer : writers) {
      const std::filesystem::path target = ObjectPath(state_->root, writer.state_->sealed.value().sha256);
      if (directories.insert(target.parent_path()).second) MakeDirectories(target.parent_path());
    }
    SyncDirectory(objects);  // for those that are new
    {
      const GcLock lock(state_->root, GcLock::Mode::kShared);
      for (Writer& writer : writers) {
        Writer::State& state = *writer.state_;
        NACHBAU_CHECK(state.store == state_.get());
        const std::filesystem::path target = ObjectPath(state_->root, state.sealed->sha256);
        ::utimensat(AT_FDCWD, state.path.c_str(), kTouchNow.data(), AT_SYMLINK_NOFOLLOW);
        if (::rename(state.path.c_str(), target.c_str()) != 0) throw SystemError(errno, Msg("rename to {}", target.native()));
        state.path.clear();
        contents.push_back(*state.sealed);
      }
    }
    for (const std::filesystem::path& directory : directories) SyncDirectory(directory);
  } catch (const SystemError& error) {
    ThrowFull(error);
  }
  {
    const std::lock_guard lock(state_->mutex);
    for (const ContentId& content : contents) {
      state_->checked.insert(content.sha256);
      state_->relied.insert(content.sha256);
    }
  }
  state_->index.Insert(contents);
}

ContentId Store::Put(std::string_view bytes) {
  Writer writer = StartWriting();
  writer.Write(bytes);
  return writer.Commit("object");
}

ContentId Store::PutFile(const FileDescriptor& fd, std::string_view name) {
  Writer writer = StartWriting();
  ReadPieces(fd, name, [&](std::string_view piece) { writer.Write(piece); });
  return writer.Commit(name);
}

std::filesystem::path Store::PathOf(const Sha256Digest& sha256) const { return ObjectPath(state_->root, sha256); }

bool Store::Has(const Sha256Digest& sha256) const { return state_->Rely(sha256); }

std::optional<ContentId> Store::Find(const Sha256Digest& sha256) const {
  if (!Has(sha256)) return std::nullopt;
  if (auto content = state_->index.Find(sha256)) return content;
  const ContentId content = HashDescriptor(Open(sha256), sha256.Hex());
  state_->index.Insert(content);
  return content;
}

std::optional<ContentId> Store::Describe(const Sha256Digest& sha256) const {
  struct stat status {};
  if (!IsRegular(PathOf(sha256), status)) return std::nullopt;
  if (auto content = state_->index.Find(sha256)) return content;
  const auto fd = OpenForReadingIfExists(PathOf(sha256));
  if (!fd) return std::nullopt;
  const ContentId content = HashDescriptor(*fd, sha256.Hex());
  if (content.sha256 != sha256)
    throw IntegrityError(PathOf(sha256).native() + ": sha256", sha256.Hex(), content.sha256.Hex());
  state_->index.Insert(content);
  return content;
}

FileDescriptor Store::Open(const Sha256Digest& sha256) const {
  const std::filesystem::path path = PathOf(sha256);
  state_->Rely(sha256);
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) {
    MissingError error(Msg("the store does not hold {}", sha256.Hex()));
    error.SetHint(Msg("'nachbau mirror fetch LOCK' fetches what a lock needs"));
    throw error;
  }
  if (!fd.valid()) throw SystemError(errno, Msg("open {}", path.native()));
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->checked.contains(sha256)) return fd;
  }
  const ContentId content = HashDescriptor(fd, path.native());
  if (content.sha256 != sha256) throw IntegrityError(path.native() + ": sha256", sha256.Hex(), content.sha256.Hex());
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) throw SystemError(errno, Msg("read {}", path.native()));
  const std::lock_guard lock(state_->mutex);
  state_->checked.insert(sha256);
  return fd;
}

std::string Store::Read(const Sha256Digest& sha256, std::uint64_t limit) const {
  return ReadDescriptor(Open(sha256), PathOf(sha256).native(), limit);
}

std::vector<Sha256Digest> Store::List() const {
  std::vector<Sha256Digest> digests;
  for (const std::filesystem::path& file : ListFiles(state_->root / "objects")) {
    if (const auto digest = DigestOfPath(file)) digests.push_back(*digest);
  }
  std::sort(digests.begin(), digests.end());
  return digests;
}

void Store::RebuildIndex(Progress& progress) {
  const std::vector<Sha256Digest> digests = List();
  const auto task = progress.Start(Msg("Hashing {} objects", digests.size()), Unit::kItems, digests.size());
  std::vector<ContentId> contents;
  for (const Sha256Digest& digest : digests) {
    contents.push_back(HashDescriptor(OpenForReading(PathOf(digest)), digest.Hex()));
    if (contents.back().sha256 != digest) {
      throw IntegrityError(PathOf(digest).native() + ": sha256", digest.Hex(), contents.back().sha256.Hex());
    }
    task->Advance(1);
  }
  state_->index.Replace(contents);
  task->Succeed();
}

}  // namespace nachbau
