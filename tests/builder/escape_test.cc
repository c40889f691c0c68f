// Real attempts to get out of the sandbox, or at more of the machine than a build may have. Each must fail in its own
// way; what a build needs must work.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "base/fd.h"
#include "base/file.h"
#include "builder/sandbox/landlock.h"
#include "tests/builder/as_user.h"
#include "tests/builder/tiny_root.h"

namespace nachbau::builder {
namespace {

// What the machine has to offer to an escaped build.
class Targets {
 public:
  Targets() : tcp_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), unix_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(tcp_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(tcp_.get(), 8), 0);
    EXPECT_EQ(::getsockname(tcp_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    name_ = "nachbau-test-" + std::to_string(::getpid());
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    std::memcpy(path.sun_path + 1, name_.data(), name_.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    EXPECT_EQ(::bind(unix_.get(), reinterpret_cast<sockaddr*>(&path), length), 0);
    EXPECT_EQ(::listen(unix_.get(), 8), 0);
    process_ = ::fork();
    if (process_ == 0) {
      while (true) ::pause();
    }
  }
  ~Targets() {
    EXPECT_EQ(::kill(process_, SIGKILL), 0);
    ::waitpid(process_, nullptr, 0);
  }
  Targets(const Targets&) = delete;
  Targets& operator=(const Targets&) = delete;

  int port() const { return port_; }
  const std::string& name() const { return name_; }
  pid_t process() const { return process_; }

 private:
  FileDescriptor tcp_, unix_;
  int port_ = 0;
  std::string name_;
  pid_t process_ = -1;
};

std::map<std::string, std::string> Attack(SandboxUser user) {
  TinyRoot root;
  Targets targets;
  const std::string secret = (root.path() / "secret").native();
  WriteFileAtomically(secret, "the machine's secret\n");
  ::mkdir((root.path() / "shown").c_str(), 0777);
  WriteFileAtomically(root.path() / "shown/file", "shown\n");
  ::chmod((root.path() / "shown").c_str(), 0777);
  ::chmod((root.path() / "shown/file").c_str(), 0666);  // only the mount protects it
  // Descriptors that a careless parent leaves open, without O_CLOEXEC, also at low numbers.
  const int leaked = ::open("/", O_RDONLY | O_DIRECTORY);
  EXPECT_GE(leaked, 0);
  SandboxRequest request = root.Request({"attack", std::to_string(targets.port()), targets.name(), secret,
                                         std::to_string(targets.process())});
  request.user = user;
  request.read_only = {{"/shown", root.path() / "shown"}};
  const std::string program = ReadFile(root.path() / "lower/bin/inside");
  const Ran ran = Run(request);
  ::close(leaked);
  EXPECT_EQ(ReadFile(root.path() / "lower/bin/inside"), program);
  char redirect = 0;
  EXPECT_LT(::lgetxattr((root.path() / "upper/tmp/redirected").c_str(), "user.overlay.redirect", &redirect, 1), 0);
  EXPECT_EQ(ran.result.exit_code, 0) << ran.output;
  EXPECT_EQ(ReadFile(root.path() / "shown/file"), "shown\n");
  std::map<std::string, std::string> outcomes;
  std::istringstream lines(ran.output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    if (equals != std::string::npos) outcomes[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return outcomes;
}

// Expected outcome by attempt; the same for the build user and for root inside unless `other_for_root` names it.
const std::map<std::string, std::string> kExpected = {
    {"acct", "EPERM"},
    {"add_key", "EPERM"},
    {"adjtimex", "EPERM"},
    {"bpf", "EPERM"},
#if defined(__x86_64__)
    {"call-by-int80", "signal 31"},
    {"call-by-x32", "signal 31"},
#endif
    {"chroot", "EPERM"},
    {"chroot-twice", "exit 2"},
    {"clock_settime", "EPERM"},
    {"clone-network", "EPERM"},
    {"clone-user", "EPERM"},
    {"clone-user-and-mount", "EPERM"},
    {"clone3", "ENOSYS"},
    {"connect-abstract-socket", "ECONNREFUSED"},
    {"connect-host-loopback", "ECONNREFUSED"},
    {"compare-with-init", "EPERM"},
    {"connect-ipv6-host-loopback", "ECONNREFUSED"},
    {"connect-ipv6-outside", "ENETUNREACH"},
    {"connect-metadata-service", "ENETUNREACH"},
    {"connect-outside", "ENETUNREACH"},
    {"connect-own-loopback", "done"},
    {"console-ioctl", "EPERM"},
    {"control-random-device", "EACCES"},
    {"crash", "signal 11"},
    {"create-beside-read-only-file", "EROFS"},
    {"create-in-dev", "EROFS"},
    {"create-in-sys", "EROFS"},
    {"delete_module", "EPERM"},
    {"fanotify", "EPERM"},
    {"fsopen", "EPERM"},
    {"higher-priority", "EACCES"},
    {"host-control-group", "hidden"},
    {"host-paths-in-mounts", "none"},
    {"init_module", "EPERM"},
    {"io_uring", "EPERM"},
    {"kexec_load", "EPERM"},
    {"keyctl", "EPERM"},
    {"kill-host-process", "ESRCH"},
    {"is-a-terminal-one", "yes"},
    {"is-null-a-terminal", "ENOTTY"},
    {"limit-init", "EPERM"},
    {"link-into-other-directory", "done"},
    {"listmount", "ENOSYS"},
    {"lower-core-limit", "1 1"},
    {"lower-memory-score", "EACCES"},
    {"make-whiteout", "EPERM"},
    {"map_shadow_stack", "ENOSYS"},
    {"memfd_secret", "EPERM"},
    {"mknod-device", "EPERM"},
    {"mknod-null", "EPERM"},
    {"mount", "EPERM"},
    {"mount_setattr", "EPERM"},
    {"move_mount", "EPERM"},
    {"name_to_handle_at", "EPERM"},
    {"open-files-without-end", "exit 0"},
    {"open-host-process", "ESRCH"},
    {"open-kmsg", "ENOENT"},
    {"open-mem", "ENOENT"},
    {"open-tunnel-device", "ENOENT"},
    {"open-terminal", "ENXIO"},
    {"open_by_handle_at", "EPERM"},
    {"open_tree", "EPERM"},
    {"other-netlink-protocols", "none"},
    {"other-socket-families", "none"},
    {"perf_event_open", "EPERM"},
    {"personality-no-aslr", "done"},
    {"personality-other-abi", "ENOSYS"},
    {"pivot_root", "EPERM"},
    {"proc-sys-read-only", "1"},
    {"ptrace-init", "EPERM"},
    {"quotactl", "EPERM"},
    {"raise-core-limit", "1 1"},
    {"raise-file-limit", "EPERM"},
    {"raise-process-limit", "EPERM"},
    {"read-boot-id", "00000000-0000-4000-8000-000000000000"},
    {"read-disks", "empty"},
    {"read-host-file", "ENOENT"},
    {"read-host-file-through-link", "ENOENT"},
    {"read-host-file-through-init", "EACCES"},
    {"read-init-descriptors", "EACCES"},
    {"read-init-directory", "EACCES"},
    {"read-init-environment", "EACCES"},
    {"read-init-memory", "EACCES"},
    {"read-init-program", "EACCES"},
    {"read-kcore", "empty"},
    {"read-kernel-command-line", "empty"},
    {"read-modules", "empty"},
    {"read-memory-of-init", "EPERM"},
    {"read-parent-of-root", "1"},
    {"read-read-only-file", "done"},
    {"real-time-priority", "EPERM"},
    {"reboot", "EPERM"},
    {"remount-proc-sys", "EPERM"},
    {"rename-into-other-directory", "done"},
    {"request_key", "EPERM"},
    {"run-setuid-program", "exit 0"},
    {"run-setuid-program-by-descriptor", "exit 0"},
    {"run-setuid-program-by-link", "exit 0"},
    {"run-setuid-program-by-mknod", "exit 0"},
    {"run-setuid-program-by-open", "exit 0"},
    {"run-setuid-program-by-openat2", "exit 0"},
    {"run-setuid-program-made-inside", "exit 0"},
    {"send-broadcast", "ENETUNREACH"},
    {"send-name-query", "ENETUNREACH"},
    {"set-file-capability", "EPERM"},
    {"set-trusted-attribute", "EPERM"},
    {"sethostname", "EPERM"},
    {"setns", "EPERM"},
    {"settimeofday", "EPERM"},
    {"setxattrat", "ENOSYS"},
    {"signal-everybody", "ESRCH"},
    {"signal-init", "EPERM"},
    {"socket-alg", "EAFNOSUPPORT"},
    {"socket-alg-high-bits", "EAFNOSUPPORT"},
    {"socket-netlink-audit", "EPROTONOSUPPORT"},
    {"socket-netlink-route", "done"},
    {"socket-packet", "EAFNOSUPPORT"},
    {"socket-raw", "EPERM"},
    {"socket-vsock", "EAFNOSUPPORT"},
    {"swapon", "EPERM"},
    {"syslog", "EPERM"},
    {"take-descriptor-of-init", "EPERM"},
    {"take-loopback-down", "EPERM"},
    {"type-into-terminal", "EPERM"},
    {"type-into-terminal-high-bits", "EPERM"},
    {"umount", "EPERM"},
    {"unknown-call", "ENOSYS"},
    {"unshare-mount", "EPERM"},
    {"unshare-user", "EPERM"},
    {"userfaultfd", "EPERM"},
    {"write-clock-offsets", "EPERM"},
    {"write-group-switch", "EACCES"},
    {"write-id-map", "EPERM"},
    {"write-memory-of-init", "EPERM"},
    {"write-null", "done"},
    {"write-priority-of-init", "EACCES"},
    {"write-proc-sys", "EACCES"},
    {"write-proc-sys-network", "EACCES"},
    {"write-read-only-file", "EROFS"},
    {"write-sysrq", "refused"},
};

// For tests/bench/escapes.sh.
void Print(SandboxUser user, const std::map<std::string, std::string>& outcomes) {
  if (std::getenv("NACHBAU_PRINT_ESCAPES") == nullptr) return;
  const char* const who = ::geteuid() == 0 ? "root" : FindIdMap().HasOneId() ? "one-id" : "user";
  for (const auto& [attempt, outcome] : outcomes) {
    std::cout << "escape\t" << attempt << "\t" << who << (user == SandboxUser::kRoot ? "/script" : "/build") << "\t"
              << outcome << "\n";
  }
  std::cout.flush();
}

void ExpectAll(SandboxUser user, std::map<std::string, std::string> other) {
  std::map<std::string, std::string> outcomes = Attack(user);
  Print(user, outcomes);
  const LandlockPlan landlock = MakeLandlockPlan();
  if (landlock.abi < 5) other["control-random-device"] = "done";
  if (landlock.scopes == 0 && (user == SandboxUser::kRoot || FindIdMap().HasOneId())) other["signal-init"] = "done";
  // A kernel without 32-bit calls has no such gate at all.
  if (outcomes["call-by-int80"] == "signal 11") other["call-by-int80"] = "signal 11";
  for (const auto& [attempt, usual] : kExpected) {
    const auto found = other.find(attempt);
    EXPECT_EQ(outcomes[attempt], found == other.end() ? usual : found->second) << attempt;
  }
  EXPECT_EQ(outcomes.size(), kExpected.size()) << "an attempt without expectation";
}

class EscapeTest : public EachUser {};

TEST_P(EscapeTest, TheBuildUserGetsNowhere) {
  Run([] { ExpectAll(SandboxUser::kBuilder, {}); });
}

TEST_P(EscapeTest, RootInsideGetsNowhere) {
  Run([] {
    ExpectAll(SandboxUser::kRoot, {{"chroot", "done"}, {"chroot-twice", "exit 0"}, {"set-file-capability", "done"}});
  });
}

// Runs `request` in a child until it says "ready".
class Background {
 public:
  explicit Background(const SandboxRequest& request) {
    EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      try {
        RunInSandbox(request, [&](std::string_view piece) {
          if (::write(ends_[1], piece.data(), piece.size()) < 0) ::_exit(2);
        });
      } catch (...) {
      }
      ::_exit(1);
    }
    ::close(ends_[1]);
    char letter = 0;
    EXPECT_EQ(::read(ends_[0], &letter, 1), 1);
    EXPECT_EQ(letter, 'r');
  }
  ~Background() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(ends_[0]);
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  int ends_[2] = {-1, -1};
  pid_t pid_ = -1;
};

TEST_P(EscapeTest, TwoSandboxesAndTheMachineDoNotMeet) {
  Run([] {
    TinyRoot one, other;
    Targets machine;  // for a port that is free here
    const std::string name = "nachbau-meet-" + std::to_string(::getpid()), port = std::to_string(machine.port() ^ 1);
    const Background offer(one.Request({"offer", name, port}));
    EXPECT_EQ(builder::Run(other.Request({"meet", name, port})).output,
              "abstract-socket=ECONNREFUSED\nport=ECONNREFUSED\nmessage-queue=ENOENT\n");
    const FileDescriptor from_outside(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    std::memcpy(path.sun_path + 1, name.data(), name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    EXPECT_NE(::connect(from_outside.get(), reinterpret_cast<sockaddr*>(&path), length), 0);
    EXPECT_EQ(errno, ECONNREFUSED);
  });
}

TEST_P(EscapeTest, AnOutputIsNotWrittenToAfterTheEnd) {
  Run([] {
    TinyRoot root;
    const Ran ran = builder::Run(root.Request({"write-late"}));
    ASSERT_EQ(ran.result.exit_code, 0) << ran.output;
    const std::filesystem::path output = root.path() / "upper/tmp/output";
    const auto size = std::filesystem::file_size(output);
    EXPECT_GT(size, 0U);
    ::usleep(30000);
    EXPECT_EQ(std::filesystem::file_size(output), size);
  });
}

// As one user: the count takes its seconds.
TEST(EscapeTestOnce, FilesWithoutContentCountAsDisk) {
  TinyRoot root;
  SandboxRequest request = root.Request({"files"});
  request.limits.disk = 1 << 20;
  const Ran ran = builder::Run(request);
  EXPECT_EQ(ran.result.end, SandboxEnd::kOverLimit) << ran.result.detail;
  EXPECT_EQ(ran.result.detail, "disk: more than 1048576 bytes");
}

INSTANTIATE_TEST_SUITE_P(Sandbox, EscapeTest, testing::Values(Who::kRoot, Who::kUser, Who::kUserWithoutIds), WhoName);

}  // namespace
}  // namespace nachbau::builder
