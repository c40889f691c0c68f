// How a root is made, and why it is fast:
//
//   packages/<sha256>/{data,control,entries}   each binary package unpacked once, by this program, on all processors
//   roots/<digest>/base                        one tree of hard links into those: the files of all packages
//   roots/<digest>/configured                  overlay upper layer over base: what the maintainer scripts wrote
//
// The package database is generated as `dpkg --unpack` would have left it; then the preinst scripts and one
// `dpkg --configure -a` run in the sandbox. Nothing is synced to disk: the cache lies in a directory named after the
// boot, so that what a power cut may have torn is never used again.
#include "builder/root.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/compose.h"
#include "builder/configure.h"
#include "builder/machine_share.h"
#include "builder/package_cache.h"

namespace nachbau::builder {
namespace {

// Part of a root's digest: to be changed with whatever changes the resulting tree.
constexpr std::string_view kPreparation = "nachbau-root/2";

std::string BootId() {
  std::string id = ReadFile("/proc/sys/kernel/random/boot_id", 100);
  return id.substr(0, id.find('\n'));
}

// "<boot id>-<first uid>" or "<boot id>-one-id", with `length` characters of boot id.
bool IsCacheName(std::string_view name, std::size_t length, const std::string& ids) {
  return name.size() == length + ids.size() && name.ends_with(ids) &&
         name.substr(0, length).find_first_not_of("0123456789abcdef-") == name.npos;
}

// The cache directory for this boot and these ids; what other boots left is removed. Closed to all other users of the
// machine: the trees have set-user-id programs in them, which for an ordinary user belong to that user.
std::filesystem::path OpenCache(const BuilderConfig& config, const IdMap& map) {
  MakeDirectories(config.cache_directory);
  const std::string boot = BootId();
  const std::string ids = map.HasOneId() ? "-one-id" : "-" + std::to_string(map.first_uid);
  const std::filesystem::path cache = config.cache_directory / (boot + ids);
  const FileLock lock(config.cache_directory / "lock", FileLock::Mode::kExclusive);
  for (const auto& entry : std::filesystem::directory_iterator(config.cache_directory)) {
    const bool ours = IsCacheName(entry.path().filename().native(), boot.size(), ids);
    if (ours && entry.path() != cache && entry.is_directory()) RemoveTree(map, entry.path());
  }
  MakeOwnedDirectory(map, cache, 0700);
  for (const char* part : {"packages", "roots"}) MakeOwnedDirectory(map, cache / part);
  return cache;
}

FileLock LockPatiently(const std::filesystem::path& path, const BuilderConfig& config, Progress& progress) {
  if (auto lock = FileLock::TryLock(path, FileLock::Mode::kExclusive)) return std::move(*lock);
  const auto task = progress.Start(Msg("Waiting for another run that prepares the same build root"), Unit::kNone, 0);
  while (config.cancelled == nullptr || !*config.cancelled) {
    if (auto lock = FileLock::TryLock(path, FileLock::Mode::kExclusive)) {
      task->Succeed();
      return std::move(*lock);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  throw CancelledError();
}

void EnterDirectory(const FileDescriptor& directory) {
  if (::fchdir(directory.get()) != 0) throw SystemError(errno, Msg("enter the cache"));
  ::umask(0022);
}

// Composes base/ and writes the package database into configured/, in the current directory. In the user namespace.
void ComposeRoot(const std::vector<LockedFile>& packages, const FileDescriptor& package_directory,
                 Owners owners) {
  std::vector<PackageTree> trees;
  for (const LockedFile& file : packages) {
    trees.push_back(ReadPackageTree(OpenBeneath(package_directory, file.sha256.Hex(), O_RDONLY | O_DIRECTORY),
                                    file.file_name));
  }
  for (const char* name : {"base", "configured", "work"}) {
    if (::mkdir(name, 0755) != 0) throw SystemError(errno, Msg("make directory {}", std::string_view(name)));
  }
  const UnixSeconds now = NewestTime(trees);
  Compose(trees, FileDescriptor(::open("base", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), now, owners);
  std::vector<UnpackedPackage> unpacked;
  for (PackageTree& tree : trees) unpacked.push_back(std::move(tree.package));
  WriteUnconfigured(unpacked, "configured");
  WriteFileAtomically("now", std::to_string(now), 0644, Durability::kNone);
}

void PrepareIn(const std::filesystem::path& root, const std::vector<LockedFile>& packages,
               const std::filesystem::path& package_path, const BuilderConfig& config, const IdMap& map,
               Progress::Task& task) {
  const FileDescriptor package_directory(::open(package_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!package_directory.valid()) throw SystemError(errno, Msg("open {}", package_path.native()));
  const FileDescriptor directory = OpenDirectory(root);
  InUserNamespace(map, [&] {
    EnterDirectory(directory);
    ComposeRoot(packages, package_directory, OwnersFor(map));
  });
  const UnixSeconds now = std::stoll(ReadFile(root / "now", 100));
  RunMaintainerScripts(root, now, map, BuildLimits(config, root), config.cancelled, task);
  const FileDescriptor configured = OpenDirectory(root / "configured");
  InUserNamespace(map, [&] {
    EnterDirectory(configured);
    ClampTimes(now);
  });
  RemoveTree(map, root / "work");
}

}  // namespace

Sha256Digest RootDigest(const std::vector<LockedFile>& packages, const IdMap& map) {
  std::string text(kPreparation);
  if (map.HasOneId()) text += "\nowners ignored";
  for (const LockedFile& file : packages) text += "\n" + file.sha256.Hex();
  return Sha256(text);
}

RootLayers MakeRoot(const Lock& lock, const BuilderConfig& config, const IdMap& map, const Store& store,
                    Progress& progress) {
  const std::uint64_t start = MonotonicMilliseconds();
  const std::vector<LockedFile> packages = lock.WithRole(InputRole::kEnvironment);
  if (packages.empty()) throw MissingError(Msg("the lock of {} names no build environment", lock.source));
  RootLayers layers;
  layers.cache = OpenCache(config, map);
  layers.prepared.digest = RootDigest(packages, map);
  layers.prepared.packages = static_cast<std::uint32_t>(packages.size());
  const std::string name = layers.prepared.digest.Hex();
  const std::filesystem::path root = layers.cache / "roots" / name;
  layers.lower = {root / "configured", root / "base"};
  layers.prepared.from_cache = std::filesystem::exists(root);
  if (!layers.prepared.from_cache) {
    const FileLock one_maker =
        LockPatiently(config.cache_directory / ("root-" + name.substr(0, 16) + ".lock"), config, progress);
    layers.prepared.from_cache = std::filesystem::exists(root);  // made while we waited
    if (!layers.prepared.from_cache) {
      UnpackPackages(packages, layers.cache, config.cache_directory, map, config, store, progress);
      const auto task = progress.Start(Msg("Preparing the build root of {} packages", packages.size()), Unit::kNone, 0);
      const std::filesystem::path temporary = layers.cache / "roots" / ("." + name);
      RemoveTree(map, temporary);  // a killed run's
      MakeOwnedDirectory(map, temporary);
      try {
        PrepareIn(temporary, packages, layers.cache / "packages", config, map, *task);
      } catch (const std::exception&) {
        RemoveTree(map, temporary);
        throw;
      }
      if (::rename(temporary.c_str(), root.c_str()) != 0) throw SystemError(errno, Msg("rename to {}", root.native()));
      task->Succeed();
    }
  }
  layers.prepared.duration_ms = MonotonicMilliseconds() - start;
  return layers;
}

PreparedRoot PrepareRoot(const Lock& lock, const BuilderConfig& config, const Store& store, Progress& progress) {
  RequireArchitecture(lock.architecture);
  return MakeRoot(lock, config, FindIdMap(), store, progress).prepared;
}

}  // namespace nachbau::builder
