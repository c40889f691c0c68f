#include "builder/prepare_root.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "builder/compose.h"
#include "builder/configure.h"
#include "builder/machine_share.h"
#include "builder/root_beneath.h"

namespace nachbau::builder {
namespace {

constexpr const char* kNow = "now";  // what stands for the time, for the parent process

void EnterDirectory(const FileDescriptor& directory) {
  if (::fchdir(directory.get()) != 0) throw SystemError(errno, Msg("enter the cache"));
  ::umask(0022);
}

void Write(const char* name, const std::string& text) { WriteFileAtomically(name, text, 0644, Durability::kNone); }

// Composes base/ and writes the package database into configured/, in the current directory. In the user namespace.
void ComposeRoot(const std::vector<LockedFile>& packages, const FileDescriptor& package_directory, Owners owners,
                 const RootBeneath* beneath, const std::string& name_beneath) {
  std::vector<PackageTree> trees;
  for (const LockedFile& file : packages) {
    trees.push_back(
        ReadPackageTree(OpenBeneath(package_directory, file.sha256.Hex(), O_RDONLY | O_DIRECTORY), file.file_name));
  }
  if (beneath != nullptr) {
    const std::string reason = WhyNotOn(*beneath, trees);
    if (reason.empty()) {
      Write(kBeneathFile, name_beneath);
    } else {
      Write(kAtOnceFile, reason + "\n");
      beneath = nullptr;
    }
  }
  for (const char* name : {"base", "configured", "work"}) {
    if (::mkdir(name, 0755) != 0) throw SystemError(errno, Msg("make directory {}", std::string_view(name)));
  }
  const UnixSeconds now = NewestTime(trees);
  Compose(trees, FileDescriptor(::open("base", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), now, owners, beneath);
  InstalledState installed;
  if (beneath != nullptr) installed = ReadInstalledState(*beneath, trees);
  std::vector<UnpackedPackage> unpacked;
  for (std::size_t i = beneath == nullptr ? 0 : beneath->packages; i < trees.size(); ++i) {
    unpacked.push_back(std::move(trees[i].package));
  }
  WriteUnconfigured(unpacked, "configured", beneath == nullptr ? nullptr : &installed);
  Write(kNow, std::to_string(now));
}

}  // namespace

std::vector<std::filesystem::path> OwnLayers(const std::filesystem::path& root) {
  return {root / "configured", root / "base"};
}

void PrepareIn(const std::filesystem::path& root, const std::vector<LockedFile>& packages, const RootToBuildOn* beneath,
               const std::filesystem::path& package_path, const BuilderConfig& config, const IdMap& map,
               Progress::Task& task) {
  const FileDescriptor package_directory(::open(package_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!package_directory.valid()) throw SystemError(errno, Msg("open {}", package_path.native()));
  RootBeneath opened;
  std::vector<std::filesystem::path> layers;
  std::string name;
  if (beneath != nullptr) {
    layers = OwnLayers(beneath->path);
    opened = {OpenDirectory(layers[0]), OpenDirectory(layers[1]), beneath->packages};
    name = beneath->digest.Hex();
  }
  const FileDescriptor directory = OpenDirectory(root);
  InUserNamespace(map, [&] {
    EnterDirectory(directory);
    ComposeRoot(packages, package_directory, OwnersFor(map), beneath == nullptr ? nullptr : &opened, name);
  });
  if (!std::filesystem::exists(root / kBeneathFile)) layers.clear();
  const UnixSeconds now = std::stoll(ReadFile(root / kNow, 100));
  RunMaintainerScripts(root, layers, now, map, BuildLimits(config, root), config.cancelled, task);
  const FileDescriptor configured = OpenDirectory(root / "configured");
  InUserNamespace(map, [&] {
    EnterDirectory(configured);
    ClampTimes(now);
  });
  RemoveTree(map, root / "work");
}

}  // namespace nachbau::builder
