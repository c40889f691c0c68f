// A child that is root in a user namespace of its own.
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "builder/sandbox/forked_error.h"
#include "builder/sandbox/id_map.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {
namespace {

constexpr std::uint64_t kMaxErrorSize = 1 << 20;
constexpr int kMeanwhile = 50;  // milliseconds

struct Pipe {
  FileDescriptor read_end, write_end;
};

Pipe MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw SystemError(errno, Msg("make a pipe"));
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      Wait();
    }
  }
  pid_t pid() const { return pid_; }
  int Wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_;
};

void Enter(const Pipe& ready, const Pipe& go, pid_t parent, bool one_id) {
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    SystemError error(errno, Msg("make a user namespace"));
    error.SetHint(Msg("This machine forbids it. `nachbau doctor` tells how to allow it."));
    throw error;
  }
  WriteAll(ready.write_end, "u", "pipe");
  char answer = 0;
  if (::read(go.read_end.get(), &answer, 1) != 1) ::_exit(1);  // the parent failed, and knows why
  if (!one_id && ::setgroups(0, nullptr) != 0) throw SystemError(errno, Msg("drop groups"));
  if (::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0) throw SystemError(errno, Msg("become root inside"));
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // only now: a change of ids resets it
  if (::getppid() != parent) ::_exit(1);
  // Mounts made by the work stay here, and those of the machine do not come in later.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    throw SystemError(errno, Msg("make mounts private"));
  }
}

}  // namespace

void InUserNamespace(const IdMap& map, const std::function<void()>& work, const std::function<void()>& meanwhile) {
  Pipe ready = MakePipe(), go = MakePipe(), failure = MakePipe();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw SystemError(errno, Msg("start a process"));
  if (pid == 0) {
    int status = 1;
    try {
      ready.read_end.Close();
      go.write_end.Close();
      failure.read_end.Close();
      Enter(ready, go, parent, map.HasOneId());
      work();
      status = 0;
    } catch (const std::exception& error) {
      const std::string bytes = FormatError(error);
      for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t count = ::write(failure.write_end.get(), bytes.data() + sent, bytes.size() - sent);
        if (count < 0 && errno != EINTR) break;
        if (count > 0) sent += static_cast<std::size_t>(count);
      }
    }
    ::_exit(status);  // no destructors and exit handlers of the parent's objects
  }
  Child child(pid);
  ready.write_end.Close();
  go.read_end.Close();
  failure.write_end.Close();
  char answer = 0;
  ssize_t count = 0;
  while ((count = ::read(ready.read_end.get(), &answer, 1)) < 0 && errno == EINTR) {
  }
  if (count == 1) {
    WriteIdMaps(map, child.pid(), 0);
    WriteAll(go.write_end, "m", "pipe");
  }
  if (meanwhile) {
    pollfd ended{failure.read_end.get(), POLLIN, 0};
    while (::poll(&ended, 1, kMeanwhile) <= 0) meanwhile();
  }
  const std::string bytes = ReadDescriptor(failure.read_end, "error of a child process", kMaxErrorSize);
  const int status = child.Wait();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  ThrowFormattedError(bytes, WIFSIGNALED(status)
                                 ? "a child process was ended by signal " + std::to_string(WTERMSIG(status))
                                 : std::string("a child process failed without a message"));
}

void MakeOwnedDirectory(const IdMap& map, const std::filesystem::path& path, mode_t mode) {
  const uid_t uid = map.own_id_is_root ? ::geteuid() : map.first_uid;
  const gid_t gid = map.own_id_is_root ? ::getegid() : map.first_gid;
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) throw SystemError(errno, Msg("make directory {}", path.native()));
  FileDescriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.valid()) throw SystemError(errno, Msg("open {}", path.native()));
  struct stat state {};
  if (::fstat(directory.get(), &state) != 0) throw SystemError(errno, Msg("stat {}", path.native()));
  if ((state.st_uid != uid || state.st_gid != gid) && ::fchown(directory.get(), uid, gid) != 0) {
    throw SystemError(errno, Msg("give directory {} to the sandbox", path.native()));
  }
  if ((state.st_mode & 07777) != mode && ::fchmod(directory.get(), mode) != 0) {
    throw SystemError(errno, Msg("set the mode of directory {}", path.native()));
  }
}

}  // namespace nachbau::builder
