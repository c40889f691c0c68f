#include "builder/sandbox/observer.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "builder/sandbox/forked_error.h"
#include "builder/sandbox/kernel.h"
#include "builder/sandbox/trace_recorder.h"
#include "builder/sandbox/virtual_machine.h"

namespace nachbau::builder {
namespace {

constexpr int kSignalEvery = 20;  // milliseconds
constexpr std::uint64_t kMaxResult = 4ULL << 30;

// Linux 6.6: the answering process and the one that waits take turns on one processor, which is ten times faster.
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
constexpr unsigned long kSyncWakeUp = 1;
constexpr unsigned long kSetFlags = SECCOMP_IOW(4, __u64);
#else
constexpr unsigned long kSyncWakeUp = SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP;
constexpr unsigned long kSetFlags = SECCOMP_IOCTL_NOTIF_SET_FLAGS;
#endif

// Set by a signal: no process of the sandbox is left. Kernels before 6.11 wait for ever then.
volatile std::sig_atomic_t all_gone = 0;

// One notification after the other until no process with the filter is left.
class Desk {
 public:
  Desk(const FileDescriptor& listener, TraceRecorder* recorder, VirtualMachine* machine)
      : listener_(listener.get()), recorder_(recorder), machine_(machine) {
    seccomp_notif_sizes sizes{};
    if (::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) {
      throw SystemError(errno, Msg("ask for the sizes of notifications"));
    }
    // A newer kernel may write more than this program knows of.
    call_space_.resize(std::max<std::size_t>(sizes.seccomp_notif, sizeof(seccomp_notif)) / sizeof(std::uint64_t) + 1);
    answer_space_.resize(std::max<std::size_t>(sizes.seccomp_notif_resp, sizeof(seccomp_notif_resp)) / sizeof(std::uint64_t) + 1);
    ::ioctl(listener_, kSetFlags, kSyncWakeUp);  // slower without
  }

  void Serve() {
    while (all_gone == 0) {
      std::fill(call_space_.begin(), call_space_.end(), 0);
      auto* call = reinterpret_cast<seccomp_notif*>(call_space_.data());
      // Blocks; fails for a task killed meanwhile, and when the signal comes that says that all are gone.
      if (::ioctl(listener_, SECCOMP_IOCTL_NOTIF_RECV, call) != 0) continue;
      Handle(*call);
    }
  }

 private:
  void Handle(const seccomp_notif& call) {
    if (recorder_ != nullptr) {
      recorder_->Record(call, [&] { return ::ioctl(listener_, SECCOMP_IOCTL_NOTIF_ID_VALID, &call.id) == 0; });
    }
    const VirtualMachine::Answer answer = machine_ != nullptr ? machine_->Ask(call) : VirtualMachine::Answer{};
    using Kind = VirtualMachine::Answer::Kind;
    if (answer.kind == Kind::kFile) {
      seccomp_notif_addfd give{};
      give.id = call.id;
      give.flags = SECCOMP_ADDFD_FLAG_SEND;
      give.srcfd = static_cast<__u32>(answer.file);
      give.newfd_flags = answer.close_on_exec ? O_CLOEXEC : 0;
      if (::ioctl(listener_, SECCOMP_IOCTL_NOTIF_ADDFD, &give) >= 0) return;
    }
    std::fill(answer_space_.begin(), answer_space_.end(), 0);
    auto* response = reinterpret_cast<seccomp_notif_resp*>(answer_space_.data());
    response->id = call.id;
    if (answer.kind == Kind::kValue) {
      response->val = answer.value >= 0 ? answer.value : 0;
      response->error = answer.value >= 0 ? 0 : static_cast<__s32>(answer.value);
    } else {
      response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    ::ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, response);  // fails when the task was killed
  }

  int listener_;
  TraceRecorder* recorder_;
  VirtualMachine* machine_;
  std::vector<std::uint64_t> call_space_, answer_space_;
};

void CloseAllBut(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned from = 3;
  for (const int fd : keep) {
    const auto here = static_cast<unsigned>(fd);
    if (here > from) ::close_range(from, here - 1, 0);
    from = here + 1;
  }
  ::close_range(from, ~0U, 0);
}

// A descriptor for each process alive.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string Observe(const ObserverPlan& plan, const FileDescriptor& listener, FileDescriptor root) {
  std::optional<TraceRecorder> recorder;
  std::optional<VirtualMachine> machine;
  if (plan.virtual_values.Any()) machine.emplace(plan.virtual_values);
  if (plan.trace) recorder.emplace(std::move(root), plan.first_program, plan.log_pipe);
  Desk(listener, recorder ? &*recorder : nullptr, machine ? &*machine : nullptr).Serve();
  if (machine && machine->missed() != 0) {
    throw Error(Msg("{} programs could not be given the virtual values", machine->missed()));
  }
  return recorder ? FormatCanonical(ToJson(recorder->Finish())) : std::string();
}

}  // namespace

Observer::Observer(const ObserverPlan& plan, const FileDescriptor& user_namespace, FileDescriptor listener,
                   FileDescriptor root)
    : trace_(plan.trace), result_(::memfd_create("observer", MFD_CLOEXEC)) {
  if (!result_.valid()) throw SystemError(errno, Msg("make a memory file"));
  const pid_t parent = ::getpid();
  // The signal of Finish must not come before there is a handler for it.
  sigset_t end_signal, before;
  ::sigemptyset(&end_signal);
  ::sigaddset(&end_signal, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &end_signal, &before);
  pid_ = ::fork();
  const int fork_error = errno;
  if (pid_ != 0) ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = fork_error;
  if (pid_ < 0) throw SystemError(errno, Msg("start a process"));
  if (pid_ == 0) {
    int status = 1;
    try {
      CloseAllBut({user_namespace.get(), listener.get(), root.get(), result_.get()});
      if (::setns(user_namespace.get(), CLONE_NEWUSER) != 0) throw SystemError(errno, Msg("enter a user namespace"));
      if (::syscall(SYS_setresgid, plan.id, plan.id, plan.id) != 0 ||
          ::syscall(SYS_setresuid, plan.id, plan.id, plan.id) != 0) {
        throw SystemError(errno, Msg("become root inside"));
      }
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      ::prctl(PR_SET_NAME, "observer");
      RaiseDescriptorLimit();
      struct sigaction end {};
      end.sa_handler = [](int) { all_gone = 1; };
      ::sigaction(SIGUSR1, &end, nullptr);  // without SA_RESTART: it ends the waiting
      sigset_t none;
      ::sigemptyset(&none);
      ::sigprocmask(SIG_SETMASK, &none, nullptr);
      WriteAll(result_, Observe(plan, listener, std::move(root)), "observer");
      status = 0;
    } catch (const std::exception& error) {
      const std::string bytes = FormatError(error);
      if (::ftruncate(result_.get(), 0) != 0 || ::pwrite(result_.get(), bytes.data(), bytes.size(), 0) < 0) status = 2;
    }
    ::_exit(status);  // no destructors and exit handlers of the parent's objects
  }
  pidfd_ = FileDescriptor(PidfdOpen(pid_));
  if (!pidfd_.valid()) {
    const int reason = errno;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    throw SystemError(reason, Msg("watch a process"));
  }
}

Observer::~Observer() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<Trace> Observer::Finish() {
  // Again and again: it may come just before the waiting begins.
  pollfd ended{pidfd_.get(), POLLIN, 0};
  do ::kill(pid_, SIGUSR1);
  while (::poll(&ended, 1, kSignalEvery) <= 0);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (::lseek(result_.get(), 0, SEEK_SET) != 0) throw SystemError(errno, Msg("read a memory file"));
  const std::string bytes = ReadDescriptor(result_, "observer", kMaxResult);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    ThrowFormattedError(bytes, "the process that observes the build ended");
  }
  if (!trace_) return std::nullopt;
  return TraceFromJson(ParseJson(bytes, "observer"), "observer");
}

}  // namespace nachbau::builder
