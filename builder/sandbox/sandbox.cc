// Guarantees, by the name they have in the build record. All hold or RunInSandbox throws, except memory-limit, which is
// reduced without a control group, landlock and time-namespace, which kernels may lack, and what needs more than one user id.
//
//   build-user          an id of its own for builds; reduced for users without subordinate ids
//   capabilities        none, or for maintainer scripts the few they need, and no way to more (no_new_privs)
//   cgroup-namespace, ipc-namespace, mount-namespace, network-namespace, pid-namespace, time-namespace, user-namespace,
//   uts-namespace       a new one each, checked from inside against those of the machine
//   core-dumps          none, neither in a file nor through the program of the machine that core_pattern names
//   devices             null, zero, full, random, urandom, tty and pseudo-terminals of its own; nothing else
//   disk-limit, file-size-limit, log-limit, memory-limit, process-limit, time-limit
//   file-owners         as the packages say; reduced for users without subordinate ids
//   file-system         an overlay root (layers read-only, everything nosuid and nodev); the machine's files are gone
//   landlock            no devices made, no control of devices but terminals, no signals or abstract sockets to outside; the
//                       others guard all of it too, so a kernel without it is "reduced"
//   seccomp             a list of allowed system calls, for one ABI
//   standard-input      only listed when it is not /dev/null but a terminal at which a person types (nachbau shell)
//   sync-skipped        fsync answers at once (no protection; named because it changes what the command sees)
#include "builder/sandbox/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <limits>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/sandbox/cgroup.h"
#include "builder/sandbox/disk_watch.h"
#include "builder/sandbox/id_map.h"
#include "builder/sandbox/init.h"
#include "builder/sandbox/kernel.h"
#include "builder/sandbox/observer.h"
#include "builder/sandbox/process_watch.h"

namespace nachbau::builder {
namespace {

constexpr int kTick = 250;                  // milliseconds between looks at limits and at `cancelled`
constexpr std::uint64_t kDiskPause = 2000;  // milliseconds between two counts of the disk, at least

// Inside, 0, 1 and 2 get a new meaning; nachbau itself may have been started without them.
FileDescriptor AboveStandard(FileDescriptor fd) {
  if (fd.get() > 2) return fd;
  FileDescriptor higher(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  if (!higher.valid()) throw SystemError(errno, Msg("copy a descriptor"));
  return higher;
}

std::pair<FileDescriptor, FileDescriptor> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw SystemError(errno, Msg("make a pipe"));
  return {AboveStandard(FileDescriptor(ends[0])), AboveStandard(FileDescriptor(ends[1]))};
}

std::pair<FileDescriptor, FileDescriptor> MakeSocketPair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw SystemError(errno, Msg("make a pair of sockets"));
  }
  return {AboveStandard(FileDescriptor(ends[0])), AboveStandard(FileDescriptor(ends[1]))};
}

// The first `count` of those this process may run on.
cpu_set_t FirstProcessors(std::uint32_t count) {
  cpu_set_t mine{}, chosen{};
  if (::sched_getaffinity(0, sizeof mine, &mine) != 0) throw SystemError(errno, Msg("look at the processors"));
  for (int processor = 0; processor < CPU_SETSIZE && static_cast<std::uint32_t>(CPU_COUNT(&chosen)) < count; ++processor) {
    if (CPU_ISSET(processor, &mine)) CPU_SET(processor, &chosen);
  }
  return chosen;
}

// Where the kernel finds the arguments of this process: fields 48 and 49 of /proc/self/stat.
std::pair<std::uintptr_t, std::uintptr_t> FindArguments() {
  const std::string text = ReadFile("/proc/self/stat", 65536);
  std::size_t at = text.rfind(')');
  std::array<std::uintptr_t, 2> found{};
  for (int field = 2; at != std::string::npos && field < 49; ++field) {
    at = text.find(' ', at + 1);
    if (at != std::string::npos && field + 1 >= 48) {
      found[static_cast<std::size_t>(field + 1 - 48)] = std::strtoull(text.c_str() + at + 1, nullptr, 10);
    }
  }
  return {found[0], found[1]};
}

// The init process with everything below it. Killed and collected at the end, whatever happens.
class Sandbox {
 public:
  explicit Sandbox(pid_t pid) : pid_(pid) {}
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox() {
    if (pid_ > 0) {
      Kill();
      Wait();
    }
  }
  pid_t pid() const { return pid_; }
  void Kill() const {
    if (pid_ > 0) ::kill(pid_, SIGKILL);  // not collected yet, so the number is still its own
  }
  // Returns when no process of the sandbox is left.
  int Wait() {
    int status = 0;
    while (::wait4(pid_, &status, 0, &usage_) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }
  const rusage& usage() const { return usage_; }

 private:
  pid_t pid_;
  rusage usage_{};
};

std::uint64_t Milliseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1000 + static_cast<std::uint64_t>(time.tv_usec) / 1000;
}

[[noreturn]] void ThrowReport(const Report& report) {
  const std::string step(report.step, ::strnlen(report.step, sizeof report.step));
  std::string detail(report.detail, ::strnlen(report.detail, sizeof report.detail));
  while (!detail.empty() && detail.back() == '\n') detail.pop_back();
  Message operation = detail.empty() ? Msg("{}", step) : Msg("{} ({})", step, detail);
  SystemError error(report.error_number, std::move(operation));
  if (step == "mount /proc" && report.error_number == EPERM) {
    error.SetHint(Msg("The /proc of this machine is partly covered, as in many containers. Start the container so that "
                      "/proc is whole (podman: --security-opt unmask=ALL; docker: --security-opt "
                      "systempaths=unconfined)."));
  } else if (step.find("user extended attribute") != std::string::npos && report.error_number == EOPNOTSUPP) {
    error.SetHint(Msg("Put the work directory on ext4, xfs or btrfs; this file system keeps no user extended "
                      "attributes."));
  } else if (step.starts_with("mount the root")) {
    error.SetHint(Msg("`nachbau doctor` tells whether this machine can mount overlayfs in a user namespace. The work "
                      "directory must not itself lie on an overlay or on a network file system."));
  }
  error.AddContext(Msg("set up the sandbox"));
  throw error;
}

OwnerCalls OwnerCallsFor(const SandboxRequest& request) {
  if (!request.id_map.HasOneId()) return OwnerCalls::kReal;
  return request.user == SandboxUser::kRoot ? OwnerCalls::kPretended : OwnerCalls::kOwnIdOnly;
}

struct Connection {
  FileDescriptor log, reports, go;
};

bool Ended(const FileDescriptor& pidfd) {
  pollfd ended{pidfd.get(), POLLIN, 0};
  return ::poll(&ended, 1, 0) > 0;
}

class Supervisor {
 public:
  Supervisor(const SandboxRequest& request, const std::function<void(std::string_view)>& output)
      : request_(request), output_(output) {}

  SandboxResult Run();

 private:
  InitPlan MakePlan();
  void Start(InitPlan& plan);
  void Loop();
  void Tick();
  void DrainLog(bool all);
  void Receive(Report::Kind kind, FileDescriptor first, FileDescriptor second);
  bool ReadReport();  // false when there was none to read
  void End(SandboxEnd end, std::string detail);
  void CheckMemoryAndProcesses();
  void CheckDisk();
  void CheckDiskAtEnd();
  void ReportFullDisk() {
    End(SandboxEnd::kOverLimit, "disk: more than " + std::to_string(request_.limits.disk) + " bytes");
  }
  void FillResult();
  std::vector<Guarantee> Guarantees() const;

  const SandboxRequest& request_;
  const std::function<void(std::string_view)>& output_;
  std::vector<std::string> environment_;
  std::string no_group_;               // why there is no control group
  std::optional<ControlGroup> group_;  // declared before sandbox_: removed after the last process is gone
  std::optional<Sandbox> sandbox_;
  std::optional<DiskWatch> disk_;
  ObserverPlan observed_;
  std::optional<Observer> observer_;
  FileDescriptor user_namespace_;
  Connection connection_;
  FileDescriptor pidfd_, proc_, upper_;
  LandlockPlan landlock_;
  CoreDumps core_dumps_;
  bool time_namespace_ = false;
  std::uint64_t started_ = 0, log_bytes_ = 0, peak_seen_ = 0;
  std::uint64_t disk_asked_ = 0, disk_next_ = 0;
  std::optional<int> status_;            // of the command
  std::optional<SandboxEnd> killed_for_;
  SandboxResult result_;
};

InitPlan Supervisor::MakePlan() {
  NACHBAU_CHECK(!request_.command.empty());
  InitPlan plan;
  plan.mounts = MakeMountPlan(request_);
  plan.filters = MakeSeccompFilters({request_.skip_sync, request_.skip_sleep}, OwnerCallsFor(request_));
  plan.landlock = landlock_ = MakeLandlockPlan();
  observed_.trace = request_.trace;
  observed_.virtual_values = request_.virtual_values;
  observed_.virtual_values.host_name = request_.host_name;
  observed_.first_program = request_.command;
  if (request_.trace || request_.virtual_values.Any()) {
    plan.notified = MakeNotifyFilter(request_.trace, request_.virtual_values);
  }
  plan.limits_with_group = MakeProcessLimits(request_.limits, true);
  plan.limits_alone = MakeProcessLimits(request_.limits, false);
  core_dumps_ = FindCoreDumps();
  for (const std::string& argument : request_.command) plan.arguments.push_back(const_cast<char*>(argument.c_str()));
  plan.arguments.push_back(nullptr);
  for (const auto& [key, value] : request_.environment) environment_.push_back(key + "=" + value);
  for (std::string& setting : environment_) plan.environment.push_back(setting.data());
  plan.environment.push_back(nullptr);
  plan.working_directory = request_.working_directory;
  plan.host_name = request_.host_name;
  plan.user = request_.user;
  plan.first_id = observed_.id = FirstIdInside(request_.id_map, request_.user);
  plan.one_id = request_.id_map.HasOneId();
  plan.fixed_addresses = request_.fixed_addresses;
  plan.terminal = request_.terminal != nullptr;
  if (request_.processors != 0) plan.processors = FirstProcessors(request_.processors);
  for (std::size_t i = 0; i < kNamespaces.size(); ++i) {
    struct stat state {};
    const std::string path = std::string("/proc/self/ns/") + kNamespaces[i];
    const bool exists = ::stat(path.c_str(), &state) == 0;
    if (exists) plan.host_namespaces[i] = state.st_ino;
    if (std::string_view(kNamespaces[i]) == "time_for_children") {
      plan.time_namespace = time_namespace_ = exists;
    } else if (!exists) {
      throw SystemError(errno, Msg("look at {}", path));
    }
  }
  std::tie(plan.arguments_begin, plan.arguments_end) = FindArguments();
  return plan;
}

void Supervisor::Start(InitPlan& plan) {
  auto [go_read, go_write] = MakePipe();
  auto [log_read, log_write] = MakePipe();
  auto [reports, reports_inside] = MakeSocketPair();
  plan.go = go_read.get();
  plan.log = log_write.get();
  plan.reports = reports_inside.get();

  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = Clone3(arguments);
  if (pid == 0) {
    ::close(go_write.get());  // else the end of nachbau could not be seen on it
    RunInitInside(plan);
  }
  if (pid < 0) {
    SystemError error(errno, Msg("make the namespaces of the sandbox"));
    error.SetHint(Msg("`nachbau doctor` tells what this machine forbids and how to allow it."));
    throw error;
  }
  sandbox_.emplace(pid);
  pidfd_ = FileDescriptor(pidfd);
  go_read.Close();
  log_write.Close();
  reports_inside.Close();
  connection_ = {std::move(log_read), std::move(reports), std::move(go_write)};
  ::fcntl(connection_.log.get(), F_SETFL, O_NONBLOCK);
  struct stat log {};
  if (::fstat(connection_.log.get(), &log) != 0) throw SystemError(errno, Msg("look at a pipe"));
  observed_.log_pipe = log.st_ino;

  // Now, while the process is still like this one and may be looked at.
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/user";
  user_namespace_ = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!user_namespace_.valid()) throw SystemError(errno, Msg("open {}", path));
  WriteIdMaps(request_.id_map, pid, plan.first_id);
  if (group_) {
    try {
      group_->Add(pid);
    } catch (const SystemError& error) {
      no_group_ = error.what();
      group_.reset();
    }
  }
  if (request_.limits.disk != 0) disk_.emplace(user_namespace_, request_.upper, plan.first_id);
  WriteAll(connection_.go, group_ ? "g" : "a", "pipe");
}

void Supervisor::End(SandboxEnd end, std::string detail) {
  if (killed_for_) return;
  killed_for_ = end;
  result_.detail = std::move(detail);
  if (group_) group_->Kill();
  sandbox_->Kill();
}

void Supervisor::DrainLog(bool all) {
  std::array<char, 65536> buffer;
  for (int piece = 0; (all || piece < 16) && connection_.log.valid(); ++piece) {
    const ssize_t count = ::read(connection_.log.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      connection_.log.Close();
      return;
    }
    const std::uint64_t left = request_.limits.log == 0 ? std::numeric_limits<std::uint64_t>::max()
                                                        : request_.limits.log - log_bytes_;
    const auto taken = std::min<std::uint64_t>(left, static_cast<std::uint64_t>(count));
    log_bytes_ += taken;
    if (taken != 0) output_(std::string_view(buffer.data(), taken));
    if (taken < static_cast<std::uint64_t>(count)) {
      End(SandboxEnd::kOverLimit, "log: more than " + std::to_string(request_.limits.log) + " bytes");
      if (all) return;
    }
  }
}

bool Supervisor::ReadReport() {
  Report report;
  iovec part{&report, sizeof report};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(connection_.reports.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return false;
  if (count != sizeof report) {
    connection_.reports.Close();
    return false;
  }
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    std::array<int, 2> fds = {-1, -1};
    std::memcpy(fds.data(), CMSG_DATA(header), std::min<std::size_t>(header->cmsg_len - CMSG_LEN(0), sizeof fds));
    Receive(report.kind, FileDescriptor(fds[0]), FileDescriptor(fds[1]));
  }
  if (report.kind == Report::Kind::kFailed && !killed_for_) ThrowReport(report);
  if (report.kind == Report::Kind::kEnded) status_ = report.status;
  return true;
}

void Supervisor::Receive(Report::Kind kind, FileDescriptor first, FileDescriptor second) {
  if (kind == Report::Kind::kReady) {
    proc_ = std::move(first);
  } else if (kind == Report::Kind::kTerminal && request_.terminal) {
    request_.terminal(std::move(first));
  } else if (kind == Report::Kind::kObserve && !observer_) {
    observer_.emplace(observed_, user_namespace_, std::move(first), std::move(second));
  }
}

void Supervisor::CheckMemoryAndProcesses() {
  const SandboxLimits& limits = request_.limits;
  const std::string memory = "memory: more than " + std::to_string(limits.memory) + " bytes";
  const std::string processes = "processes: more than " + std::to_string(limits.processes);
  if (group_) {
    if (group_->KilledForMemory() != 0) End(SandboxEnd::kOverLimit, memory);
    if (group_->RefusedProcesses() != 0) End(SandboxEnd::kOverLimit, processes);
    return;
  }
  if (!proc_.valid()) return;
  const ProcessUsage usage = AddUpProcesses(proc_, limits.processes == 0 ? 100000 : limits.processes + 16ULL);
  peak_seen_ = std::max(peak_seen_, usage.memory);
  if (limits.memory != 0 && usage.memory > limits.memory) End(SandboxEnd::kOverLimit, memory);
  if (limits.processes != 0 && usage.threads >= limits.processes) End(SandboxEnd::kOverLimit, processes);
}

void Supervisor::CheckDisk() {
  if (NearlyFull(upper_)) End(SandboxEnd::kOverLimit, "disk: the file system is nearly full");
  const std::uint64_t now = MonotonicMilliseconds();
  if (!disk_ || now < disk_next_) return;
  disk_asked_ = now;
  disk_->Ask();
  disk_next_ = std::numeric_limits<std::uint64_t>::max();  // until the answer is there
}

// A command that ran into the limit of one file, which may be that of the disk, fails by itself before the next count.
void Supervisor::CheckDiskAtEnd() {
  const bool good = status_ && WIFEXITED(*status_) && WEXITSTATUS(*status_) == 0;
  if (!disk_ || killed_for_ || good) return;
  disk_->Ask();
  pollfd answer{disk_->descriptor(), POLLIN, 0};
  while (::poll(&answer, 1, -1) < 0 && errno == EINTR) {
  }
  const auto bytes = disk_->Answer();
  if (bytes && *bytes >= request_.limits.disk) ReportFullDisk();
}

void Supervisor::Tick() {
  if (request_.cancelled != nullptr && request_.cancelled->load()) End(SandboxEnd::kCancelled, "cancelled");
  if (MonotonicMilliseconds() - started_ >= request_.limits.seconds * 1000ULL) {
    End(SandboxEnd::kTimedOut, "time: more than " + std::to_string(request_.limits.seconds) + " seconds");
  }
  CheckMemoryAndProcesses();
  CheckDisk();
}

void Supervisor::Loop() {
  std::uint64_t next_tick = started_ + kTick;
  while (true) {
    std::array<pollfd, 5> fds{{{pidfd_.get(), POLLIN, 0},
                               {connection_.log.valid() ? connection_.log.get() : -1, POLLIN, 0},
                               {connection_.reports.valid() ? connection_.reports.get() : -1, POLLIN, 0},
                               {disk_ ? disk_->descriptor() : -1, POLLIN, 0},
                               {observer_ ? observer_->descriptor() : -1, POLLIN, 0}}};
    const std::uint64_t now = MonotonicMilliseconds();
    const int wait = now >= next_tick ? 0 : static_cast<int>(next_tick - now);
    if (::poll(fds.data(), fds.size(), wait) < 0 && errno != EINTR) throw SystemError(errno, Msg("wait for the sandbox"));
    if (fds[1].revents != 0) DrainLog(false);
    if (fds[2].revents != 0) ReadReport();
    if (fds[3].revents != 0) {
      if (const auto bytes = disk_->Answer()) {
        const std::uint64_t after = MonotonicMilliseconds();
        disk_next_ = after + std::max(kDiskPause, 20 * (after - disk_asked_));  // at most 5 % of one processor
        if (*bytes > request_.limits.disk) {
          ReportFullDisk();
        }
      }
    }
    if (fds[0].revents != 0 || fds[4].revents != 0) return;  // the observer never ends first, or its error is thrown
    if (MonotonicMilliseconds() >= next_tick) {
      Tick();
      next_tick = MonotonicMilliseconds() + kTick;
    }
  }
}

void Supervisor::FillResult() {
  result_.duration_ms = MonotonicMilliseconds() - started_;
  result_.cpu_ms = Milliseconds(sandbox_->usage().ru_utime) + Milliseconds(sandbox_->usage().ru_stime);
  if (group_) {
    result_.peak_memory = group_->PeakMemory();
  }
  if (result_.peak_memory == 0) {
    result_.peak_memory = std::max(peak_seen_, static_cast<std::uint64_t>(sandbox_->usage().ru_maxrss) * 1024);
  }
  if (killed_for_) {
    result_.end = *killed_for_;
    result_.exit_code = 128 + SIGKILL;
  } else if (!status_) {
    // Something killed the init process: a person, or the kernel for lack of memory of the whole machine.
    result_.end = SandboxEnd::kSignalled;
    result_.exit_code = 128 + SIGKILL;
    result_.detail = "the sandbox was killed from outside";
  } else if (WIFSIGNALED(*status_)) {
    const int signal = WTERMSIG(*status_);
    result_.end = SandboxEnd::kSignalled;
    result_.exit_code = 128 + signal;
    const char* name = ::sigabbrev_np(signal);
    result_.detail = "signal " + std::to_string(signal) + (name == nullptr ? "" : std::string(" (SIG") + name + ")");
  } else {
    result_.end = SandboxEnd::kExited;
    result_.exit_code = WEXITSTATUS(*status_);
  }
  result_.guarantees = Guarantees();
}

std::vector<Guarantee> Supervisor::Guarantees() const {
  const SandboxLimits& limits = request_.limits;
  const bool one_id = request_.id_map.HasOneId();
  std::vector<Guarantee> all = {
      {"capabilities", true,
       request_.user == SandboxUser::kBuilder ? "none; no_new_privs"
                                              : "only those of maintainer scripts, over mapped ids; no_new_privs"},
      {"cgroup-namespace", true, "new"},
      {"core-dumps", core_dumps_.prevented, core_dumps_.description},
      {"devices", true, "null, zero, full, random, urandom, tty, new pseudo-terminals"},
      {"file-system", true,
       "overlay of " + std::to_string(request_.lower.size()) +
           " read-only layers after pivot_root; nosuid, nodev; the machine's files are not reachable"},
      {"ipc-namespace", true, "new"},
      {"landlock", landlock_.abi != 0, landlock_.description},
      {"mount-namespace", true, "new"},
      {"network-namespace", true, "new, with a loopback of its own only"},
      {"pid-namespace", true, "new; ends with nachbau"},
      {"seccomp", true, "list of allowed system calls, native ABI only"},
      {"time-namespace", time_namespace_,
       time_namespace_ ? "new; uptime starts at one day" : "this kernel has none; the uptime of the machine is visible"},
      {"build-user", !one_id,
       one_id ? "reduced: no subordinate ids, so one id for everything inside; the groups of the user are kept"
              : "an id of its own, other than that of the root's files; no groups"},
      {"file-owners", !one_id,
       one_id ? "reduced: no subordinate ids, so everything belongs to the build user; maintainer scripts changed owners "
                "with success and without effect"
              : "as packages and maintainer scripts set them"},
      {"user-namespace", true,
       one_id ? "new, with the user's own id only"
       : request_.id_map.own_id_is_root ? "new, with subordinate ids of the user" : "new, with ids of no user"},
      {"uts-namespace", true, "new; host name " + request_.host_name},
  };
  if (request_.terminal) all.push_back({"standard-input", false, "a terminal at which a person types"});
  const auto limit = [&](const char* name, std::uint64_t value, const std::string& how) {
    all.push_back({name, value != 0, value != 0 ? std::to_string(value) + how : std::string("none asked for")});
  };
  limit("disk-limit", limits.disk, " bytes, counted about every two seconds");
  limit("file-size-limit", limits.file_size, " bytes per file");
  limit("log-limit", limits.log, " bytes");
  limit("process-limit", limits.processes, group_ ? " (" + group_->Description() + ")" : " (resource limit)");
  limit("time-limit", limits.seconds, " seconds");
  if (group_ || limits.memory == 0) {
    limit("memory-limit", limits.memory, group_ ? " bytes (" + group_->Description() + ")" : "");
  } else {
    all.push_back({"memory-limit", false,
                   "reduced: " + std::to_string(limits.memory) +
                       " bytes for each process, the sum looked at several times a second; no control group: " + no_group_});
  }
  all.push_back({"sync-skipped", request_.skip_sync,
                 request_.skip_sync ? "fsync and its like answer at once" : "fsync and its like reach the disk"});
  std::sort(all.begin(), all.end());
  return all;
}

SandboxResult Supervisor::Run() {
  upper_ = OpenDirectory(request_.upper);
  InitPlan plan = MakePlan();
  if (auto group = ControlGroup::Make(request_.limits, no_group_)) group_.emplace(std::move(*group));
  started_ = MonotonicMilliseconds();
  Start(plan);
  Loop();
  if (!killed_for_ && observer_ && !Ended(pidfd_)) sandbox_->Kill();
  sandbox_->Wait();
  // No process is left, so nothing more can come; and other children of nachbau may hold the pipe open by accident, so
  // its end is not waited for.
  DrainLog(true);
  while (connection_.reports.valid() && ReadReport()) {
  }
  if (group_ && !killed_for_) {
    const bool good = status_ && WIFEXITED(*status_) && WEXITSTATUS(*status_) == 0;
    if (group_->KilledForMemory() != 0 || (!good && group_->RefusedProcesses() != 0)) CheckMemoryAndProcesses();
  }
  CheckDiskAtEnd();
  if (observer_) result_.trace = observer_->Finish();
  if (!killed_for_ && !status_ && !proc_.valid()) {
    throw Error(Msg("the sandbox ended while it was being set up"));
  }
  FillResult();
  disk_.reset();
  return std::move(result_);
}

}  // namespace

SandboxResult RunInSandbox(const SandboxRequest& request, const std::function<void(std::string_view)>& output) {
  return Supervisor(request, output).Run();
}

}  // namespace nachbau::builder
