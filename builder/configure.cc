#include "builder/configure.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/deb822.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau::builder {
namespace {

constexpr std::size_t kOutputKept = 4000;  // bytes of the scripts' output shown when they fail
constexpr std::uint32_t kSeconds = 1800;
constexpr const char* kScript = "/.nachbau-configure";

std::string ShellQuote(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

bool Contains(const std::vector<UnpackedPackage>& packages, std::string_view name) {
  return std::any_of(packages.begin(), packages.end(), [&](const auto& package) { return package.name == name; });
}

bool IsScript(const std::string& name) {
  const std::string extension = name.substr(name.rfind('.') + 1);
  return extension == "preinst" || extension == "postinst" || extension == "prerm" || extension == "postrm" ||
         extension == "config";
}

void Write(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
  WriteFileAtomically(path, bytes, mode, Durability::kNone);
}

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Scripts of packages made this tree: links are not followed, and it is as deep as the packages and scripts made it.
void ClampBeneath(FileDescriptor directory, const timespec& now) {
  const std::unique_ptr<DIR, DirectoryCloser> stream(::fdopendir(directory.get()));
  if (!stream) throw SystemError(errno, Msg("list a directory"));
  const int fd = directory.Release();
  const std::array<timespec, 2> times = {now, now};
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status {};
    if (::fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) throw SystemError(errno, Msg("look at {}", name));
    if (S_ISDIR(status.st_mode)) {
      FileDescriptor inner(::openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!inner.valid()) throw SystemError(errno, Msg("open {}", name));
      ClampBeneath(std::move(inner), now);
    }
    const bool later = status.st_mtim.tv_sec > now.tv_sec || (status.st_mtim.tv_sec == now.tv_sec && status.st_mtim.tv_nsec > 0);
    if (later && ::utimensat(fd, entry->d_name, times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
      throw SystemError(errno, Msg("set the time of {}", name));
    }
    errno = 0;
  }
  if (errno != 0) throw SystemError(errno, Msg("list a directory"));
}

}  // namespace

std::string ConfigureScript(const std::vector<UnpackedPackage>& packages, const InstalledState* installed) {
  const std::string user(kBuildUser);
  std::string running_version = "1.0.0";
  if (installed != nullptr && !installed->dpkg_version.empty()) running_version = installed->dpkg_version;
  for (const UnpackedPackage& package : packages) {
    if (package.name == "dpkg") running_version = package.version;
  }
  std::string script = "set -e\numask 022\n";
  if (installed != nullptr) {
    // The build user comes last, so that the scripts find the users they would find in a root made at once.
    const std::string remove = "sed -i '/^" + user + ":/d' ";
    script += remove + "/etc/passwd\n" + remove + "/etc/group\n";
    for (const char* file : {"/etc/shadow", "/etc/gshadow"}) {
      script += "if [ -e " + std::string(file) + " ]; then " + remove + file + "; fi\n";
    }
  }
  script +=
      "export DPKG_MAINTSCRIPT_NAME=preinst DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT= "
      "DPKG_RUNNING_VERSION=" + ShellQuote(running_version) + "\n";
  for (const std::size_t i : PreinstOrder(packages)) {
    const UnpackedPackage& package = packages[i];
    script += "DPKG_MAINTSCRIPT_PACKAGE=" + ShellQuote(package.name) +
              " DPKG_MAINTSCRIPT_ARCH=" + ShellQuote(package.architecture) + " " +
              ShellQuote("/var/lib/dpkg/info/" + package.InfoName() + ".preinst") + " install\n";
  }
  script +=
      "unset DPKG_MAINTSCRIPT_NAME DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT DPKG_ADMINDIR DPKG_ROOT DPKG_RUNNING_VERSION\n"
      "dpkg --configure -a\n"
      "audit=$(dpkg --audit)\n"
      "if [ -n \"$audit\" ]; then echo \"$audit\"; exit 3; fi\n"
      "echo '" + user + ":x:1000:1000:build user:/nonexistent:/bin/sh' >> /etc/passwd\n"
      "echo '" + user + ":x:1000:' >> /etc/group\n"
      "if [ -e /etc/shadow ]; then echo '" + user + ":!:1:0:99999:7:::' >> /etc/shadow; fi\n"
      "if [ -e /etc/gshadow ]; then echo '" + user + ":!::' >> /etc/gshadow; fi\n"
      // What differs from one time to the next, and nothing in a build may depend on.
      "rm -f /usr/sbin/policy-rc.d /var/lib/dpkg/*-old /var/cache/debconf/*-old /etc/*- /var/lib/dpkg/lock*\n"
      "rm -f /var/lib/dpkg/triggers/Lock /var/cache/ldconfig/aux-cache /var/lib/dbus/machine-id\n"
      "find /var/log -type f -exec rm -f '{}' +\n"
      "if [ -e /etc/machine-id ]; then : > /etc/machine-id; fi\n"
      "if [ -e /etc/shadow ]; then sed -i 's/^\\([^:]*:[^:]*\\):[0-9]*:/\\1:1:/' /etc/shadow; fi\n"
      "rm -f " + std::string(kScript) + "\n";
  return script;
}

void WriteUnconfigured(const std::vector<UnpackedPackage>& packages, const std::filesystem::path& configured,
                       const InstalledState* installed) {
  for (const auto& [name, bytes] : MakeDpkgDatabase(packages, installed)) {
    Write(configured / "var/lib/dpkg" / name, bytes, IsScript(name) ? 0755 : 0644);
  }
  if (installed == nullptr) {
    for (const char* directory : {"var/lib/dpkg/updates", "var/lib/dpkg/alternatives", "var/lib/dpkg/parts"}) {
      MakeDirectories(configured / directory);
    }
    Write(configured / "etc/hosts", "127.0.0.1 localhost\n127.0.1.1 nachbau\n::1 localhost\n", 0644);
    Write(configured / "etc/hostname", "nachbau\n", 0644);
    Write(configured / "etc/resolv.conf", "", 0644);  // build daemons have one; there is nobody to ask
  }
  Write(configured / "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0755);
  Write(configured / std::filesystem::path(kScript).relative_path(), ConfigureScript(packages, installed), 0644);
  // As Debian's build daemons have it: nobody reads manual pages here, and their index takes seconds to make and
  // differs each time.
  if (Contains(packages, "man-db") && (Contains(packages, "debconf") || (installed != nullptr && installed->has_debconf))) {
    std::string answers = installed == nullptr ? "" : installed->debconf;
    if (!answers.empty() && !answers.ends_with("\n\n")) answers += '\n';
    Write(configured / "var/cache/debconf/config.dat",
          answers + "Name: man-db/auto-update\nTemplate: man-db/auto-update\nValue: false\nOwners: man-db\nFlags: seen\n\n", 0644);
  }
}

void RunMaintainerScripts(const std::filesystem::path& root, const std::vector<std::filesystem::path>& beneath,
                          UnixSeconds now, const IdMap& map, const SandboxLimits& limits,
                          const std::atomic<bool>* cancelled, Progress::Task& task) {
  SandboxRequest request;
  request.lower = {root / "base"};
  request.lower.insert(request.lower.end(), beneath.begin(), beneath.end());
  request.upper = root / "configured";
  request.work = root / "work";
  request.command = {"/bin/sh", kScript};
  request.environment = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                         {"LC_ALL", "C.UTF-8"},
                         {"HOME", "/root"},
                         {"DEBIAN_FRONTEND", "noninteractive"},
                         {"DEBCONF_NONINTERACTIVE_SEEN", "true"},
                         {"SOURCE_DATE_EPOCH", std::to_string(now)}};
  request.user = SandboxUser::kRoot;
  request.skip_sleep = true;  // libc6 gives init a second to start again
  request.limits = limits;
  request.limits.seconds = kSeconds;
  request.id_map = map;
  request.cancelled = cancelled;
  std::string output;
  const SandboxResult result = RunInSandbox(request, [&](std::string_view piece) {
    output.append(piece);
    if (output.size() > 2 * kOutputKept) output.erase(0, output.size() - kOutputKept);
    const std::string_view lines = Trim(piece);
    task.SetDetail(lines.substr(lines.rfind('\n') + 1));
  });
  if (result.end == SandboxEnd::kCancelled) throw CancelledError();
  if (result.end == SandboxEnd::kExited && result.exit_code == 0) return;
  if (output.size() > kOutputKept) output.erase(0, output.size() - kOutputKept);
  const std::string how = result.detail.empty() ? "exit code " + std::to_string(result.exit_code) : result.detail;
  throw Error(Msg("the maintainer scripts of the build environment failed ({}): {}", how, output));
}

void ClampTimes(UnixSeconds now) {
  const timespec time{now, 0};
  const std::array<timespec, 2> times = {time, time};
  FileDescriptor top(::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top.valid()) throw SystemError(errno, Msg("open {}", "."));
  ClampBeneath(std::move(top), time);
  if (::utimensat(AT_FDCWD, ".", times.data(), 0) != 0) throw SystemError(errno, Msg("set the time of {}", "."));
}

}  // namespace nachbau::builder
