// How a root is made, and why it is fast:
//
//   packages/<sha256>/{data,control,entries}   each binary package unpacked once, by this program, on all processors
//   roots/<digest>/base                        one tree of hard links into those: the files of all packages
//   roots/<digest>/configured                  overlay upper layer over base: what the maintainer scripts wrote
//   roots/<digest>/beneath                     where it lies on another root: the digest of that
//
// The packages that nearly every build has (base_packages.h) are a root of their own, made once; a root of these and
// others has the layers of that root beneath its own, and its base and configured are only of the others.
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
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/base_packages.h"
#include "builder/package_cache.h"
#include "builder/prepare_root.h"

namespace nachbau::builder {
namespace {

// Part of a root's digest: to be changed with whatever changes the resulting tree.
constexpr std::string_view kPreparation = "nachbau-root/4";

constexpr std::uint64_t kMaxControlFile = 64 << 20;

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

// The base of these packages in their order, or nothing: where there is none, and where there is nothing else.
std::vector<LockedFile> BasePackages(const std::vector<LockedFile>& packages,
                                     const std::filesystem::path& package_path) {
  const FileDescriptor directory = OpenDirectory(package_path);
  std::vector<std::string> controls;
  for (const LockedFile& file : packages) {
    controls.push_back(ReadDescriptor(OpenBeneath(directory, file.sha256.Hex() + "/control/control", O_RDONLY),
                                      file.file_name + ":control", kMaxControlFile));
  }
  const std::vector<bool> chosen = FindBasePackages(controls);
  std::vector<LockedFile> base;
  for (std::size_t i = 0; i < packages.size(); ++i) {
    if (chosen[i]) base.push_back(packages[i]);
  }
  if (base.size() == packages.size()) base.clear();
  return base;
}

// The base first: so it lies beneath, and where it does not, the first package that has a directory is the same one.
std::vector<LockedFile> BaseFirst(const std::vector<LockedFile>& base, const std::vector<LockedFile>& packages) {
  std::vector<LockedFile> ordered = base;
  std::set<Sha256Digest> in_base;
  for (const LockedFile& file : base) in_base.insert(file.sha256);
  for (const LockedFile& file : packages) {
    if (!in_base.contains(file.sha256)) ordered.push_back(file);
  }
  return ordered;
}

class RootMaker {
 public:
  RootMaker(const std::filesystem::path& cache, const BuilderConfig& config, const IdMap& map, const Store& store,
            Progress& progress)
      : cache_(cache), config_(config), map_(map), store_(store), progress_(progress) {}

  // The layers of the finished root; nothing when there is none.
  std::vector<std::filesystem::path> Find(const Sha256Digest& digest) const {
    const std::filesystem::path root = PathOf(digest);
    if (!std::filesystem::exists(root)) return {};
    std::vector<std::filesystem::path> layers = OwnLayers(root);
    if (std::filesystem::exists(root / kBeneathFile)) {
      const std::filesystem::path beneath = PathOf(ParseSha256(ReadFile(root / kBeneathFile, 100), "root"));
      if (!std::filesystem::exists(beneath)) return {};
      for (const std::filesystem::path& layer : OwnLayers(beneath)) layers.push_back(layer);
    }
    return layers;
  }

  // False when another process made it while this one waited. Whoever makes a base holds the lock of what is to lie on
  // it; nobody who holds the lock of a base asks for another.
  bool Make(const std::vector<LockedFile>& packages, const Sha256Digest& digest) {
    const FileLock one_maker = LockFor(digest);
    if (!Find(digest).empty()) return false;
    UnpackPackages(packages, cache_, config_.cache_directory, map_, config_, store_, progress_);
    const std::vector<LockedFile> base = BasePackages(packages, cache_ / "packages");
    if (base.empty()) {
      Prepare(packages, digest, nullptr, Msg("Preparing the build root of {} packages", packages.size()));
      return true;
    }
    const Sha256Digest base_digest = RootDigest(base, map_);
    MakeBase(base, base_digest);
    const RootToBuildOn beneath{PathOf(base_digest), base_digest, base.size()};
    Prepare(BaseFirst(base, packages), digest, &beneath,
            Msg("Preparing the build root: {} packages beside the base", packages.size() - base.size()));
    return true;
  }

 private:
  std::filesystem::path PathOf(const Sha256Digest& digest) const { return cache_ / "roots" / digest.Hex(); }

  FileLock LockFor(const Sha256Digest& digest) {
    return LockPatiently(config_.cache_directory / ("root-" + digest.Hex().substr(0, 16) + ".lock"), config_,
                         progress_);
  }

  void MakeBase(const std::vector<LockedFile>& base, const Sha256Digest& digest) {
    if (!Find(digest).empty()) return;
    const FileLock one_maker = LockFor(digest);
    if (!Find(digest).empty()) return;
    Prepare(base, digest, nullptr, Msg("Preparing the base of build roots: {} packages", base.size()));
  }

  // Nobody sees a root before it is finished.
  void Prepare(const std::vector<LockedFile>& packages, const Sha256Digest& digest, const RootToBuildOn* beneath,
               const Message& what) {
    const auto task = progress_.Start(what, Unit::kNone, 0);
    const std::filesystem::path root = PathOf(digest), temporary = cache_ / "roots" / ("." + digest.Hex());
    RemoveTree(map_, temporary);  // a killed run's
    RemoveTree(map_, root);       // one whose base is gone
    MakeOwnedDirectory(map_, temporary);
    try {
      PrepareIn(temporary, packages, beneath, cache_ / "packages", config_, map_, *task);
    } catch (const std::exception&) {
      RemoveTree(map_, temporary);
      throw;
    }
    if (::rename(temporary.c_str(), root.c_str()) != 0) throw SystemError(errno, Msg("rename to {}", root.native()));
    task->Succeed();
  }

  const std::filesystem::path& cache_;
  const BuilderConfig& config_;
  const IdMap& map_;
  const Store& store_;
  Progress& progress_;
};

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
  RootMaker maker(layers.cache, config, map, store, progress);
  layers.lower = maker.Find(layers.prepared.digest);
  layers.prepared.from_cache = !layers.lower.empty();
  if (!layers.prepared.from_cache) {
    layers.prepared.from_cache = !maker.Make(packages, layers.prepared.digest);
    layers.lower = maker.Find(layers.prepared.digest);
  }
  layers.prepared.duration_ms = MonotonicMilliseconds() - start;
  return layers;
}

PreparedRoot PrepareRoot(const Lock& lock, const BuilderConfig& config, const Store& store, Progress& progress) {
  RequireArchitecture(lock.architecture);
  return MakeRoot(lock, config, FindIdMap(), store, progress).prepared;
}

}  // namespace nachbau::builder
