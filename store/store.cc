// Layout: objects/<first two hex digits>/<the other 62>, mode 0444; tmp/ for what is being written; index.sqlite.
//
// Order of a commit: write to tmp/, fsync, link into objects/, fsync that directory, then the index. A crash leaves at
// most a file in tmp/ (removed on the next open, when its writer's lock is gone) or an object the index does not know
// (its SHA-512 is then computed on demand).
#include "store/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "store/index.h"

namespace nachbau {
namespace {

constexpr mode_t kObjectMode = 0444;

std::filesystem::path RelativePath(const Sha256Digest& sha256) {
  const std::string hex = sha256.Hex();
  return std::filesystem::path("objects") / hex.substr(0, 2) / hex.substr(2);
}

// The digest an object file's place names; nothing when it is no such place.
std::optional<Sha256Digest> DigestOfPath(const std::filesystem::path& relative) {
  const std::string hex = relative.parent_path().filename().native() + relative.filename().native();
  if (hex.size() != 64 || !DecodeHex(hex)) return std::nullopt;
  return ParseSha256(hex, relative.native());
}

}  // namespace

struct Store::State {
  explicit State(const std::filesystem::path& path) : root(path), index(path / "index.sqlite") {}

  std::filesystem::path root;
  StoreIndex index;
  std::mutex mutex;
  std::unordered_set<Sha256Digest> checked;  // bytes seen to match their name by this process
  std::atomic<unsigned> next_temporary{0};

  // Temporary files carry the writer's process in their name; a file of a process that is gone is litter. A process
  // identifier can come back for another process: then the file stays until the next time.
  void RemoveLitter() const {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(root / "tmp", ignored)) {
      const std::string name = entry.path().filename().native();
      const long pid = std::strtol(name.c_str(), nullptr, 10);
      if (pid > 0 && ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) ::unlink(entry.path().c_str());
    }
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

Store::Store(const std::filesystem::path& root) {
  if (std::filesystem::exists(root) && !std::filesystem::exists(root / "objects") &&
      !std::filesystem::is_empty(root)) {
    throw UsageError(Msg("{} is neither empty nor a store", root.native()));
  }
  if (::access(root.c_str(), W_OK) == 0 || !std::filesystem::exists(root)) {
    MakeDirectories(root / "objects");
    MakeDirectories(root / "tmp");
  }
  state_ = std::make_unique<State>(root);
  state_->RemoveLitter();
}

Store::~Store() = default;

Store::Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Writer::~Writer() = default;
Store::Writer::Writer(Writer&&) noexcept = default;

Store::Writer Store::StartWriting() {
  auto state = std::make_unique<Writer::State>();
  state->store = state_.get();
  const std::filesystem::path path =
      state_->root / "tmp" / (std::to_string(::getpid()) + "." + std::to_string(state_->next_temporary++));
  state->fd = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!state->fd.valid()) throw SystemError(errno, Msg("create {}", path.native()));
  state->path = path;
  return Writer(std::move(state));
}

void Store::Writer::Write(std::string_view bytes) {
  WriteAll(state_->fd, bytes, state_->path.native());
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
  if (::fchmod(state.fd.get(), kObjectMode) != 0) throw SystemError(errno, Msg("change mode of {}", state.path.native()));
  if (::fsync(state.fd.get()) != 0) throw SystemError(errno, Msg("fsync {}", state.path.native()));
  const std::filesystem::path target = state.store->root / RelativePath(content.sha256);
  MakeDirectories(target.parent_path());
  // An object that is there already has the same bytes, unless it was damaged: then the good bytes replace it.
  if (::rename(state.path.c_str(), target.c_str()) != 0) throw SystemError(errno, Msg("rename to {}", target.native()));
  state.path.clear();
  SyncDirectory(target.parent_path());
  {
    const std::lock_guard lock(state.store->mutex);
    state.store->checked.insert(content.sha256);
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
  const FileDescriptor file_system(::open(objects.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file_system.valid()) throw SystemError(errno, Msg("open directory {}", objects.native()));
  if (::syncfs(file_system.get()) != 0) throw SystemError(errno, Msg("sync the file system of {}", objects.native()));
  std::set<std::filesystem::path> directories;
  std::vector<ContentId> contents;
  for (Writer& writer : writers) {
    Writer::State& state = *writer.state_;
    NACHBAU_CHECK(state.sealed && state.store == state_.get());
    const std::filesystem::path target = state_->root / RelativePath(state.sealed->sha256);
    if (directories.insert(target.parent_path()).second) MakeDirectories(target.parent_path());
    if (::rename(state.path.c_str(), target.c_str()) != 0) throw SystemError(errno, Msg("rename to {}", target.native()));
    state.path.clear();
    contents.push_back(*state.sealed);
  }
  for (const std::filesystem::path& directory : directories) SyncDirectory(directory);
  SyncDirectory(objects);  // for those that are new
  {
    const std::lock_guard lock(state_->mutex);
    for (const ContentId& content : contents) state_->checked.insert(content.sha256);
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

std::filesystem::path Store::PathOf(const Sha256Digest& sha256) const { return state_->root / RelativePath(sha256); }

bool Store::Has(const Sha256Digest& sha256) const {
  struct stat status {};
  return ::lstat(PathOf(sha256).c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::optional<ContentId> Store::Find(const Sha256Digest& sha256) const {
  if (!Has(sha256)) return std::nullopt;
  if (auto content = state_->index.Find(sha256)) return content;
  const ContentId content = HashDescriptor(Open(sha256), sha256.Hex());
  state_->index.Insert(content);
  return content;
}

FileDescriptor Store::Open(const Sha256Digest& sha256) const {
  const std::filesystem::path path = PathOf(sha256);
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

Store::VerifyResult Store::Verify(Progress& progress) const {
  const std::vector<std::filesystem::path> files = ListFiles(state_->root / "objects");
  const auto task = progress.Start(Msg("Hashing {} objects", files.size()), Unit::kBytes, 0);
  VerifyResult result;
  std::mutex mutex;
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  const auto check = [&](const std::filesystem::path& file) -> std::optional<std::string> {
    const auto digest = DigestOfPath(file);
    if (!digest) return "not the name of an object";
    struct stat status {};
    const std::filesystem::path path = state_->root / "objects" / file;
    if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return "not a regular file";
    ContentHasher hasher;
    ReadPieces(OpenForReading(path), path.native(), [&](std::string_view piece) {
      hasher.Update(piece);
      task->Advance(piece.size());
    });
    const ContentId content = hasher.Finish();
    {
      const std::lock_guard lock(mutex);
      ++result.objects;
      result.bytes += content.size;
    }
    if (content.sha256 != *digest) return "content has sha256 " + content.sha256.Hex();
    const auto known = state_->index.Find(*digest);
    if (known && *known != content) return "the index has another size or SHA-512";
    return std::nullopt;
  };
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < files.size(); i = next++) {
        const auto detail = check(files[i]);
        if (!detail) continue;
        const std::lock_guard lock(mutex);
        result.damages.push_back({("objects" / files[i]).native(), *detail});
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
      next = files.size();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) threads.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  std::sort(result.damages.begin(), result.damages.end(),
            [](const Damage& left, const Damage& right) { return left.path < right.path; });
  task->Succeed();
  return result;
}

void Store::RebuildIndex(Progress& progress) {
  const std::vector<Sha256Digest> digests = List();
  const auto task = progress.Start(Msg("Hashing {} objects", digests.size()), Unit::kItems, digests.size());
  std::vector<ContentId> contents;
  for (const Sha256Digest& digest : digests) {
    contents.push_back(HashDescriptor(Open(digest), digest.Hex()));
    task->Advance(1);
  }
  state_->index.Replace(contents);
  task->Succeed();
}

}  // namespace nachbau
