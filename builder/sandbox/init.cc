#include "builder/sandbox/init.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "builder/sandbox/capabilities.h"
#include "builder/sandbox/kernel.h"
#include "builder/sandbox/network.h"

namespace nachbau::builder {
namespace {

// The handlers of nachbau would run in here.
void ResetSignals(const StepReporter& step) {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) ::sigaction(signal, &standard, nullptr);  // two belong to the C library
  }
  sigset_t all;
  ::sigfillset(&all);
  step.Check(::sigprocmask(SIG_SETMASK, &all, nullptr), "block signals");
}

// Descriptors of nachbau: files of the host, pipes of other sandboxes.
void CloseAllBut(std::array<int, 3> keep, const StepReporter& step) {
  const int null = step.Check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open /dev/null");
  for (int fd = 0; fd < 3; ++fd) step.Check(::dup2(null, fd), "replace standard input and output");
  std::sort(keep.begin(), keep.end());
  unsigned from = 3;
  for (const int fd : keep) {
    const auto here = static_cast<unsigned>(fd);
    if (here > from) step.Check(::close_range(from, here - 1, 0), "close inherited descriptors");
    from = here + 1;
  }
  step.Check(::close_range(from, ~0U, 0), "close inherited descriptors");
}

// The same uptime for every build: the clocks of the machine tell when it was started. A day, not zero: programs subtract
// from a monotonic time without looking whether that is possible.
constexpr long kUptime = 86400;

void StartTimeNamespace(const StepReporter& step) {
  step.Check(::unshare(CLONE_NEWTIME), "make a time namespace");
  char text[128] = {};
  char* at = text;
  for (const auto& [name, clock] : {std::pair{"monotonic ", CLOCK_MONOTONIC}, std::pair{"boottime ", CLOCK_BOOTTIME}}) {
    timespec now{};
    step.Check(::clock_gettime(clock, &now), "read a clock");
    std::strcpy(at, name);
    at += std::strlen(at);
    if (now.tv_sec > kUptime) *at++ = '-';
    char digits[24];
    int count = 0;
    long seconds = now.tv_sec > kUptime ? now.tv_sec - kUptime : kUptime - now.tv_sec;
    do digits[count++] = static_cast<char>('0' + seconds % 10);
    while ((seconds /= 10) != 0);
    while (count > 0) *at++ = digits[--count];
    std::strcpy(at, " 0\n");
    at += 3;
  }
  const int file = step.Check(::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC), "open the clock offsets");
  if (::write(file, text, static_cast<std::size_t>(at - text)) != at - text) step.Fail("set the clock offsets");
  ::close(file);
}

void CheckNamespaces(const InitPlan& plan, const StepReporter& step) {
  for (std::size_t i = 0; i < kNamespaces.size(); ++i) {
    if (plan.host_namespaces[i] == 0) continue;
    char path[64] = "/proc/self/ns/";
    std::strcat(path, kNamespaces[i]);
    struct stat state {};
    step.Check(::stat(path, &state), "look at the namespace", kNamespaces[i]);
    errno = EPERM;
    if (state.st_ino == plan.host_namespaces[i]) step.Fail("leave the machine's namespace", kNamespaces[i]);
  }
}

void DieWithParent(const InitPlan& plan, const StepReporter& step) {
  step.Check(::prctl(PR_SET_PDEATHSIG, SIGKILL), "ask to end with nachbau");
  // If it was gone before, nobody holds the other end of the pipe any more.
  pollfd go{plan.go, POLLIN, 0};
  if (::poll(&go, 1, 0) > 0 && (go.revents & POLLHUP) != 0) ::_exit(121);
}

// As the command's own user, who has to be able to open it by its name.
void GetTerminal(const StepReporter& step) {
  const int master = step.Check(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), "open /dev/ptmx");
  const int locked = 0;
  step.Check(::ioctl(master, TIOCSPTLCK, &locked), "unlock a terminal");
  const int terminal = step.Check(::ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC), "open a terminal");
  step.Check(::ioctl(terminal, TIOCSCTTY, 0), "take a terminal");
  step.Terminal(master);
  for (int fd = 0; fd < 3; ++fd) step.Check(::dup2(terminal, fd), "connect a terminal");
  ::close(terminal);
  ::close(master);
}

// The build before any other program of the machine, should memory run out. Raising is allowed to all; in a container that
// has a higher one already, it is lowering and refused. While this process may still be looked at: the file belongs to
// nobody afterwards.
void GoFirst(const StepReporter& step) {
  const int score = step.Check(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC), "open the priority for lack of memory");
  if (::write(score, "500", 3) < 0 && errno != EACCES) step.Fail("set the priority for lack of memory");
  ::close(score);
}

[[noreturn]] void RunCommand(const InitPlan& plan, bool grouped) {
  StepReporter step(plan.reports);
  step.Check(::setsid(), "make a session");
  step.Check(::dup2(plan.log, 1), "connect standard output");
  step.Check(::dup2(plan.log, 2), "connect standard error");
  if (plan.reports != 3) {
    step.Check(::dup3(plan.reports, 3, O_CLOEXEC), "keep the report socket");
    step = StepReporter(3);
  }
  step.Check(::close_range(4, ~0U, 0), "close descriptors");
  SetProcessLimitsInside(grouped ? plan.limits_with_group : plan.limits_alone, step);
  DropPrivilegesInside(plan.user, plan.one_id, step);
  step.Check(::chdir(plan.working_directory.c_str()), "change to", plan.working_directory.c_str());
  ::umask(022);
  if (plan.terminal) GetTerminal(step);
  if (plan.fixed_addresses) step.Check(::personality(ADDR_NO_RANDOMIZE), "fix the layout of memory");
  if (CPU_COUNT(&plan.processors) != 0) {
    step.Check(::sched_setaffinity(0, sizeof plan.processors, &plan.processors), "choose processors");
  }
  InstallLandlockInside(plan.landlock, step);
  InstallSeccompInside(plan.filters, step);
  if (!plan.notified.empty()) {
    const int root = step.Check(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "open /");
    const int listener = InstallNotifyInside(plan.notified, step);
    step.Observe(listener, root);
    ::close(listener);
    ::close(root);
  }
  sigset_t none;
  ::sigemptyset(&none);
  step.Check(::sigprocmask(SIG_SETMASK, &none, nullptr), "unblock signals");
  ::execve(plan.arguments[0], plan.arguments.data(), plan.environment.data());
  step.Fail("run", plan.arguments[0]);
}

}  // namespace

void RunInitInside(InitPlan& plan) {
  const StepReporter step(plan.reports);
  ResetSignals(step);
  CloseAllBut({plan.go, plan.log, plan.reports}, step);
  DieWithParent(plan, step);
  char how = 0;
  ssize_t count = 0;
  while ((count = ::read(plan.go, &how, 1)) < 0 && errno == EINTR) {
  }
  if (count != 1) ::_exit(121);  // nachbau could not go on, and knows why

  GoFirst(step);
  // Still with the user id outside, which may enter directories that root inside may not.
  step.Check(::unshare(CLONE_NEWCGROUP), "make a control group namespace");
  if (plan.time_namespace) StartTimeNamespace(step);
  const HostDirectories host = OpenHostInside(plan.mounts, step);

  const std::uint32_t id = plan.first_id;
  if (!plan.one_id) step.Check(::syscall(SYS_setgroups, 0, nullptr), "drop groups");
  step.Check(::syscall(SYS_setresgid, id, id, id), "become root inside");
  step.Check(::syscall(SYS_setresuid, id, id, id), "become root inside");
  DieWithParent(plan, step);  // the change of ids has reset it
  step.Check(::prctl(PR_SET_DUMPABLE, 0), "close this process to others");
  CheckNamespaces(plan, step);
  step.Check(::sethostname(plan.host_name.c_str(), plan.host_name.size()), "set the host name");
  step.Check(::setdomainname("(none)", 6), "set the domain name");
  BringLoopbackUpInside(step);
  const int proc = EnterRootInside(plan.mounts, host, step);
  step.Ready(proc);
  ::close(proc);

  // This process is readable as /proc/1 inside: neither its name nor its arguments shall tell of the machine.
  ::prctl(PR_SET_NAME, "init");
  if (plan.arguments_end > plan.arguments_begin + 5) {
    auto* arguments = reinterpret_cast<char*>(plan.arguments_begin);
    std::memset(arguments, 0, plan.arguments_end - plan.arguments_begin);
    std::memcpy(arguments, "init", 4);
  }

  const pid_t command = RawFork();
  if (command == 0) RunCommand(plan, how == 'g');
  step.Check(command, "start a process");
  ::close(plan.log);
  DropAllCapabilitiesInside(step);
  InstallSeccompInside(plan.filters, step);
  while (true) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, __WALL);
    if (ended == command) {
      step.Ended(status);
      ::_exit(0);
    }
    if (ended < 0 && errno != EINTR) step.Fail("wait for the command");
  }
}

}  // namespace nachbau::builder
