#include "builder/shell.h"

#include <fcntl.h>

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "builder/machine_share.h"
#include "builder/recipe.h"
#include "builder/root.h"
#include "builder/source_tree.h"
#include "builder/work_directory.h"

namespace nachbau::builder {
namespace {

constexpr const char* kLockFile = "lock.json";
constexpr const char* kRecordFile = "build.json";
constexpr std::uint32_t kInteractiveSeconds = 7 * 24 * 3600;
constexpr std::size_t kMostOutput = 1 << 16;  // bytes of an unpacking that fails

std::string UnpackScript(const Recipe& recipe) { return recipe.script.substr(0, recipe.script.find(kUnpacked)); }

bool HasDirectory(const std::filesystem::path& upper, const std::string& inside) {
  try {
    OpenBeneath(OpenDirectory(upper), inside.substr(1), O_PATH | O_DIRECTORY | O_CLOEXEC);
    return true;
  } catch (const SystemError&) {
    return false;
  }
}

void Unpack(SandboxRequest request, Progress& progress) {
  request.command = {"/bin/sh", kBuildScript};
  request.terminal = nullptr;
  const auto task = progress.Start(Msg("Unpacking the source"), Unit::kNone, 0);
  std::string said;
  const SandboxResult result = RunInSandbox(request, [&](std::string_view piece) {
    said.append(piece.substr(0, kMostOutput - std::min(kMostOutput, said.size())));
    task->SetDetail(piece.substr(piece.substr(0, piece.size() - 1).rfind('\n') + 1));
  });
  if (result.end == SandboxEnd::kCancelled) throw CancelledError();
  if (result.end != SandboxEnd::kExited || result.exit_code != 0) {
    throw Error(Msg("the source cannot be unpacked: {}", result.detail + said));
  }
  task->Succeed();
}

}  // namespace

void DescribeKeptBuild(const std::filesystem::path& tree, const Lock& lock, const BuildRecord& record) {
  WriteFileAtomically(tree / kLockFile, FormatPretty(ToJson(lock)));
  WriteFileAtomically(tree / kRecordFile, FormatPretty(ToJson(record)));
}

KeptBuild ReadKeptBuild(const std::filesystem::path& tree) {
  const std::filesystem::path lock = tree / kLockFile, record = tree / kRecordFile;
  if (!std::filesystem::is_directory(tree / "upper") || !std::filesystem::exists(lock) ||
      !std::filesystem::exists(record)) {
    MissingError error(Msg("{} is not the tree of a failed build", tree.native()));
    error.SetHint(Msg("build with --keep-failed; the build says where the tree is"));
    throw error;
  }
  return {LockFromJson(ParseJson(ReadFile(lock), lock.native()), lock.native()),
          BuildRecordFromJson(ParseJson(ReadFile(record), record.native()), record.native())};
}

void RemoveKeptBuild(const std::filesystem::path& tree) { RemoveTree(FindIdMap(), tree); }

SandboxResult EnterShell(const Lock& lock, const ShellRequest& asked, const BuilderConfig& config, const Store& store,
                         Progress& progress, const std::function<void(std::string_view)>& output) {
  const IdMap map = FindIdMap();
  const RootLayers root = MakeRoot(lock, config, map, store, progress);
  SandboxRequest request;
  request.lower = root.lower;
  request.id_map = map;
  request.cancelled = config.cancelled;

  std::optional<WorkDirectory> fresh;
  std::optional<FileLock> alone;
  std::filesystem::path tree = asked.tree;
  if (tree.empty()) {
    fresh.emplace(config.work_directory, map);
    tree = fresh->path();
  } else {
    alone = FileLock::TryLock(tree / "shell.lock", FileLock::Mode::kExclusive);
    if (!alone) throw Error(Msg("{} is in use", tree.native()));
  }
  request.upper = tree / "upper";
  request.work = tree / "overlay";
  request.lower.insert(request.lower.begin(), tree / "sources");
  request.working_directory = kBuildDirectory;
  request.limits = BuildLimits(config, tree);
  std::string build_path;
  if (fresh) {
    const std::uint32_t parallel =
        config.parallel != 0 ? config.parallel : std::max(1U, std::thread::hardware_concurrency());
    const Recipe recipe = MakeRecipe(lock, store, parallel);
    request.environment = recipe.environment;
    build_path = recipe.build_path;
    WriteSourceFiles(lock, store, tree / "sources");
    PrepareUpper(map, request.upper, UnpackScript(recipe), recipe.files, recipe.build_directory);
    request.working_directory = recipe.build_directory;
    MakeOwnedDirectory(map, request.work);
    Unpack(request, progress);
  } else {
    const BuildRecord record = ReadKeptBuild(tree).record;
    request.environment = record.environment;
    build_path = record.build_path;
  }
  if (HasDirectory(request.upper, build_path)) request.working_directory = build_path;

  request.terminal = asked.terminal;
  if (asked.command.empty()) {
    request.command = {"/bin/sh", "-c", "command -v bash > /dev/null && exec bash -i; exec sh -i"};
    request.limits.seconds = kInteractiveSeconds;
  } else {
    request.command = {"/bin/sh", "-c", "exec \"$@\"", "sh"};
    request.command.insert(request.command.end(), asked.command.begin(), asked.command.end());
  }
  for (const auto& [name, value] : asked.additional) request.environment[name] = value;
  return RunInSandbox(request, output);
}

}  // namespace nachbau::builder
