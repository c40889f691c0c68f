// How a root is made, and why it is fast:
//
//   packages/<sha256>/{data,control}   each binary package unpacked once, by this program, on all cores
//   roots/<digest>/base                one tree of hard links into those: the files of all packages
//   roots/<digest>/configured          overlay upper layer over base: what the maintainer scripts wrote
//
// The package database is generated as `dpkg --unpack` would have left it; then the preinst scripts and one
// `dpkg --configure -a` run in the sandbox. Nothing is synced to disk: the cache lies in a directory named after the
// boot, so that what a power cut may have torn is never used again.
#include "builder/root.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/deb822.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/compose.h"
#include "builder/unpack.h"

namespace nachbau::builder {
namespace {

// Part of a root's digest: to be changed with whatever changes the resulting tree.
constexpr std::string_view kPreparation = "nachbau-root/1";
constexpr std::size_t kOutputKept = 4000;  // bytes of the scripts' output shown when they fail
constexpr std::uint32_t kConfigureSeconds = 1800;

std::string BootId() {
  std::string id = ReadFile("/proc/sys/kernel/random/boot_id", 100);
  return id.substr(0, id.find('\n'));
}

// The cache directory for this boot and these ids; what other boots left is removed.
std::filesystem::path OpenCache(const BuilderConfig& config, const IdMap& map) {
  MakeDirectories(config.cache_directory);
  const std::string ids = "-" + std::to_string(map.first_uid);
  const std::filesystem::path cache = config.cache_directory / (BootId() + ids);
  const FileLock lock(config.cache_directory / "lock", FileLock::Mode::kExclusive);
  for (const auto& entry : std::filesystem::directory_iterator(config.cache_directory)) {
    const std::string name = entry.path().filename().native();
    if (entry.is_directory() && entry.path() != cache && name.ends_with(ids)) RemoveTree(map, entry.path());
  }
  MakeOwnedDirectory(map, cache);
  for (const char* part : {"packages", "roots"}) MakeOwnedDirectory(map, cache / part);
  return cache;
}

Sha256Digest RootDigest(const std::vector<LockedFile>& packages) {
  std::string text(kPreparation);
  for (const LockedFile& file : packages) text += "\n" + file.sha256.Hex();
  return Sha256(text);
}

// Counters that forked children share with this process.
struct Shared {
  std::atomic<std::uint32_t> next{0};
  std::atomic<std::uint32_t> done{0};
};
class SharedMemory {
 public:
  SharedMemory()
      : memory_(::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw SystemError(errno, Msg("map memory"));
    new (memory_) Shared;
  }
  ~SharedMemory() { ::munmap(memory_, sizeof(Shared)); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  Shared* operator->() { return static_cast<Shared*>(memory_); }

 private:
  void* memory_;
};

struct Job {
  std::string directory;  // name below packages/
  std::string file_name;
  FileDescriptor deb;
};

void UnpackJob(const Job& job) {
  const std::string temporary = "." + job.directory + "." + std::to_string(::getpid());
  if (::mkdirat(AT_FDCWD, temporary.c_str(), 0755) != 0) throw SystemError(errno, Msg("make directory {}", temporary));
  UnpackDeb(job.deb, FileDescriptor(::open(temporary.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), job.file_name);
  if (::rename(temporary.c_str(), job.directory.c_str()) != 0) throw SystemError(errno, Msg("rename to {}", job.directory));
}

void UnpackPackages(const std::vector<LockedFile>& packages, const std::filesystem::path& cache, const IdMap& map,
                    const BuilderConfig& config, const Store& store, Progress& progress) {
  std::vector<LockedFile> missing;
  for (const LockedFile& file : packages) {
    if (!std::filesystem::exists(cache / "packages" / file.sha256.Hex())) missing.push_back(file);
  }
  if (missing.empty()) return;
  // The largest first: then no core waits long for another at the end.
  std::sort(missing.begin(), missing.end(), [](const auto& left, const auto& right) { return left.size > right.size; });
  const auto task = progress.Start(Msg("Unpacking packages"), Unit::kItems, missing.size());
  std::vector<Job> jobs;
  for (const LockedFile& file : missing) jobs.push_back({file.sha256.Hex(), file.file_name, store.Open(file.sha256)});
  const FileDescriptor directory = OpenDirectory(cache / "packages");
  SharedMemory shared;
  std::mutex mutex;
  std::exception_ptr failure;
  std::atomic<bool> finished{false};
  const auto work = [&] {
    try {
      InUserNamespace(map, [&] {
        if (::fchdir(directory.get()) != 0) throw SystemError(errno, Msg("enter the cache"));
        ::umask(0022);
        for (std::uint32_t i = shared->next++; i < jobs.size(); i = shared->next++) {
          UnpackJob(jobs[i]);
          ++shared->done;
        }
      });
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
      shared->next = static_cast<std::uint32_t>(jobs.size());
    }
  };
  {
    std::jthread teller([&] {
      for (std::uint32_t told = 0; !finished; std::this_thread::sleep_for(std::chrono::milliseconds(50))) {
        const std::uint32_t done = shared->done;
        task->Advance(done - told);
        told = done;
        if (config.cancelled != nullptr && *config.cancelled) shared->next = static_cast<std::uint32_t>(jobs.size());
      }
    });
    {
      std::vector<std::jthread> workers;
      for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) workers.emplace_back(work);
    }
    finished = true;
  }
  if (failure) std::rethrow_exception(failure);
  if (config.cancelled != nullptr && *config.cancelled) throw CancelledError();
  task->Succeed();
}

std::string ShellQuote(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

// What runs in the sandbox as root. Everything it leaves must be the same each time.
std::string ConfigureScript(const std::vector<PackageTree>& trees, UnixSeconds epoch) {
  std::vector<UnpackedPackage> packages;
  for (const PackageTree& tree : trees) packages.push_back(tree.package);
  std::string script =
      "set -e\numask 022\n"
      "export DPKG_MAINTSCRIPT_NAME=preinst DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT= DPKG_RUNNING_VERSION=1.21.0\n";
  for (const std::size_t i : PreinstOrder(packages)) {
    const UnpackedPackage& package = packages[i];
    script += "DPKG_MAINTSCRIPT_PACKAGE=" + ShellQuote(package.name) +
              " DPKG_MAINTSCRIPT_ARCH=" + ShellQuote(package.architecture) + " " +
              ShellQuote("/var/lib/dpkg/info/" + package.InfoName() + ".preinst") + " install\n";
  }
  script +=
      "unset DPKG_MAINTSCRIPT_NAME DPKG_ADMINDIR DPKG_ROOT DPKG_RUNNING_VERSION\n"
      "dpkg --configure -a\n"
      "audit=$(dpkg --audit)\n"
      "if [ -n \"$audit\" ]; then echo \"$audit\"; exit 3; fi\n"
      "echo 'builder:x:1000:1000:build user:/nonexistent:/bin/sh' >> /etc/passwd\n"
      "echo 'builder:x:1000:' >> /etc/group\n"
      "if [ -e /etc/shadow ]; then echo 'builder:!:1:0:99999:7:::' >> /etc/shadow; fi\n"
      "if [ -e /etc/gshadow ]; then echo 'builder:!::' >> /etc/gshadow; fi\n"
      // What differs from one time to the next, and nothing in a build may depend on.
      "rm -f /usr/sbin/policy-rc.d /var/lib/dpkg/*-old /var/cache/debconf/*-old /etc/*- /var/lib/dpkg/lock*\n"
      "rm -f /var/cache/ldconfig/aux-cache /var/lib/dpkg/triggers/Lock /var/log/*.log /etc/machine-id\n"
      "if [ -e /etc/shadow ]; then sed -i 's/^\\([^:]*:[^:]*\\):[0-9]*:/\\1:1:/' /etc/shadow; fi\n"
      "rm -f /.nachbau-configure\n"
      "find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run \\) -prune -o"
      " -newermt @" + std::to_string(epoch) + " -exec touch -h -d @" + std::to_string(epoch) + " '{}' +\n";
  return script;
}

UnixSeconds NewestRelease(const Lock& lock) {
  UnixSeconds newest = 1;
  for (const ReleaseProof& release : lock.releases) newest = std::max(newest, release.date);
  return newest;
}

void WriteInto(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
  WriteFileAtomically(path, bytes, mode, Durability::kNone);
}

// Composes base/ and writes the database into configured/. In the user namespace, in the directory of the new root.
void ComposeRoot(const std::vector<LockedFile>& packages, const FileDescriptor& package_directory, UnixSeconds epoch) {
  ::umask(0022);
  std::vector<PackageTree> trees;
  for (const LockedFile& file : packages) {
    trees.push_back(ReadPackageTree(OpenBeneath(package_directory, file.sha256.Hex(), O_RDONLY | O_DIRECTORY), file.file_name));
  }
  for (const char* name : {"base", "configured", "work"}) {
    if (::mkdir(name, 0755) != 0) throw SystemError(errno, Msg("make directory {}", std::string_view(name)));
  }
  Compose(trees, FileDescriptor(::open("base", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  std::vector<UnpackedPackage> unpacked;
  for (const PackageTree& tree : trees) unpacked.push_back(tree.package);
  const std::filesystem::path top("configured");
  for (const auto& [name, bytes] : MakeDpkgDatabase(unpacked)) {
    const std::string extension = name.substr(name.rfind('.') + 1);
    const bool script = extension == "preinst" || extension == "postinst" || extension == "prerm" ||
                        extension == "postrm" || extension == "config";
    WriteInto(top / "var/lib/dpkg" / name, bytes, script ? 0755 : 0644);
  }
  MakeDirectories(top / "var/lib/dpkg/updates");
  WriteInto(top / "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0755);
  WriteInto(top / "etc/hosts", "127.0.0.1 localhost\n::1 localhost\n", 0644);
  WriteInto(top / "etc/hostname", "nachbau\n", 0644);
  WriteInto(top / ".nachbau-configure", ConfigureScript(trees, epoch), 0644);
}

void Configure(const std::filesystem::path& root, UnixSeconds epoch, const BuilderConfig& config, const IdMap& map,
               Progress::Task& task) {
  SandboxRequest request;
  request.lower = {root / "base"};
  request.upper = root / "configured";
  request.work = root / "work";
  request.command = {"/bin/sh", "/.nachbau-configure"};
  request.environment = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                         {"LC_ALL", "C.UTF-8"},
                         {"HOME", "/root"},
                         {"DEBIAN_FRONTEND", "noninteractive"},
                         {"DEBCONF_NONINTERACTIVE_SEEN", "true"},
                         {"SOURCE_DATE_EPOCH", std::to_string(epoch)}};
  request.user = SandboxUser::kRoot;
  request.limits.seconds = kConfigureSeconds;
  request.id_map = map;
  request.cancelled = config.cancelled;
  std::string output;
  const SandboxResult result = RunInSandbox(request, [&](std::string_view piece) {
    output.append(piece);
    if (output.size() > 2 * kOutputKept) output.erase(0, output.size() - kOutputKept);
    const std::string_view lines = Trim(piece);
    task.SetDetail(lines.substr(lines.rfind('\n') + 1));
  });
  if (result.end == SandboxEnd::kCancelled) throw CancelledError();
  if (result.end != SandboxEnd::kExited || result.exit_code != 0) {
    throw Error(Msg("the maintainer scripts of the build environment failed ({}): {}",
                    result.detail.empty() ? "exit code " + std::to_string(result.exit_code) : result.detail,
                    output.size() > kOutputKept ? output.substr(output.size() - kOutputKept) : output));
  }
}

}  // namespace

RootLayers MakeRoot(const Lock& lock, const BuilderConfig& config, const IdMap& map, const Store& store,
                    Progress& progress) {
  const std::uint64_t start = MonotonicMilliseconds();
  const std::vector<LockedFile> packages = lock.WithRole(InputRole::kEnvironment);
  if (packages.empty()) throw MissingError(Msg("the lock of {} names no build environment", lock.source));
  RootLayers layers;
  layers.cache = OpenCache(config, map);
  layers.prepared.digest = RootDigest(packages);
  layers.prepared.packages = static_cast<std::uint32_t>(packages.size());
  const std::string name = layers.prepared.digest.Hex();
  const std::filesystem::path root = layers.cache / "roots" / name;
  const FileLock one_maker(config.cache_directory / ("root-" + name.substr(0, 16) + ".lock"), FileLock::Mode::kExclusive);
  layers.lower = {root / "configured", root / "base"};
  layers.prepared.from_cache = std::filesystem::exists(root);
  if (!layers.prepared.from_cache) {
    UnpackPackages(packages, layers.cache, map, config, store, progress);
    const auto task = progress.Start(Msg("Preparing the build root of {} packages", packages.size()), Unit::kNone, 0);
    const std::filesystem::path temporary = layers.cache / "roots" / ("." + name);
    RemoveTree(map, temporary);  // a killed run's
    MakeOwnedDirectory(map, temporary);
    const FileDescriptor package_directory(::open((layers.cache / "packages").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const FileDescriptor directory = OpenDirectory(temporary);
    const UnixSeconds epoch = NewestRelease(lock);
    InUserNamespace(map, [&] {
      if (::fchdir(directory.get()) != 0) throw SystemError(errno, Msg("enter the cache"));
      ComposeRoot(packages, package_directory, epoch);
    });
    Configure(temporary, epoch, config, map, *task);
    RemoveTree(map, temporary / "work");
    if (::rename(temporary.c_str(), root.c_str()) != 0) throw SystemError(errno, Msg("rename to {}", root.native()));
    task->Succeed();
  }
  layers.prepared.duration_ms = MonotonicMilliseconds() - start;
  return layers;
}

PreparedRoot PrepareRoot(const Lock& lock, const BuilderConfig& config, const Store& store, Progress& progress) {
  return MakeRoot(lock, config, FindIdMap(), store, progress).prepared;
}

}  // namespace nachbau::builder
