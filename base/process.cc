#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"

namespace nachbau {
namespace {

struct Pipe {
  FileDescriptor read_end, write_end;
};

Pipe MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw SystemError(errno, Msg("make a pipe"));
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// Kills and reaps the child unless Wait() did.
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
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t pid_;
};

pid_t Spawn(const ProcessRequest& request, const Pipe& in, const Pipe& out, const Pipe& err) {
  std::vector<char*> arguments;
  for (const std::string& argument : request.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::vector<std::string> settings;
  for (const auto& [key, value] : request.environment) settings.push_back(key + "=" + value);
  std::vector<char*> environment;
  for (std::string& setting : settings) environment.push_back(setting.data());
  environment.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read_end.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, out.write_end.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.write_end.get(), 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  if (!request.working_directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions, request.working_directory.c_str());
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int failure =
      ::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failure != 0) throw SystemError(failure, Msg("run {}", request.arguments[0]));
  return pid;
}

// For poll(2). Throws when there are none left.
int MillisecondsLeft(const ProcessRequest& request, std::uint64_t deadline) {
  const std::uint64_t now = MonotonicMilliseconds();
  if (now >= deadline) {
    throw Error(Msg("{} did not end within {} seconds", request.arguments[0], request.timeout_seconds));
  }
  return static_cast<int>(std::min<std::uint64_t>(deadline - now, 60000));
}

// A child may close its outputs and go on.
void AwaitEnd(const Child& child, const ProcessRequest& request, std::uint64_t deadline) {
  // Not pidfd_open(): the header of Debian 12's C library forgets extern "C".
  const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, child.pid(), 0)));
  if (!process.valid()) throw SystemError(errno, Msg("wait for {}", request.arguments[0]));
  pollfd ended{process.get(), POLLIN, 0};
  while (::poll(&ended, 1, MillisecondsLeft(request, deadline)) <= 0) {
  }
}

}  // namespace

ProcessResult RunProcess(const ProcessRequest& request) {
  NACHBAU_CHECK(!request.arguments.empty());
  Pipe in = MakePipe(), out = MakePipe(), err = MakePipe();
  Child child(Spawn(request, in, out, err));
  in.read_end.Close();
  out.write_end.Close();
  err.write_end.Close();
  ::fcntl(in.write_end.get(), F_SETFL, O_NONBLOCK);
  if (request.standard_input.empty()) in.write_end.Close();

  ProcessResult result;
  std::size_t written = 0;
  const std::uint64_t deadline = MonotonicMilliseconds() + request.timeout_seconds * 1000ULL;
  while (out.read_end.valid() || err.read_end.valid()) {
    std::array<pollfd, 3> fds{{{in.write_end.get(), POLLOUT, 0}, {out.read_end.get(), POLLIN, 0},
                               {err.read_end.get(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), MillisecondsLeft(request, deadline)) < 0 && errno != EINTR) {
      throw SystemError(errno, Msg("wait for {}", request.arguments[0]));
    }
    if (fds[0].revents != 0 && in.write_end.valid()) {
      // SIGPIPE is ignored process-wide by main(); a child that stops reading is not an error.
      const ssize_t count = ::write(in.write_end.get(), request.standard_input.data() + written,
                                    request.standard_input.size() - written);
      if (count > 0) written += static_cast<std::size_t>(count);
      if ((count < 0 && errno != EAGAIN && errno != EINTR) || written == request.standard_input.size()) {
        in.write_end.Close();
      }
    }
    const auto drain = [&](FileDescriptor& fd, short events, std::string& text) {
      if (events == 0 || !fd.valid()) return;
      std::array<char, 65536> buffer;
      const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
      if (count > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(count));
        if (text.size() > request.output_limit) throw Error(Msg("{} writes too much", request.arguments[0]));
      } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
        fd.Close();
      }
    };
    drain(out.read_end, fds[1].revents, result.standard_output);
    drain(err.read_end, fds[2].revents, result.standard_error);
  }
  AwaitEnd(child, request, deadline);
  result.exit_code = child.Wait();
  return result;
}

}  // namespace nachbau
