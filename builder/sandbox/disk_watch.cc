#include "builder/sandbox/disk_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "builder/sandbox/kernel.h"

namespace nachbau::builder {
namespace {

constexpr std::uint64_t kTooDeep = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kLeastPerName = 1024;  // bytes
constexpr std::size_t kMaxDepth = 1024;  // a path of PATH_MAX bytes cannot name more than about 2048

// Runs in a child of a process that may have threads: allocates nothing. One descriptor, whatever the depth; where to
// go on in the directories above is in `positions`.
class Counter {
 public:
  // Sum of the blocks of everything beneath `directory`. What changes meanwhile may be missed or counted twice.
  std::uint64_t Count(int directory) {
    std::uint64_t bytes = 0;
    std::size_t depth = 0;
    int here = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (here < 0) ::_exit(1);  // not 0 bytes, but no count: the other side throws
    positions_[0] = 0;
    while (true) {
      const int deeper = Entries(here, positions_[depth], bytes);
      if (deeper >= 0) {
        ::close(here);
        here = deeper;
        if (++depth == kMaxDepth) {
          ::close(here);
          return kTooDeep;
        }
        positions_[depth] = 0;
        continue;
      }
      if (depth == 0) break;
      --depth;
      const int above = ::openat(here, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      ::close(here);
      here = above;
      if (here < 0) return bytes;
    }
    ::close(here);
    return bytes;
  }

 private:
  // Counts from `position` on up to the next subdirectory, which is returned open; -1 at the end.
  int Entries(int directory, long& position, std::uint64_t& bytes) {
    if (::lseek(directory, position, SEEK_SET) < 0) return -1;
    while (true) {
      const long count = ::syscall(SYS_getdents64, directory, buffer_.data(), buffer_.size());
      if (count <= 0) return -1;
      for (long at = 0; at < count;) {
        const auto* entry = reinterpret_cast<const dirent64*>(buffer_.data() + at);
        at += entry->d_reclen;
        position = static_cast<long>(entry->d_off);
        if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
        struct stat state {};
        if (::fstatat(directory, entry->d_name, &state, AT_SYMLINK_NOFOLLOW) != 0) continue;
        const std::uint64_t size = static_cast<std::uint64_t>(state.st_blocks) * 512;
        if (!S_ISDIR(state.st_mode)) {
          // Each of its names brings its share; and an empty file takes something too, its inode.
          bytes += std::max(size / std::max<std::uint64_t>(state.st_nlink, 1), kLeastPerName);
          continue;
        }
        bytes += size;
        const int deeper =
            ::openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (deeper >= 0) return deeper;
      }
    }
  }

  alignas(dirent64) std::array<char, 32768> buffer_;
  std::array<long, kMaxDepth> positions_;
};

[[noreturn]] void Serve(int user_namespace, int directory, int questions, int answers, std::uint32_t id, pid_t parent,
                        void* space) {
  std::array<int, 4> keep = {user_namespace, directory, questions, answers};
  std::sort(keep.begin(), keep.end());
  unsigned from = 3;
  for (const int fd : keep) {
    const auto here = static_cast<unsigned>(fd);
    if (here > from) ::close_range(from, here - 1, 0);
    from = here + 1;
  }
  ::close_range(from, ~0U, 0);
  if (::setns(user_namespace, CLONE_NEWUSER) != 0) ::_exit(1);
  if (::syscall(SYS_setresgid, id, id, id) != 0 || ::syscall(SYS_setresuid, id, id, id) != 0) ::_exit(1);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  auto* counter = static_cast<Counter*>(space);
  char question = 0;
  while (true) {
    const ssize_t count = ::read(questions, &question, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count != 1) ::_exit(0);
    const std::uint64_t bytes = counter->Count(directory);
    if (::write(answers, &bytes, sizeof bytes) != sizeof bytes) ::_exit(0);
  }
}

}  // namespace

DiskWatch::DiskWatch(const FileDescriptor& user_namespace, const std::filesystem::path& directory, std::uint32_t id) {
  FileDescriptor top(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!top.valid()) throw SystemError(errno, Msg("open {}", directory.native()));
  std::array<int, 2> to{}, from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0) throw SystemError(errno, Msg("make a pipe"));
  FileDescriptor questions(to[0]);
  questions_ = FileDescriptor(to[1]);
  if (::pipe2(from.data(), O_CLOEXEC) != 0) throw SystemError(errno, Msg("make a pipe"));
  answers_ = FileDescriptor(from[0]);
  FileDescriptor answers(from[1]);
  void* space = ::mmap(nullptr, sizeof(Counter), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (space == MAP_FAILED) throw SystemError(errno, Msg("get memory"));
  const pid_t parent = ::getpid();
  pid_ = RawFork();
  if (pid_ == 0) Serve(user_namespace.get(), top.get(), questions.get(), answers.get(), id, parent, space);
  const int reason = errno;
  ::munmap(space, sizeof(Counter));
  if (pid_ < 0) throw SystemError(reason, Msg("start a process"));
}

DiskWatch::~DiskWatch() {
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void DiskWatch::Ask() {
  if (open_question_) return;
  WriteAll(questions_, "?", "pipe");
  open_question_ = true;
}

std::optional<std::uint64_t> DiskWatch::Answer() {
  std::uint64_t bytes = 0;
  const ssize_t count = ::read(answers_.get(), &bytes, sizeof bytes);
  if (count < 0 && errno == EINTR) return std::nullopt;
  if (count != sizeof bytes) throw Error(Msg("the process that counts what the build has written ended"));
  open_question_ = false;
  return bytes;
}

bool NearlyFull(const FileDescriptor& directory) {
  struct statvfs state {};
  if (::fstatvfs(directory.get(), &state) != 0) throw SystemError(errno, Msg("look at the free space"));
  const std::uint64_t size = state.f_blocks * state.f_frsize, left = state.f_bavail * state.f_frsize;
  const bool inodes_gone = state.f_files != 0 && state.f_favail < std::min<std::uint64_t>(state.f_files / 64, 10000);
  return left < std::min<std::uint64_t>(size / 64, 256ULL << 20) || inodes_gone;
}

}  // namespace nachbau::builder
