// sandbox_bench [RUNS]: one small program, started in the sandbox with all it has (overlay, filters, limits, control group
// where there is one) and by bubblewrap in the same namespaces over the same files, taking turns. Prints the median of each
// in milliseconds and the ratio.
//
// Then one call that the trace sees, a file that is not there, as compilers ask for headers: without the trace, with it, and,
// as the limit, where the process that is asked only says "go on". Prints the median of each in microseconds and the ratio to
// the limit, which is what this kernel on this machine takes to hand a call over and back.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/process.h"
#include "builder/sandbox/kernel.h"
#include "tests/builder/tiny_root.h"

namespace nachbau::builder {
namespace {

constexpr int kRuns = 50;
constexpr int kCalls = 50'000;

double Median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

template <typename Function>
double Milliseconds(const Function& function) {
  timespec before{}, after{};
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  function();
  ::clock_gettime(CLOCK_MONOTONIC, &after);
  return static_cast<double>(after.tv_sec - before.tv_sec) * 1e3 + static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e6;
}

void Check(bool good, std::string_view what) {
  if (!good) throw SystemError(errno, Msg("{}", what));
}

// Microseconds of one call that is handed to another process, which reads nothing and lets it go on.
double HandOver() {
  std::array<int, 2> pipe{};
  Check(::pipe2(pipe.data(), O_CLOEXEC) == 0, "make a pipe");
  const FileDescriptor from(pipe[0]), to(pipe[1]);
  const pid_t child = ::fork();
  Check(child >= 0, "start a process");
  if (child == 0) {
    std::array<sock_filter, 4> filter{{{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
                                       {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_openat},
                                       {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF},
                                       {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}};
    const sock_fprog program{filter.size(), filter.data()};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const long listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    const int number = static_cast<int>(listener);
    if (listener < 0 || ::write(to.get(), &number, sizeof number) != sizeof number) ::_exit(1);
    const double time = Milliseconds([] {
      for (int i = 0; i < kCalls; ++i) ::syscall(SYS_openat, AT_FDCWD, "/usr/include/no-such-header.h", O_RDONLY);
    });
    ::_exit(::write(to.get(), &time, sizeof time) == sizeof time ? 0 : 1);
  }
  int number = -1;
  Check(::read(from.get(), &number, sizeof number) == sizeof number, "make a filter");
  const FileDescriptor process(PidfdOpen(child)), listener(PidfdGetFd(process.get(), number));
  Check(listener.valid(), "take over the listener");
  ::ioctl(listener.get(), SECCOMP_IOW(4, __u64), 1UL);  // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6
  for (int i = 0; i < kCalls; ++i) {
    seccomp_notif call{};
    Check(::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) == 0, "receive a call");
    seccomp_notif_resp answer{call.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    Check(::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0, "answer a call");
  }
  double time = 0;
  Check(::read(from.get(), &time, sizeof time) == sizeof time, "hear the time");
  ::waitpid(child, nullptr, 0);
  return time * 1e3 / kCalls;
}

// The same in the sandbox.
double OpenMissing(const TinyRoot& root, bool trace) {
  SandboxRequest request = root.Request({"open-missing", std::to_string(kCalls)});
  request.trace = trace;
  const std::string output = Run(request).output;
  const std::size_t at = output.find("nanoseconds=");
  if (at == output.npos) throw Error(Msg("the program was not run: {}", output));
  return std::atof(output.c_str() + at + 12) / 1e3;
}

void MeasureCalls(const TinyRoot& root) {
  std::vector<double> plain, traced, limit;
  for (int i = 0; i < 5; ++i) {
    plain.push_back(OpenMissing(root, false));
    traced.push_back(OpenMissing(root, true));
    limit.push_back(HandOver());
  }
  std::cout << "opening a file that is not there, microseconds, median of 5\n"
            << "  not observed       " << Median(plain) << "\n"
            << "  observed           " << Median(traced) << "\n"
            << "  handed over only   " << Median(limit) << "\n"
            << "  ratio              " << Median(traced) / Median(limit) << "\n";
}

int Main(int runs) {
  const TinyRoot root;
  SandboxRequest request = root.Request({"exit", "0"});
  request.limits.disk = 0;  // the peer counts nothing
  ProcessRequest peer;
  peer.arguments = {"bwrap", "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
                    "--unshare-cgroup", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
                    "--ro-bind", (root.path() / "lower/bin").native(), "/bin",
                    "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "/bin/inside", "exit", "0"};
  const auto check = [](int exit_code, const std::string& output) {
    if (exit_code != 0) throw Error(Msg("the program was not run: {}", output));
  };
  std::vector<double> ours, observed, theirs;
  for (int i = 0; i < runs; ++i) {
    for (const bool trace : {false, true}) {
      request.trace = trace;
      (trace ? observed : ours).push_back(Milliseconds([&] {
        const Ran ran = Run(request);
        check(ran.result.exit_code, ran.output);
      }));
    }
    theirs.push_back(Milliseconds([&] {
      const ProcessResult result = RunProcess(peer);
      check(result.exit_code, result.standard_error);
    }));
  }
  std::cout << "starting and ending one program, milliseconds, median of " << runs << "\n"
            << "  sandbox            " << Median(ours) << "\n"
            << "  sandbox, observed  " << Median(observed) << "\n"
            << "  bubblewrap         " << Median(theirs) << "\n"
            << "  ratio              " << Median(ours) / Median(theirs) << "\n";
  MeasureCalls(root);
  return 0;
}

}  // namespace
}  // namespace nachbau::builder

int main(int count, char** arguments) {
  return nachbau::builder::Main(count > 1 ? std::max(1, std::atoi(arguments[1])) : nachbau::builder::kRuns);
}
