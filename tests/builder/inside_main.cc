// The program that runs inside the sandbox in sandbox_test.cc and escape_test.cc: static, so that the root needs nothing
// else. First argument: what to do.
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/random.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "inside_excess.h"
#include "inside_watched.h"

namespace {

std::string Text(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The name of errno when a call failed, else "done".
std::string Outcome(long result) { return result >= 0 ? "done" : ::strerrorname_np(errno); }

std::string Open(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  const std::string outcome = Outcome(fd);
  if (fd >= 0) ::close(fd);
  return outcome;
}

std::string Write(const std::string& path, const char* text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return Outcome(-1);
  const std::string outcome = Outcome(::write(fd, text, std::strlen(text)));
  ::close(fd);
  return outcome;
}

std::string ConnectOrSend6(const char* address, int port, int type) {
  const int fd = ::socket(AF_INET6, type | SOCK_CLOEXEC, 0);
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET6, address, &to.sin6_addr);
  const std::string outcome = Outcome(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to));
  ::close(fd);
  return outcome;
}

std::string SendDatagram(const char* address, int port) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, address, &to.sin_addr);
  const std::string outcome = Outcome(::sendto(fd, "x", 1, 0, reinterpret_cast<sockaddr*>(&to), sizeof to));
  ::close(fd);
  return outcome;
}

std::string TakeLoopbackDown() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  const std::string outcome = Outcome(::ioctl(fd, SIOCSIFFLAGS, &request));
  ::close(fd);
  return outcome;
}

// Families, or protocols of netlink, that are to be had beside the few that builds need.
std::string OtherFamilies() {
  std::string found;
  for (int family = 0; family < 64; ++family) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) continue;
    for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET}) {
      if (::socket(family, type, 0) >= 0) found += " " + std::to_string(family);
    }
  }
  return found.empty() ? "none" : found;
}
std::string OtherNetlink() {
  std::string found;
  for (int protocol = 1; protocol < 32; ++protocol) {
    if (::socket(AF_NETLINK, SOCK_RAW, protocol) >= 0) found += " " + std::to_string(protocol);
  }
  return found.empty() ? "none" : found;
}

std::string Connect(const char* address, int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, address, &to.sin_addr);
  const std::string outcome = Outcome(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to));
  ::close(fd);
  return outcome;
}

std::string ConnectAbstract(const std::string& name) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const std::string outcome = Outcome(::connect(fd, reinterpret_cast<sockaddr*>(&to), size));
  ::close(fd);
  return outcome;
}

std::string Loopback() {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(server, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(server, 1) != 0 ||
      ::getsockname(server, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return Outcome(-1);
  }
  return Connect("127.0.0.1", ntohs(address.sin_port));
}

// In a child: its exit code as "exit N", or "signal N".
std::string Child(const std::function<int()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  if (pid < 0) return Outcome(-1);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) : "exit " + std::to_string(WEXITSTATUS(status));
}

std::string TypeIntoTerminal(unsigned long request) {
  const int master = ::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) return Outcome(-1);
  char name[64];
  if (::ptsname_r(master, name, sizeof name) != 0) return Outcome(-1);
  const int terminal = ::open(name, O_RDWR | O_CLOEXEC);  // becomes the controlling terminal of this session
  if (terminal < 0) return Outcome(-1);
  const std::string outcome = Outcome(::syscall(SYS_ioctl, terminal, request, "x"));
  ::close(terminal);
  ::close(master);
  return outcome;
}

std::string RaiseLimit(int resource) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return Outcome(-1);
  if (limit.rlim_max == RLIM_INFINITY) return "unlimited";
  limit.rlim_max += 1;
  return Outcome(::setrlimit(static_cast<__rlimit_resource>(resource), &limit));
}

// Tries to change the limit on core dumps and tells what it is then.
std::string CoreLimitAfter(rlim_t wanted) {
  const rlimit limit{wanted, wanted};
  ::setrlimit(RLIMIT_CORE, &limit);
  ::prlimit(0, RLIMIT_CORE, &limit, nullptr);
  rlimit now{};
  ::getrlimit(RLIMIT_CORE, &now);
  return std::to_string(now.rlim_cur) + " " + std::to_string(now.rlim_max);
}

// A crash in a directory where a core file could be made. "handled" when the kernel says that something took the dump.
std::string Crash() {
  if (::mkdir("/tmp/crash", 0777) != 0 && errno != EEXIST) return Outcome(-1);
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::chdir("/tmp/crash") != 0) ::_exit(1);
    ::signal(SIGSEGV, SIG_DFL);
    ::raise(SIGSEGV);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (WCOREDUMP(status)) return "handled";
  return ::rmdir("/tmp/crash") == 0 ? "signal " + std::to_string(WTERMSIG(status)) : "core file";
}

// Out of a chroot by a directory opened before. 0: still without the machine's file.
int ChrootTwice(const std::string& host_file) {
  const int before = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ::mkdir("/tmp/jail", 0755);
  if (::chroot("/tmp/jail") != 0) return errno == EPERM ? 2 : 3;
  if (::fchdir(before) != 0) return 4;
  for (int i = 0; i < 64; ++i) {
    if (::chdir("..") != 0) return 5;
  }
  if (::chroot(".") != 0) return 6;
  return ::access("/bin/inside", F_OK) == 0 && ::access(host_file.c_str(), F_OK) != 0 ? 0 : 1;
}

// Makes a set-user-id program with `make`, which returns a descriptor open for writing, and runs it.
std::string RunSetuid(const char* path, const std::function<int()>& make) {
  ::unlink(path);
  return Child([&] {
    const int fd = make();
    if (fd < 0) return 100 + errno;
    std::ifstream program("/bin/inside", std::ios::binary);
    std::stringstream bytes;
    bytes << program.rdbuf();
    const std::string text = bytes.str();
    if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return 97;
    // Writing takes the bits away; they come back through another name of the same file.
    if (::fchmod(fd, 06755) != 0) return 98;
    ::close(fd);
    ::execl(path, "made", "effective-user", nullptr);
    return 99;
  });
}

std::string OpenUntilRefused() {
  while (true) {
    if (::open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) return Outcome(-1);
  }
}

std::string CloneWith(unsigned long flag) {
  const long pid = ::syscall(SYS_clone, flag | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid == 0) ::_exit(0);
  if (pid > 0) ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return Outcome(pid);
}

std::string OpenDescriptors() {
  std::string found;
  DIR* directory = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(directory)) {
    const int fd = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd != ::dirfd(directory)) found += (found.empty() ? "" : ",") + std::to_string(fd);
  }
  ::closedir(directory);
  return found;
}

std::string StatusLine(const char* key) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(std::string(key) + ":", 0) == 0) {
      const std::size_t value = line.find_first_not_of("\t ", std::strlen(key) + 1);
      return value == std::string::npos ? "" : line.substr(value);
    }
  }
  return "?";
}

#if defined(__x86_64__)
int CallOtherAbi(bool x32) {
  if (x32) return ::syscall(0x40000000 | SYS_getpid) > 0 ? 0 : 1;
  int result = 20;  // getpid of i386
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result > 0 ? 0 : 1;
}
#endif

void Say(const char* name, const std::string& outcome) { std::cout << name << "=" << outcome << std::endl; }

// Every attempt to get out or at more, one line each.
int Attack(const std::vector<std::string>& a) {
  ::signal(SIGHUP, SIG_IGN);  // the terminals opened below become the session's and go away again
  const int port = std::atoi(a.at(0).c_str());
  const std::string socket_name = a.at(1), host_file = a.at(2);
  const auto host_pid = static_cast<pid_t>(std::atoi(a.at(3).c_str()));
  char space[4096] = {};
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  timex adjust{};
  adjust.modes = ADJ_FREQUENCY;
  iovec here{space, 8}, there{reinterpret_cast<void*>(0x1000), 8};
  const auto call = [](auto... arguments) { return Outcome(::syscall(arguments...)); };

  Say("connect-host-loopback", Connect("127.0.0.1", port));
  Say("connect-outside", Connect("192.0.2.1", 80));
  Say("connect-metadata-service", Connect("169.254.169.254", 80));
  Say("connect-own-loopback", Loopback());
  Say("connect-abstract-socket", ConnectAbstract(socket_name));
  Say("connect-ipv6-host-loopback", ConnectOrSend6("::1", port, SOCK_STREAM));
  Say("connect-ipv6-outside", ConnectOrSend6("2001:db8::1", 80, SOCK_STREAM));
  Say("send-name-query", SendDatagram("192.0.2.53", 53));
  Say("send-broadcast", SendDatagram("255.255.255.255", 9));
  Say("take-loopback-down", TakeLoopbackDown());
  Say("other-socket-families", OtherFamilies());
  Say("other-netlink-protocols", OtherNetlink());
  Say("open-tunnel-device", Open("/dev/net/tun", O_RDWR));
  Say("read-host-file-through-link", [&] {
    ::unlink("/tmp/link");
    return ::symlink(host_file.c_str(), "/tmp/link") == 0 ? Open("/tmp/link", O_RDONLY) : Outcome(-1);
  }());
  Say("read-boot-id", Text("/proc/sys/kernel/random/boot_id").substr(0, 36));
  Say("read-kernel-command-line", Text("/proc/cmdline").empty() ? "empty" : "bytes");
  Say("read-disks", (Text("/proc/partitions") + Text("/proc/diskstats") + Text("/proc/swaps")).empty() ? "empty" : "bytes");
  Say("read-modules", Text("/proc/modules").empty() ? "empty" : "bytes");
  Say("host-paths-in-mounts", [&] {
    const std::string directory = host_file.substr(0, host_file.rfind('/'));
    std::istringstream mounts(Text("/proc/self/mountinfo") + Text("/proc/1/mountinfo") + Text("/proc/self/mountstats"));
    for (std::string line; std::getline(mounts, line);) {
      if (line.find(directory) != std::string::npos && line.find(" /shown ") == std::string::npos) return "found";
    }
    return "none";
  }());
  Say("host-control-group", Text("/proc/self/cgroup").find("nachbau") == std::string::npos ? "hidden" : "shown");
  Say("read-host-file", Open(host_file, O_RDONLY));
  Say("read-host-file-through-init", Open("/proc/1/root" + host_file, O_RDONLY));
  Say("read-init-descriptors", Open("/proc/1/fd/3", O_RDONLY));
  Say("read-init-memory", Open("/proc/1/mem", O_RDONLY));
  Say("read-init-environment", Open("/proc/1/environ", O_RDONLY));
  Say("read-init-program", Open("/proc/1/exe", O_RDONLY));
  Say("read-init-directory", Open("/proc/1/cwd", O_RDONLY));
  Say("read-parent-of-root", std::to_string(::chdir("/") == 0 && ::chdir("../../..") == 0 && ::access("bin/inside", F_OK) == 0));
  Say("mount", Outcome(::mount("none", "/tmp", "tmpfs", 0, nullptr)));
  Say("remount-proc-sys", Outcome(::mount(nullptr, "/proc/sys", nullptr, MS_REMOUNT | MS_BIND, nullptr)));
  Say("umount", Outcome(::umount2("/proc/sys", MNT_DETACH)));
  Say("fsopen", call(SYS_fsopen, "tmpfs", 0));
  Say("open_tree", call(SYS_open_tree, AT_FDCWD, "/", 1));
  Say("move_mount", call(SYS_move_mount, AT_FDCWD, "/proc", AT_FDCWD, "/tmp", 0));
  Say("mount_setattr", call(SYS_mount_setattr, AT_FDCWD, "/proc/sys", 0, space, 32));
  Say("pivot_root", call(SYS_pivot_root, ".", "."));
  Say("unshare-user", Outcome(::unshare(CLONE_NEWUSER)));
  Say("unshare-mount", Outcome(::unshare(CLONE_NEWNS)));
  Say("clone-user", CloneWith(CLONE_NEWUSER));
  Say("clone-user-and-mount", CloneWith(CLONE_NEWUSER | CLONE_NEWNS));
  Say("clone-network", CloneWith(CLONE_NEWNET));
  Say("clone3", call(SYS_clone3, space, 64));
  Say("setns", [] {
    const int fd = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return Outcome(::setns(fd, 0));
  }());
  Say("ptrace-init", Outcome(::ptrace(PTRACE_ATTACH, 1, nullptr, nullptr)));
  Say("read-memory-of-init", Outcome(::process_vm_readv(1, &here, 1, &there, 1, 0)));
  Say("kill-host-process", Outcome(::kill(host_pid, 0)));
  Say("signal-everybody", Outcome(::kill(-1, SIGTERM)));
  Say("signal-init", Outcome(::kill(1, SIGTERM)));
  Say("limit-init", [] {
    const rlimit none{0, 0};
    return Outcome(::prlimit(1, RLIMIT_NOFILE, &none, nullptr));
  }());
  Say("write-memory-of-init", Outcome(::process_vm_writev(1, &here, 1, &there, 1, 0)));
  Say("take-descriptor-of-init", [] {
    const long pidfd = ::syscall(SYS_pidfd_open, 1, 0);
    return pidfd < 0 ? Outcome(-1) : Outcome(::syscall(SYS_pidfd_getfd, pidfd, 1, 0));
  }());
  Say("compare-with-init", call(SYS_kcmp, 1, ::getpid(), 0, 0, 0));
  Say("open-host-process", call(SYS_pidfd_open, host_pid, 0));
  Say("keyctl", call(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1));
  Say("add_key", call(SYS_add_key, "user", "n", "x", 1, KEY_SPEC_SESSION_KEYRING));
  Say("request_key", call(SYS_request_key, "user", "n", nullptr, 0));
  Say("bpf", call(SYS_bpf, 0, space, 64));
  Say("perf_event_open", call(SYS_perf_event_open, space, 0, -1, -1, 0));
  Say("userfaultfd", call(SYS_userfaultfd, 1));
  Say("io_uring", call(SYS_io_uring_setup, 4, space));
  Say("open_by_handle_at", call(SYS_open_by_handle_at, AT_FDCWD, space, 0));
  Say("name_to_handle_at", call(SYS_name_to_handle_at, AT_FDCWD, "/", space, space + 256, 0));
  Say("memfd_secret", call(447, 0));
  Say("setxattrat", call(463, AT_FDCWD, "/tmp", 0, "user.x", space, 16));
  Say("listmount", call(458, space, space, 8, 0));
  Say("map_shadow_stack", call(453, 0, 4096, 0));
  Say("fanotify", call(SYS_fanotify_init, 0, 0));
  Say("init_module", call(SYS_init_module, space, 16, ""));
  Say("delete_module", call(SYS_delete_module, "x", 0));
  Say("kexec_load", call(SYS_kexec_load, 0, 0, nullptr, 0));
  Say("reboot", Outcome(::reboot(RB_DISABLE_CAD)));
  Say("swapon", Outcome(::swapon("/tmp/swap", 0)));
  Say("syslog", call(SYS_syslog, 3, space, 100));
  Say("acct", Outcome(::acct("/tmp/acct")));
  Say("quotactl", call(SYS_quotactl, 0, nullptr, 0, nullptr));
  Say("clock_settime", Outcome(::clock_settime(CLOCK_REALTIME, &now)));
  Say("settimeofday", [&] {
    const timeval same{now.tv_sec, 0};
    return Outcome(::settimeofday(&same, nullptr));
  }());
  Say("write-clock-offsets", Write("/proc/self/timens_offsets", "monotonic 5 0"));
  Say("adjtimex", Outcome(::adjtimex(&adjust)));
  Say("sethostname", Outcome(::sethostname("evil", 4)));
  Say("unknown-call", call(9999));
  Say("personality-other-abi", Outcome(::personality(0x0008)));
  Say("personality-no-aslr", Outcome(::personality(ADDR_NO_RANDOMIZE)));
  Say("mknod-device", Outcome(::mknod("/tmp/device", S_IFBLK | 0666, makedev(254, 0))));
  Say("mknod-null", Outcome(::mknod("/tmp/null2", S_IFCHR | 0666, makedev(1, 3))));
  Say("make-whiteout", Outcome(::mknod("/tmp/whiteout", S_IFCHR | 0666, makedev(0, 0))));
  Say("open-kmsg", Open("/dev/kmsg", O_RDONLY));
  Say("open-mem", Open("/dev/mem", O_RDONLY));
  Say("create-in-dev", Open("/dev/new", O_WRONLY | O_CREAT));
  Say("create-in-sys", Open("/sys/new", O_WRONLY | O_CREAT));
  Say("open-terminal", Open("/dev/tty", O_RDWR));
  Say("write-null", Write("/dev/null", "x"));
  Say("write-read-only-file", Write("/shown/file", "x"));
  Say("create-beside-read-only-file", Open("/shown/new", O_WRONLY | O_CREAT));
  Say("read-read-only-file", Open("/shown/file", O_RDONLY));
  Say("write-proc-sys", Write("/proc/sys/kernel/core_pattern", "|/tmp/x"));
  Say("write-proc-sys-network", Write("/proc/sys/net/ipv4/ip_forward", "1"));
  Say("proc-sys-read-only", [] {
    struct statvfs state {};
    return ::statvfs("/proc/sys", &state) != 0 ? Outcome(-1) : std::to_string((state.f_flag & ST_RDONLY) != 0);
  }());
  Say("write-id-map", Write("/proc/self/uid_map", "0 0 1"));
  Say("write-group-switch", Write("/proc/self/setgroups", "allow"));
  Say("lower-memory-score", Write("/proc/self/oom_score_adj", "-1000"));
  Say("write-priority-of-init", Write("/proc/1/oom_score_adj", "1000"));
  Say("real-time-priority", [] {
    const sched_param parameters{1};
    return Outcome(::sched_setscheduler(0, SCHED_FIFO, &parameters));
  }());
  Say("higher-priority", Outcome(::setpriority(PRIO_PROCESS, 0, -5)));
  Say("set-file-capability", [] {
    struct vfs_cap_data wanted {};
    wanted.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
    wanted.data[0].permitted = 1U << CAP_SYS_ADMIN % 32;
    ::close(::open("/tmp/capable", O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
    return Outcome(::setxattr("/tmp/capable", "security.capability", &wanted, XATTR_CAPS_SZ_2, 0));
  }());
  Say("set-trusted-attribute", Outcome(::setxattr("/tmp", "trusted.overlay.opaque", "y", 1, 0)));
  // Not said, since kernels differ: refused, or kept under another name. What counts is what is in `upper` then.
  ::mkdir("/tmp/redirected", 0755);
  std::ignore = ::setxattr("/tmp/redirected", "user.overlay.redirect", "/", 1, 0);
  Say("rename-into-other-directory", [] {
    ::mkdir("/tmp/from", 0755);
    ::mkdir("/tmp/to", 0755);
    ::close(::open("/tmp/from/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    return Outcome(::rename("/tmp/from/file", "/tmp/to/file"));
  }());
  Say("link-into-other-directory", [] {
    ::unlink("/tmp/from/file2");
    return Outcome(::link("/tmp/to/file", "/tmp/from/file2"));
  }());
  Say("is-null-a-terminal", [] {
    const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    return ::isatty(fd) == 1 ? "yes" : Outcome(-1);
  }());
  Say("is-a-terminal-one", [] {
    const int fd = ::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    return ::isatty(fd) == 1 ? "yes" : Outcome(-1);
  }());
  Say("control-random-device", [] {
    int entropy = 0;
    const int fd = ::open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    return Outcome(::ioctl(fd, RNDGETENTCNT, &entropy));
  }());
  Say("open-files-without-end", Child([] { return OpenUntilRefused() == "EMFILE" ? 0 : 1; }));
  Say("crash", Crash());
  Say("write-sysrq", Write("/proc/sysrq-trigger", "h") == "done" ? "done" : "refused");  // not every kernel has it
  Say("read-kcore", Text("/proc/kcore").empty() ? "empty" : "bytes");
  Say("raise-file-limit", RaiseLimit(RLIMIT_NOFILE));
  Say("raise-process-limit", RaiseLimit(RLIMIT_NPROC));
  Say("lower-core-limit", CoreLimitAfter(0));
  Say("raise-core-limit", CoreLimitAfter(RLIM_INFINITY));
  Say("socket-packet", Outcome(::socket(AF_PACKET, SOCK_RAW, 0)));
  Say("socket-vsock", Outcome(::socket(AF_VSOCK, SOCK_STREAM, 0)));
  Say("socket-alg", Outcome(::socket(AF_ALG, SOCK_SEQPACKET, 0)));
  Say("socket-alg-high-bits", call(SYS_socket, 0x100000000L | AF_ALG, long{SOCK_SEQPACKET}, 0L));
  Say("socket-raw", Outcome(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)));
  Say("socket-netlink-audit", Outcome(::socket(AF_NETLINK, SOCK_RAW, 9)));
  Say("socket-netlink-route", Outcome(::socket(AF_NETLINK, SOCK_RAW, 0)));
  Say("type-into-terminal", TypeIntoTerminal(TIOCSTI));
  Say("type-into-terminal-high-bits", TypeIntoTerminal(0x100000000UL | TIOCSTI));
  Say("console-ioctl", TypeIntoTerminal(TIOCLINUX));
  Say("run-setuid-program", Child([] {
        ::execl("/bin/setuid", "setuid", "effective-user", nullptr);
        return 99;
      }));
  Say("run-setuid-program-made-inside", Child([] {
        const std::string program = Text("/bin/inside");
        std::ofstream("/tmp/made", std::ios::binary) << program;
        if (::chmod("/tmp/made", 06755) != 0) return 98;
        ::execl("/tmp/made", "made", "effective-user", nullptr);
        return 99;
      }));
  Say("run-setuid-program-by-open", RunSetuid("/tmp/made2", [] { return ::open("/tmp/made2", O_WRONLY | O_CREAT | O_CLOEXEC, 06755); }));
  Say("run-setuid-program-by-openat2", RunSetuid("/tmp/made3", [] {
        open_how how{};
        how.flags = O_WRONLY | O_CREAT | O_CLOEXEC;
        how.mode = 06755;
        return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, "/tmp/made3", &how, sizeof how));
      }));
  Say("run-setuid-program-by-mknod", RunSetuid("/tmp/made4", [] {
        if (::mknod("/tmp/made4", S_IFREG | 06755, 0) != 0) return -1;
        return ::open("/tmp/made4", O_WRONLY | O_CLOEXEC);
      }));
  Say("run-setuid-program-by-link", RunSetuid("/tmp/made5", [] {
        ::unlink("/tmp/made5-first");
        const int fd = ::open("/tmp/made5-first", O_WRONLY | O_CREAT | O_CLOEXEC, 06755);
        return fd < 0 || ::link("/tmp/made5-first", "/tmp/made5") != 0 ? -1 : fd;
      }));
  Say("run-setuid-program-by-descriptor", Child([] {
        const int fd = ::open("/bin/setuid", O_PATH | O_CLOEXEC);
        const char* const arguments[] = {"setuid", "effective-user", nullptr};
        ::syscall(SYS_execveat, fd, "", arguments, environ, AT_EMPTY_PATH);
        return 99;
      }));
#if defined(__x86_64__)
  Say("call-by-int80", Child([] { return CallOtherAbi(false); }));
  Say("call-by-x32", Child([] { return CallOtherAbi(true); }));
#endif
  Say("chroot-twice", Child([&] { return ChrootTwice(host_file); }));
  Say("chroot", Outcome(::chroot("/tmp")));
  return 0;
}

// What a build can see of its surroundings.
int Look() {
  char host[256] = {};
  ::gethostname(host, sizeof host);
  Say("host-name", host);
  Say("ids", std::to_string(::getuid()) + ":" + std::to_string(::getgid()) + ":" + std::to_string(::getgroups(0, nullptr)));
  Say("directory", std::string(::getcwd(host, sizeof host)));
  Say("descriptors", OpenDescriptors());
  Say("standard-input", std::to_string(::read(0, host, 1)));
  Say("capabilities", StatusLine("CapInh") + " " + StatusLine("CapPrm") + " " + StatusLine("CapEff") + " " +
                          StatusLine("CapBnd") + " " + StatusLine("CapAmb"));
  Say("no-new-privileges", StatusLine("NoNewPrivs"));
  Say("seccomp", StatusLine("Seccomp"));
  Say("process", std::to_string(::getpid()));
  Say("session-leader", std::to_string(::getsid(0) == ::getpid()));
  Say("memory-score", Text("/proc/self/oom_score_adj").substr(0, 3));
  Say("umask", std::to_string(::umask(022)));
  Say("init-name", Text("/proc/1/cmdline").c_str());
  Say("core-limit", [] {
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    return std::to_string(limit.rlim_max);
  }());
  Say("signals-ignored", StatusLine("SigIgn"));
  Say("signals-blocked", StatusLine("SigBlk"));
  Say("uptime-in-days", std::to_string(std::atol(Text("/proc/uptime").c_str()) / 86400));
  Say("monotonic-clock-in-days", [] {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::to_string(now.tv_sec / 86400);
  }());
  Say("processors", std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)));
  Say("fsync", [] {
    const int fd = ::open("/tmp/sync", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return Outcome(::fsync(fd));
  }());
  std::string variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables += std::string(*variable) + ";";
  Say("environment", variables);
  std::cout << "MOUNTS\n" << Text("/proc/self/mountinfo");
  return 0;
}

constexpr key_t kQueue = 0x6e616368;

// Offers what another sandbox could meet: an abstract socket, a port, a message queue.
int Offer(const std::string& name, int port) {
  const int local = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  std::memcpy(path.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::bind(local, reinterpret_cast<sockaddr*>(&path), size) != 0 || ::listen(local, 4) != 0 ||
      ::bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(server, 4) != 0 ||
      ::msgget(kQueue, IPC_CREAT | 0666) < 0 || ConnectAbstract(name) != "done" || Connect("127.0.0.1", port) != "done" ||
      ::write(1, "ready\n", 6) != 6) {
    return 1;
  }
  SleepForever();
}

int Meet(const std::string& name, int port) {
  Say("abstract-socket", ConnectAbstract(name));
  Say("port", Connect("127.0.0.1", port));
  Say("message-queue", Outcome(::msgget(kQueue, 0)));
  return 0;
}

volatile sig_atomic_t g_interrupted = 0;

// What a command at a terminal sees; then a line and an interrupt from there.
int UseTerminal() {
  struct sigaction action {};
  action.sa_handler = [](int) { g_interrupted = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  winsize size{};
  ::ioctl(0, TIOCGWINSZ, &size);
  const char* name = ::ttyname(0);
  std::cout << "terminals=" << ::isatty(0) << ::isatty(1) << ::isatty(2) << "\nname=" << (name == nullptr ? "" : name)
            << "\nopen=" << Open("/dev/tty", O_RDWR) << "," << Open(name == nullptr ? "" : name, O_RDWR)
            << "\nforeground=" << (::tcgetpgrp(0) == ::getpgrp()) << "\nsize=" << size.ws_row << "x" << size.ws_col
            << "\ntype=" << Outcome(::ioctl(0, TIOCSTI, "x")) << "\nids=" << ::getuid() << "\nready" << std::endl;
  std::string line;
  std::getline(std::cin, line);
  std::cout << "got=" << line << std::endl;
  for (int i = 0; i < 1000 && g_interrupted == 0; ++i) ::usleep(10000);
  std::cout << "interrupted=" << g_interrupted << std::endl;
  return 7;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string what = arguments.empty() ? "" : arguments[0];
  if (!arguments.empty()) arguments.erase(arguments.begin());
  if (what == "attack") return Attack(arguments);
  if (what == "look") return Look();
  if (what == "terminal") return UseTerminal();
  if (what == "use-files") return UseFiles();
  if (what == "use-files-at-once") return UseFilesAtOnce();
  if (what == "pass-on") return PassOn();
  if (what == "list-directories") return ListDirectories();
  if (what == "look-at-machine") return LookAtMachine();
  if (what == "effective-user") return ::geteuid() == ::getuid() && ::getegid() == ::getgid() ? 0 : 7;
  if (what == "exit") return std::atoi(arguments.at(0).c_str());
  if (what == "signal") return ::raise(std::atoi(arguments.at(0).c_str()));
  if (what == "both-outputs") return ::write(1, "out\n", 4) == 4 && ::write(2, "err\n", 4) == 4 ? 0 : 1;
  if (what == "write") {
    std::ofstream(arguments.at(0)) << arguments.at(1);
    return ::access(arguments.at(0).c_str(), F_OK) == 0 ? 0 : 1;
  }
  if (what == "replace-directory") {  // needs overlay attributes: a new directory in place of one of a layer
    if (::unlink("/layered/a") != 0 || ::rmdir("/layered") != 0 || ::mkdir("/layered", 0755) != 0) return errno;
    DIR* directory = ::opendir("/layered");
    int entries = 0;
    while (::readdir(directory) != nullptr) ++entries;
    return entries == 2 ? 0 : 200;
  }
  if (what == "owners") {  // of a new file, after a change of owner
    ::close(::open("/tmp/owned", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    Say("chown-other", Outcome(::chown("/tmp/owned", 7, 8)));
    Say("chown-root", Outcome(::fchownat(AT_FDCWD, "/tmp/owned", 0, 0, 0)));
    Say("chown-self", Outcome(::lchown("/tmp/owned", ::getuid(), ::getgid())));
    Say("chown-nobody", Outcome(::chown("/tmp/owned", static_cast<uid_t>(-1), static_cast<gid_t>(-1))));
    struct stat state {};
    ::stat("/tmp/owned", &state);
    Say("owner", std::to_string(state.st_uid) + ":" + std::to_string(state.st_gid));
    Say("setgroups", Outcome(::syscall(SYS_setgroups, 0, nullptr)));
    Say("become-other", Outcome(::syscall(SYS_setresuid, 7, 7, 7)));
    return 0;
  }
  if (what == "write-late") return WriteLate();
  if (what == "offer") return Offer(arguments.at(0), std::atoi(arguments.at(1).c_str()));
  if (what == "meet") return Meet(arguments.at(0), std::atoi(arguments.at(1).c_str()));
  if (what == "files") return MakeFilesForever();
  if (what == "survive") return Survive();
  if (what == "survive-and-wait") {
    Survive();
    if (::write(1, "ready\n", 6) != 6) return 1;
    SleepForever();
  }
  if (what == "sleep") SleepForever();
  if (what == "nap") {
    const timespec hour{3600, 0};
    return ::nanosleep(&hour, nullptr) == 0 && ::clock_nanosleep(CLOCK_MONOTONIC, 0, &hour, nullptr) == 0 ? 0 : 1;
  }
  if (what == "memory") return UseMemory(std::atol(arguments.at(0).c_str()), std::atoi(arguments.at(1).c_str()));
  if (what == "fork") return ForkForever();
  if (what == "log") {
    const std::string line(4095, 'l');
    while (::write(1, (line + "\n").data(), 4096) > 0) {
    }
    return 1;
  }
  if (what == "disk") return FillDisk(false);
  if (what == "deep") return FillDisk(true);
  if (what == "big-file") {
    const int fd = ::open("/tmp/big", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return ::ftruncate(fd, 1L << 40) == 0 ? 0 : 1;
  }
  if (what == "open-missing") {  // so many times; prints the nanoseconds of one
    const int count = std::atoi(arguments.at(0).c_str());
    timespec before{}, after{};
    ::clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 0; i < count; ++i) ::open("/usr/include/no-such-header.h", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    ::clock_gettime(CLOCK_MONOTONIC, &after);
    Say("nanoseconds",
        std::to_string(((after.tv_sec - before.tv_sec) * 1'000'000'000 + after.tv_nsec - before.tv_nsec) / count));
    return 0;
  }
  if (what == "processor-time") {
    const clock_t end = ::clock() + CLOCKS_PER_SEC / 3;
    while (::clock() < end) {
    }
    return 0;
  }
  std::cerr << "inside: what is " << what << "?\n";
  return 64;
}
