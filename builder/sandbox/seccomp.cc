#include "builder/sandbox/seccomp.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "builder/sandbox/trace_recorder.h"

namespace nachbau::builder {
namespace {

// Names that the architecture or libseccomp does not know are passed over: what is not allowed is refused.
constexpr const char* kAllowed[] = {
    // files
    "access", "chdir", "chmod", "chown", "chown32", "chroot", "close", "close_range", "copy_file_range", "creat", "dup",
    "dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fadvise64_64", "fallocate", "fchdir", "fchmod", "fchmodat",
    "fchown", "fchownat", "fcntl", "fcntl64", "fdatasync", "fgetxattr", "flistxattr", "flock", "fremovexattr",
    "fsetxattr", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64",
    "futimesat", "getcwd", "getdents", "getdents64", "getxattr", "inotify_add_watch", "inotify_init", "inotify_init1",
    "inotify_rm_watch", "lchown", "lgetxattr", "link", "linkat", "listxattr", "llistxattr", "lremovexattr", "lseek",
    "lsetxattr", "lstat", "lstat64", "_llseek", "mkdir", "mkdirat", "mknod", "mknodat", "newfstatat", "open", "openat",
    "openat2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink",
    "readlinkat", "readv", "removexattr", "rename", "renameat", "renameat2", "rmdir", "sendfile", "sendfile64",
    "setxattr", "splice", "stat", "stat64", "statfs", "statfs64", "statx", "symlink", "symlinkat", "sync",
    "sync_file_range", "sync_file_range2", "syncfs", "tee", "truncate", "truncate64", "umask", "unlink", "unlinkat",
    "utime", "utimensat", "utimes", "vmsplice", "write", "writev",
    // memory
    "brk", "get_mempolicy", "madvise", "mbind", "membarrier", "memfd_create", "mincore", "mlock", "mlock2", "mlockall",
    "mmap", "mmap2", "mprotect", "mremap", "msync", "munlock", "munlockall", "munmap", "pkey_alloc", "pkey_free",
    "pkey_mprotect", "remap_file_pages", "set_mempolicy",
    // processes, threads, signals
    "alarm", "arch_prctl", "capget", "capset", "clone", "execve", "execveat", "exit", "exit_group", "fork", "futex",
    "futex_waitv", "get_robust_list", "get_thread_area", "getcpu", "getpgid", "getpgrp", "getpid", "getppid",
    "getpriority", "getrlimit", "getrusage", "getsid", "gettid", "kill", "landlock_add_rule", "landlock_create_ruleset",
    "landlock_restrict_self", "pause", "pidfd_open", "pidfd_send_signal", "prctl", "prlimit64", "restart_syscall",
    "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend",
    "rt_sigtimedwait", "rt_tgsigqueueinfo", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity",
    "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity",
    "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield", "seccomp", "set_robust_list",
    "set_thread_area", "set_tid_address", "setpgid", "setpriority", "setrlimit", "setsid", "sigaltstack", "signalfd",
    "signalfd4", "sigreturn", "sigprocmask", "sigaction", "sigpending", "sigsuspend", "signal", "tgkill", "tkill",
    "ugetrlimit", "vfork", "wait4", "waitid", "waitpid", "riscv_flush_icache", "riscv_hwprobe", "cacheflush",
    "s390_pci_mmio_read", "switch_endian",
    // users
    "getegid", "geteuid", "getgid", "getgroups", "getresgid", "getresuid", "getuid", "setfsgid", "setfsuid", "setgid",
    "setgroups", "setregid", "setresgid", "setresuid", "setreuid", "setuid",
    // time
    "clock_getres", "clock_gettime", "clock_nanosleep", "getitimer", "gettimeofday", "nanosleep", "setitimer", "time",
    "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_settime", "timerfd_create",
    "timerfd_gettime", "timerfd_settime", "times",
    // talking to each other
    "accept", "accept4", "bind", "connect", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old",
    "epoll_pwait", "epoll_pwait2", "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "getpeername", "getsockname",
    "getsockopt", "io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_setup", "io_submit", "ioctl", "ipc",
    "listen", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink", "msgctl",
    "msgget", "msgrcv", "msgsnd", "_newselect", "pipe", "pipe2", "poll", "ppoll", "pselect6", "recv", "recvfrom",
    "recvmmsg", "recvmsg", "select", "semctl", "semget", "semop", "semtimedop", "send", "sendmmsg", "sendmsg", "sendto",
    "setsockopt", "shmat", "shmctl", "shmdt", "shmget", "shutdown", "socketcall", "socketpair",
    // the machine
    "getrandom", "sysfs", "sysinfo", "uname", "ustat"};

// Refused with EPERM: what changes the machine, reaches other processes, or opens large parts of the kernel that builds
// have no use for. Most would fail anyway for lack of capabilities; the filter keeps the kernel code out of reach.
constexpr const char* kRefused[] = {
    "acct", "add_key", "adjtimex", "bpf", "clock_adjtime", "clock_settime", "create_module", "delete_module",
    "fanotify_init", "fanotify_mark", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "init_module",
    "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load",
    "keyctl", "lookup_dcookie", "memfd_secret", "migrate_pages", "modify_ldt", "mount", "mount_setattr", "move_mount",
    "move_pages", "name_to_handle_at", "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open",
    "pidfd_getfd", "pivot_root", "process_madvise", "process_mrelease", "process_vm_readv", "process_vm_writev",
    "ptrace", "quotactl", "quotactl_fd", "reboot", "request_key", "setdomainname", "sethostname", "setns",
    "settimeofday", "stime", "swapoff", "swapon", "syslog", "umount", "umount2", "unshare", "uselib", "userfaultfd",
    "vhangup"};

constexpr const char* kSync[] = {"fdatasync", "fsync", "sync", "sync_file_range", "sync_file_range2", "syncfs"};

constexpr std::uint64_t kLow32 = 0xffffffff;  // the kernel cuts these arguments to int; so must the comparison

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};

class Filter {
 public:
  explicit Filter(std::uint32_t otherwise) : context_(seccomp_init(otherwise)) {
    if (context_ == nullptr) throw Error(Msg("libseccomp does not start"));
    Check(seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "architecture");
    Check(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimise");
  }

  void Add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> conditions = {}) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;
    Check(seccomp_rule_add_array(context_.get(), action, number, static_cast<unsigned>(conditions.size()),
                                 std::data(conditions)),
          name);
  }

  std::vector<sock_filter> Program() {
    FileDescriptor file(::memfd_create("seccomp", MFD_CLOEXEC));
    if (!file.valid()) throw SystemError(errno, Msg("make a memory file"));
    Check(seccomp_export_bpf(context_.get(), file.get()), "export");
    if (::lseek(file.get(), 0, SEEK_SET) != 0) throw SystemError(errno, Msg("read a memory file"));
    const std::string bytes = ReadDescriptor(file, "seccomp filter", BPF_MAXINSNS * sizeof(sock_filter));
    NACHBAU_CHECK(!bytes.empty() && bytes.size() % sizeof(sock_filter) == 0);
    std::vector<sock_filter> program(bytes.size() / sizeof(sock_filter));
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(program.data()));
    return program;
  }

 private:
  static void Check(int result, const char* what) {
    if (result != 0) throw SystemError(-result, Msg("make the system call filter ({})", std::string_view(what)));
  }
  std::unique_ptr<void, Release> context_;
};

scmp_arg_cmp Equal32(unsigned argument, std::uint32_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, kLow32, value};
}

scmp_arg_cmp HasBits(unsigned argument, std::uint64_t bits) { return {argument, SCMP_CMP_MASKED_EQ, bits, bits}; }

constexpr std::array kFamilies = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

std::vector<sock_filter> Allowed() {
  Filter filter(SCMP_ACT_ERRNO(ENOSYS));
  for (const char* name : kAllowed) filter.Add(SCMP_ACT_ALLOW, name);
  for (const int family : kFamilies) {
    if (family == AF_NETLINK) continue;
    filter.Add(SCMP_ACT_ALLOW, "socket", {Equal32(0, static_cast<std::uint32_t>(family))});
  }
  // Routes and interfaces of its own network namespace, which getaddrinfo(3) looks at; no other netlink protocol.
  filter.Add(SCMP_ACT_ALLOW, "socket", {Equal32(0, AF_NETLINK), Equal32(2, 0)});
  for (const std::uint32_t persona : {0U, static_cast<unsigned>(ADDR_NO_RANDOMIZE), 0xffffffffU}) {
    filter.Add(SCMP_ACT_ALLOW, "personality", {Equal32(0, persona)});
  }
  return filter.Program();
}

std::vector<sock_filter> Refused(SkippedCalls skipped) {
  Filter filter(SCMP_ACT_ALLOW);
  for (const char* name : kRefused) filter.Add(SCMP_ACT_ERRNO(EPERM), name);
  // Its flags lie in memory, which a filter cannot read; the C library then uses clone.
  filter.Add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
  for (const std::uint64_t flag : {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER,
                                   CLONE_NEWPID, CLONE_NEWNET}) {
    filter.Add(SCMP_ACT_ERRNO(EPERM), "clone", {HasBits(0, flag)});
  }
  // Typing into a terminal that someone else reads: CVE-2017-5226, CVE-2023-28100.
  for (const std::uint32_t request : {static_cast<std::uint32_t>(TIOCSTI), static_cast<std::uint32_t>(TIOCLINUX)}) {
    filter.Add(SCMP_ACT_ERRNO(EPERM), "ioctl", {Equal32(1, request)});
  }
  // Also the one device that needs no privilege: 0/0, with which an overlay hides files.
  for (const std::uint32_t device : {S_IFCHR, S_IFBLK}) {
    filter.Add(SCMP_ACT_ERRNO(EPERM), "mknod", {{1, SCMP_CMP_MASKED_EQ, S_IFMT, device}});
    filter.Add(SCMP_ACT_ERRNO(EPERM), "mknodat", {{2, SCMP_CMP_MASKED_EQ, S_IFMT, device}});
  }
  // The limit on core dumps stays (limits.h). To lower it is what programs ask for, so it is granted without being done.
  filter.Add(SCMP_ACT_ERRNO(0), "setrlimit", {Equal32(0, RLIMIT_CORE)});
  filter.Add(SCMP_ACT_ERRNO(0), "prlimit64", {Equal32(1, RLIMIT_CORE), {2, SCMP_CMP_NE, 0, 0}});
  // Limits of init, which may have the same user id.
  filter.Add(SCMP_ACT_ERRNO(EPERM), "prlimit64", {Equal32(0, 1), {2, SCMP_CMP_NE, 0, 0}});
  // Unknown families answer as on a kernel without them, which configure scripts expect.
  for (int family = 0; family < 64; ++family) {
    if (std::find(kFamilies.begin(), kFamilies.end(), family) != kFamilies.end()) continue;
    filter.Add(SCMP_ACT_ERRNO(EAFNOSUPPORT), "socket", {Equal32(0, static_cast<std::uint32_t>(family))});
  }
  for (std::uint32_t protocol = 1; protocol < 32; ++protocol) {
    filter.Add(SCMP_ACT_ERRNO(EPROTONOSUPPORT), "socket", {Equal32(0, AF_NETLINK), Equal32(2, protocol)});
  }
  if (skipped.sync) {
    for (const char* name : kSync) filter.Add(SCMP_ACT_ERRNO(0), name);
    // Only the waiting kind: libunwind uses msync to ask whether an address is mapped.
    filter.Add(SCMP_ACT_ERRNO(0), "msync", {HasBits(2, MS_SYNC)});
  }
  if (skipped.sleep) {
    for (const char* name : {"nanosleep", "clock_nanosleep"}) filter.Add(SCMP_ACT_ERRNO(0), name);
  }
  return filter.Program();
}

// Exactly this cannot be said to libseccomp: neither of two values, in either of two arguments.
std::vector<sock_filter> OwnIdOnly() {
  struct Call {
    std::uint32_t number, uid_argument;
  };
  constexpr Call kCalls[] = {
#ifdef SYS_chown
      {SYS_chown, 1},
#endif
#ifdef SYS_lchown
      {SYS_lchown, 1},
#endif
      {SYS_fchown, 1},
      {SYS_fchownat, 2},
  };
  const auto low_half = [](std::uint32_t argument) {
    constexpr std::uint32_t kLow = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4;
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + 8 * argument + kLow;
  };
  constexpr std::uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS, kIfEqual = BPF_JMP | BPF_JEQ | BPF_K, kReturn = BPF_RET | BPF_K;
  std::vector<sock_filter> program = {{kLoad, 0, 0, offsetof(seccomp_data, nr)}};
  for (const Call& call : kCalls) {
    program.insert(program.end(), {{kIfEqual, 0, 8, call.number},
                                   {kLoad, 0, 0, low_half(call.uid_argument)},
                                   {kIfEqual, 1, 0, kBuildUserId},
                                   {kIfEqual, 0, 4, 0xffffffffU},
                                   {kLoad, 0, 0, low_half(call.uid_argument + 1)},
                                   {kIfEqual, 1, 0, kBuildUserId},
                                   {kIfEqual, 0, 1, 0xffffffffU},
                                   {kReturn, 0, 0, SECCOMP_RET_ALLOW},
                                   {kReturn, 0, 0, SECCOMP_RET_ERRNO | EPERM}});
  }
  program.push_back({kReturn, 0, 0, SECCOMP_RET_ALLOW});
  return program;
}

std::vector<sock_filter> OwnerFilter(OwnerCalls owners) {
  if (owners == OwnerCalls::kReal) return {};
  if (owners == OwnerCalls::kOwnIdOnly) return OwnIdOnly();
  Filter filter(SCMP_ACT_ALLOW);
  for (const char* name : {"chown", "chown32", "fchown", "fchownat", "lchown", "setfsgid", "setfsuid", "setgid", "setgroups",
                           "setregid", "setresgid", "setresuid", "setreuid", "setuid"}) {
    filter.Add(SCMP_ACT_ERRNO(0), name);
  }
  return filter.Program();
}

// From Linux 5.19 on a signal does not interrupt a call that is being answered.
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
constexpr unsigned SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 1U << 5;
#endif

void Install(const std::vector<sock_filter>& filter, unsigned flags, long& result) {
  sock_fprog program{};
  program.len = static_cast<unsigned short>(filter.size());
  program.filter = const_cast<sock_filter*>(filter.data());
  result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

}  // namespace

SeccompFilters MakeSeccompFilters(SkippedCalls skipped, OwnerCalls owners) {
  return {Allowed(), OwnerFilter(owners), Refused(skipped)};
}

std::vector<sock_filter> MakeNotifyFilter(bool trace, const VirtualValues& values) {
  Filter filter(SCMP_ACT_ALLOW);
  const bool files = trace || values.fixed_random || !values.kernel_release.empty() || !values.processor_model.empty();
  if (trace) {
    for (const std::string_view name : TraceRecorder::Calls()) {
      if (name != "open" && name != "openat") filter.Add(SCMP_ACT_NOTIFY, name.data());
    }
  }
  if (files) {
    // Directories and mere references to files are no use of their content.
    constexpr std::uint64_t kNoContent = O_PATH | O_DIRECTORY;
    filter.Add(SCMP_ACT_NOTIFY, "open", {{1, SCMP_CMP_MASKED_EQ, kNoContent, 0}});
    filter.Add(SCMP_ACT_NOTIFY, "openat", {{2, SCMP_CMP_MASKED_EQ, kNoContent, 0}});
  }
  if (values.HasClock()) {
    for (const int clock : {CLOCK_REALTIME, CLOCK_REALTIME_COARSE, CLOCK_TAI}) {
      filter.Add(SCMP_ACT_NOTIFY, "clock_gettime", {Equal32(0, static_cast<std::uint32_t>(clock))});
    }
    filter.Add(SCMP_ACT_NOTIFY, "gettimeofday");
    filter.Add(SCMP_ACT_NOTIFY, "time");
  }
  // Every program sets its thread pointer, before it asks for the time or uses the randomness it was given.
  constexpr std::uint32_t kSetThreadPointer = 0x1002;
  if (values.HasClock() || values.fixed_random) {
    filter.Add(SCMP_ACT_NOTIFY, "arch_prctl", {Equal32(0, kSetThreadPointer)});
  }
  if (!values.kernel_release.empty()) filter.Add(SCMP_ACT_NOTIFY, "uname");
  if (values.processors != 0) filter.Add(SCMP_ACT_NOTIFY, "sched_getaffinity");
  if (values.file_order != FileOrder::kMachine) {
    filter.Add(SCMP_ACT_NOTIFY, "getdents");
    filter.Add(SCMP_ACT_NOTIFY, "getdents64");
  }
  if (values.fixed_random) {
    filter.Add(SCMP_ACT_NOTIFY, "getrandom");
    filter.Add(SCMP_ACT_NOTIFY, "sysinfo");
  }
  return filter.Program();
}

void InstallSeccompInside(const SeccompFilters& filters, const StepReporter& step) {
  for (const std::vector<sock_filter>* filter : {&filters.allowed, &filters.owners, &filters.refused}) {
    if (filter->empty()) continue;
    long result = 0;
    Install(*filter, 0, result);
    step.Check(result, "install the system call filter");
  }
}

int InstallNotifyInside(const std::vector<sock_filter>& filter, const StepReporter& step) {
  long listener = 0;
  Install(filter, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, listener);
  if (listener < 0 && errno == EINVAL) Install(filter, SECCOMP_FILTER_FLAG_NEW_LISTENER, listener);
  return static_cast<int>(step.Check(listener, "install the filter of observed system calls"));
}

}  // namespace nachbau::builder
