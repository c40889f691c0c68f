#include "builder/machine_check.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <optional>
#include <string>
#include <tuple>

#include "base/error.h"
#include "base/file.h"
#include "builder/sandbox/capabilities.h"
#include "builder/sandbox/cgroup.h"
#include "builder/sandbox/id_map.h"
#include "builder/sandbox/sandbox.h"
#include "builder/sandbox/seccomp.h"

namespace nachbau::builder {
namespace {

using State = MachineCheck::State;

constexpr std::uint64_t kGiB = 1ULL << 30;

MachineCheck Good(const char* name, Message found) { return {name, State::kGood, std::move(found), {}}; }

// The error's text, and its hint or else `remedy`.
MachineCheck Bad(const char* name, const Error& error, Message remedy) {
  if (!error.hints().empty()) remedy = error.hints().front();
  return {name, State::kBad, Msg("{}", std::string_view(error.what())), std::move(remedy)};
}

// 0 when `work` returned 0 in a forked child, else the errno that it returned; -1 when it died.
template <typename Work>
int TryInChild(const Work& work) {
  const pid_t pid = ::fork();
  if (pid < 0) throw SystemError(errno, Msg("start a process"));
  if (pid == 0) ::_exit(work());
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::optional<std::uint64_t> SettingOf(const char* path) {
  const auto file = OpenForReadingIfExists(path);
  if (!file) return std::nullopt;
  const std::string text = ReadDescriptor(*file, path, 100);
  std::uint64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

// Which of the usual switches forbids it.
Message UserNamespaceRemedy() {
  if (SettingOf("/proc/sys/user/max_user_namespaces") == 0U) {
    return Msg("As an administrator: sysctl -w user.max_user_namespaces=15000 (and a file in /etc/sysctl.d to keep it)");
  }
  if (SettingOf("/proc/sys/kernel/unprivileged_userns_clone") == 0U) {
    return Msg("As an administrator: sysctl -w kernel.unprivileged_userns_clone=1 (and a file in /etc/sysctl.d to keep "
               "it)");
  }
  if (SettingOf("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1U) {
    return Msg("AppArmor forbids it to ordinary users. As an administrator: sysctl -w "
               "kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for nachbau with \"userns,\"");
  }
  return Msg("In a container, start it so that user namespaces are allowed (docker: --security-opt seccomp=unconfined; "
             "podman allows them)");
}

std::string InGiB(std::uint64_t bytes) {
  return std::to_string(bytes / kGiB) + "." + std::to_string(bytes % kGiB * 10 / kGiB) + " GiB";
}

// The nearest directory that exists: the configured one is made on first use.
std::filesystem::path Existing(std::filesystem::path path) {
  path = std::filesystem::absolute(path);
  struct stat state {};
  while (path.has_relative_path() && ::stat(path.c_str(), &state) != 0) path = path.parent_path();
  return path;
}

}  // namespace

MachineCheck CheckUserNamespaces() {
  constexpr const char* kName = "user namespaces";
  const int failure = TryInChild([] { return ::unshare(CLONE_NEWUSER) == 0 ? 0 : errno; });
  if (failure == 0) return Good(kName, Msg("allowed"));
  return {kName, State::kBad, Msg("forbidden: {}", Render(SystemError(failure, Msg("unshare")).parts().back())),
          UserNamespaceRemedy()};
}

MachineCheck CheckSubordinateIds() {
  constexpr const char* kName = "subordinate ids";
  try {
    const IdMap map = FindIdMap();
    if (map.HasOneId()) {
      return {kName, State::kReduced,
              Msg("none for this user: builds work with the user's own id alone, in which all files of a root belong to the "
                  "build user; the record of each build says so"),
              SubordinateIdsRemedy()};
    }
    return Good(kName, Msg("users {} to {}, groups {} to {}", map.first_uid, map.first_uid + map.uid_count - 1,
                           map.first_gid, map.first_gid + map.gid_count - 1));
  } catch (const Error& error) {
    return Bad(kName, error, Msg("Look into /etc/subuid and /etc/subgid"));
  }
}

MachineCheck CheckIdMapping() {
  constexpr const char* kName = "id mapping";
  try {
    const IdMap map = FindIdMap();
    InUserNamespace(map, [&] {
      if (map.HasOneId()) return;
      if (::syscall(SYS_setresuid, 1000, 1000, 1000) != 0) throw SystemError(errno, Msg("become another user"));
    });
    if (map.HasOneId()) return Good(kName, Msg("the kernel takes the user's own id"));
    return Good(kName, map.own_id_is_root ? Msg("newuidmap and newgidmap work") : Msg("the kernel takes the ids"));
  } catch (const Error& error) {
    return Bad(kName, error, UserNamespaceRemedy());
  }
}

// A namespace of mounts is a copy, and descriptors opened before stay in the original, where nothing can be mounted; only the
// current directory moves along.
class CurrentDirectory {
 public:
  explicit CurrentDirectory(const std::filesystem::path& path) : before_(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    if (!before_.valid() || ::chdir(path.c_str()) != 0) throw SystemError(errno, Msg("change to {}", path.native()));
  }
  CurrentDirectory(const CurrentDirectory&) = delete;
  CurrentDirectory& operator=(const CurrentDirectory&) = delete;
  ~CurrentDirectory() { std::ignore = ::fchdir(before_.get()); }

 private:
  FileDescriptor before_;
};

MachineCheck CheckOverlay(const std::filesystem::path& work_directory) {
  constexpr const char* kName = "overlayfs";
  try {
    const IdMap map = FindIdMap();
    TemporaryDirectory area(work_directory, ".check-");
    const std::filesystem::path directory = area.path() / "overlay";
    MakeOwnedDirectory(map, directory);
    std::optional<Error> failure;
    try {
      const CurrentDirectory there(directory);
      InUserNamespace(map, [&] {
        const auto check = [](int result, Message what) {
          if (result < 0) throw SystemError(errno, std::move(what));
        };
        for (const char* name : {"lower", "lower/layered", "upper", "work", "root"}) {
          check(::mkdir(name, 0755), Msg("make a directory"));
        }
        check(::mount("nachbau", "root", "overlay", MS_NOSUID | MS_NODEV,
                      "userxattr,lowerdir=lower,upperdir=upper,workdir=work"),
              Msg("mount an overlay"));
        // A new directory in place of one of a layer: works only with extended attributes.
        check(::rmdir("root/layered"), Msg("remove a directory of a layer"));
        check(::mkdir("root/layered", 0755), Msg("make a directory in place of one of a layer"));
      });
    } catch (const Error& error) {
      failure = error;
    }
    RemoveTree(map, directory);
    if (failure) throw Error(*failure);
    return Good(kName, Msg("works on {}", work_directory.native()));
  } catch (const Error& error) {
    return Bad(kName, error,
               Msg("Put the work directory on ext4, xfs or btrfs of this machine itself: not on a network file system, "
                   "and not on the overlay of a container (give it a volume)"));
  }
}

MachineCheck CheckProc() {
  constexpr const char* kName = "process files";
  try {
    InUserNamespace(FindIdMap(), [] {
      if (::unshare(CLONE_NEWPID) != 0) throw SystemError(errno, Msg("make a process namespace"));
      const int failure = TryInChild([] { return ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV, nullptr) == 0 ? 0 : errno; });
      if (failure != 0) throw SystemError(failure, Msg("mount /proc"));
    });
    return Good(kName, Msg("a new /proc can be mounted"));
  } catch (const Error& error) {
    return Bad(kName, error,
               Msg("The /proc of this machine is partly covered, as in many containers. Start the container so that "
                   "/proc is whole (podman: --security-opt unmask=ALL; docker: --security-opt systempaths=unconfined)"));
  }
}

MachineCheck CheckSeccomp() {
  constexpr const char* kName = "system call filter";
  try {
    const SeccompFilters filters = MakeSeccompFilters({.sync = true}, OwnerCalls::kReal);
    const int failure = TryInChild([&] {
      if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
      // Exit code 120 of a failed step is not used here: the socket is no descriptor, and that is fine.
      InstallSeccompInside(filters, StepReporter(-1));
      return ::unshare(CLONE_NEWUSER) == 0 || errno != EPERM ? 121 : 0;
    });
    if (failure == 0) return Good(kName, Msg("seccomp works"));
    return {kName, State::kBad, Msg("the kernel takes no seccomp filter"),
            Msg("Use a kernel with CONFIG_SECCOMP_FILTER, as all kernels of Debian have it")};
  } catch (const Error& error) {
    return Bad(kName, error, Msg("Install the package libseccomp2 of this Debian release"));
  }
}

MachineCheck CheckControlGroups() {
  constexpr const char* kName = "control groups";
  SandboxLimits limits;
  limits.memory = kGiB;
  std::string why_not;
  if (const auto group = ControlGroup::Make(limits, why_not)) {
    return Good(kName, Msg("memory and processes of a build can be limited together ({})", group->Description()));
  }
  return {kName, State::kReduced,
          Msg("none for this user ({}): each process of a build gets the memory limit for itself, and the sum is looked "
              "at several times a second",
              why_not),
          ::geteuid() == 0 ? Msg("Not needed for rebuilding. In a container, start it with a writable /sys/fs/cgroup")
                           : Msg("Not needed for rebuilding. For the full limit start nachbau through: systemd-run "
                                 "--user --scope -- COMMAND")};
}

MachineCheck JudgeDisk(const std::filesystem::path& directory, std::uint64_t left) {
  constexpr const char* kName = "disk";
  const Message found = Msg("{} free in {}", InGiB(left), directory.native());
  if (left < 3 * kGiB) {
    return {kName, State::kBad, found, Msg("Make room: a small package needs about 3 GiB, a large one 30 GiB")};
  }
  if (left < 30 * kGiB) {
    return {kName, State::kReduced, found, Msg("Enough for small packages; large ones need up to 30 GiB")};
  }
  return Good(kName, found);
}

MachineCheck CheckDisk(const std::filesystem::path& directory) {
  struct statvfs state {};
  const std::filesystem::path existing = Existing(directory);
  if (::statvfs(existing.c_str(), &state) != 0) {
    return Bad("disk", SystemError(errno, Msg("look at the file system of {}", existing.native())),
               Msg("Choose another directory"));
  }
  return JudgeDisk(directory, state.f_bavail * state.f_frsize);
}

MachineCheck JudgeMemory(std::uint64_t available) {
  constexpr const char* kName = "memory";
  const Message found = Msg("{} available", InGiB(available));
  if (available < kGiB) return {kName, State::kBad, found, Msg("End other programs; even a small package needs 1 GiB")};
  if (available < 4 * kGiB) {
    return {kName, State::kReduced, found, Msg("Enough for small packages; large ones need 4 GiB and more")};
  }
  return Good(kName, found);
}

MachineCheck CheckMemory() {
  // "MemAvailable:   12345 kB": what can be had without swapping. proc_meminfo(5)
  const std::string text = ReadFile("/proc/meminfo", 1 << 20);
  const std::size_t at = text.find("MemAvailable:");
  std::uint64_t kilobytes = 0;
  if (at != std::string::npos) {
    const std::size_t digits = text.find_first_of("0123456789", at);
    if (digits != std::string::npos) std::from_chars(text.data() + digits, text.data() + text.size(), kilobytes);
  }
  return JudgeMemory(kilobytes * 1024);
}

std::vector<MachineCheck> CheckMachine(const BuilderConfig& config) {
  std::vector<MachineCheck> checks = {CheckUserNamespaces(), CheckSubordinateIds()};
  // Without the first two the others would only repeat what is wrong.
  if (checks[0].state == State::kGood && checks[1].state != State::kBad) {
    checks.push_back(CheckIdMapping());
    if (checks.back().state == State::kGood) {
      checks.push_back(CheckOverlay(config.work_directory));
      checks.push_back(CheckProc());
    }
  }
  checks.push_back(CheckSeccomp());
  checks.push_back(CheckControlGroups());
  checks.push_back(CheckDisk(config.work_directory));
  checks.push_back(CheckMemory());
  return checks;
}

}  // namespace nachbau::builder
