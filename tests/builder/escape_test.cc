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
#include <unistd.h>

#include <cstring>
#include <map>
#include <sstream>
#include <string>

#include "base/fd.h"
#include "base/file.h"
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
  const Ran ran = Run(request);
  ::close(leaked);
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
    {"clock_settime", "EPERM"},
    {"clone-network", "EPERM"},
    {"clone-user", "EPERM"},
    {"clone-user-and-mount", "EPERM"},
    {"clone3", "ENOSYS"},
    {"connect-abstract-socket", "ECONNREFUSED"},
    {"connect-host-loopback", "ECONNREFUSED"},
    {"connect-metadata-service", "ENETUNREACH"},
    {"connect-outside", "ENETUNREACH"},
    {"connect-own-loopback", "done"},
    {"console-ioctl", "EPERM"},
    {"create-beside-read-only-file", "EROFS"},
    {"create-in-dev", "EROFS"},
    {"create-in-sys", "EROFS"},
    {"fanotify", "EPERM"},
    {"fsopen", "EPERM"},
    {"init_module", "EPERM"},
    {"io_uring", "EPERM"},
    {"kexec_load", "EPERM"},
    {"keyctl", "EPERM"},
    {"kill-host-process", "ESRCH"},
    {"mknod-device", "EPERM"},
    {"mknod-null", "EPERM"},
    {"mount", "EPERM"},
    {"mount_setattr", "EPERM"},
    {"move_mount", "EPERM"},
    {"open-kmsg", "ENOENT"},
    {"open-mem", "ENOENT"},
    {"open-terminal", "ENXIO"},
    {"open_by_handle_at", "EPERM"},
    {"open_tree", "EPERM"},
    {"perf_event_open", "EPERM"},
    {"personality-no-aslr", "done"},
    {"personality-other-abi", "ENOSYS"},
    {"pivot_root", "EPERM"},
    {"proc-sys-read-only", "1"},
    {"ptrace-init", "EPERM"},
    {"quotactl", "EPERM"},
    {"raise-core-limit", "EPERM"},
    {"raise-file-limit", "EPERM"},
    {"raise-process-limit", "EPERM"},
    {"read-host-file", "ENOENT"},
    {"read-host-file-through-init", "EACCES"},
    {"read-init-descriptors", "EACCES"},
    {"read-init-directory", "EACCES"},
    {"read-init-environment", "EACCES"},
    {"read-init-memory", "EACCES"},
    {"read-init-program", "EACCES"},
    {"read-kcore", "empty"},
    {"read-memory-of-init", "EPERM"},
    {"read-parent-of-root", "1"},
    {"read-read-only-file", "done"},
    {"reboot", "EPERM"},
    {"remount-proc-sys", "EPERM"},
    {"request_key", "EPERM"},
    {"run-setuid-program", "exit 0"},
    {"run-setuid-program-made-inside", "exit 0"},
    {"sethostname", "EPERM"},
    {"setns", "EPERM"},
    {"socket-alg", "EAFNOSUPPORT"},
    {"socket-alg-high-bits", "EAFNOSUPPORT"},
    {"socket-netlink-audit", "EPROTONOSUPPORT"},
    {"socket-netlink-route", "done"},
    {"socket-packet", "EAFNOSUPPORT"},
    {"socket-raw", "EPERM"},
    {"socket-vsock", "EAFNOSUPPORT"},
    {"swapon", "EPERM"},
    {"syslog", "EPERM"},
    {"type-into-terminal", "EPERM"},
    {"type-into-terminal-high-bits", "EPERM"},
    {"umount", "EPERM"},
    {"unknown-call", "ENOSYS"},
    {"unshare-mount", "EPERM"},
    {"unshare-user", "EPERM"},
    {"userfaultfd", "EPERM"},
    {"write-null", "done"},
    {"write-proc-sys", "EACCES"},
    {"write-proc-sys-network", "EACCES"},
    {"write-read-only-file", "EROFS"},
    {"write-sysrq", "refused"},
};

void ExpectAll(SandboxUser user, const std::map<std::string, std::string>& other) {
  std::map<std::string, std::string> outcomes = Attack(user);
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
  Run([] { ExpectAll(SandboxUser::kRoot, {{"chroot", "done"}}); });
}

INSTANTIATE_TEST_SUITE_P(Sandbox, EscapeTest, testing::Values(Who::kRoot, Who::kUser), WhoName);

}  // namespace
}  // namespace nachbau::builder
