#include "base/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/error.h"

namespace nachbau {
namespace {

std::pair<FileDescriptor, FileDescriptor> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw SystemError(errno, Msg("make a pipe"));
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

struct Actions {
  Actions() { ::posix_spawn_file_actions_init(&value); }
  ~Actions() { ::posix_spawn_file_actions_destroy(&value); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  posix_spawn_file_actions_t value{};
};

struct Attributes {
  Attributes() { ::posix_spawnattr_init(&value); }
  ~Attributes() { ::posix_spawnattr_destroy(&value); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  posix_spawnattr_t value{};
};

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments) {
  auto [output, output_inside] = MakePipe();
  auto [error, error_inside] = MakePipe();
  Actions actions;
  ::posix_spawn_file_actions_addopen(&actions.value, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions.value, output_inside.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions.value, error_inside.get(), STDERR_FILENO);
  Attributes attributes;
  ::posix_spawnattr_setflags(&attributes.value, POSIX_SPAWN_SETSID);
  std::vector<char*> words;
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  const int result = ::posix_spawn(&pid_, words[0], &actions.value, &attributes.value, words.data(), environ);
  if (result != 0) {
    pid_ = -1;
    throw SystemError(result, Msg("run {}", arguments.at(0)));
  }
  output_ = std::move(output);
  error_ = std::move(error);
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0) return;
  Signal(SIGKILL);
  Wait();
}

void ChildProcess::Signal(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);  // not collected yet, so the number is still its own
}

int ChildProcess::Wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace nachbau
