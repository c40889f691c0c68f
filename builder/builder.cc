#include "builder/builder.h"

#include <sys/utsname.h>

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "builder/build_log.h"
#include "builder/build_phase.h"
#include "builder/machine_share.h"
#include "builder/outputs.h"
#include "builder/recipe.h"
#include "builder/root.h"
#include "builder/shell.h"
#include "builder/source_tree.h"
#include "builder/trace.h"
#include "builder/variations.h"
#include "builder/virtual_profile.h"
#include "builder/work_directory.h"

namespace nachbau::builder {
namespace {

constexpr const char* kLogName = "build.log.zst";

std::string Kernel() {
  utsname names{};
  ::uname(&names);
  return std::string(names.sysname) + " " + names.release;
}

BuildOutcome Outcome(const SandboxResult& result) {
  switch (result.end) {
    case SandboxEnd::kTimedOut: return BuildOutcome::kTimedOut;
    case SandboxEnd::kOverLimit: return BuildOutcome::kOverLimit;
    case SandboxEnd::kCancelled: return BuildOutcome::kCancelled;
    case SandboxEnd::kSignalled: return BuildOutcome::kFailed;
    case SandboxEnd::kExited: return result.exit_code == 0 ? BuildOutcome::kBuilt : BuildOutcome::kFailed;
  }
  return BuildOutcome::kFailed;
}

// One line for the record; empty when the command succeeded.
std::string Explain(const SandboxResult& result, const BuildLog& log) {
  switch (result.end) {
    case SandboxEnd::kTimedOut:
    case SandboxEnd::kOverLimit:
    case SandboxEnd::kCancelled: return result.detail;
    case SandboxEnd::kSignalled: return result.detail + ": " + log.FailureLine();
    case SandboxEnd::kExited: return result.exit_code == 0 ? "" : log.FailureLine();
  }
  return "unknown";
}

BuildRecord StartRecord(const Lock& lock, const Recipe& recipe, const RootLayers& root, UnixSeconds now) {
  BuildRecord record;
  record.source = lock.source;
  record.version = lock.version;
  record.architecture = lock.architecture;
  record.lock = DigestOf(lock);
  record.root = root.prepared.digest;
  record.recipe = Name(lock.recipe.kind);
  record.profile = lock.recipe.profile;
  record.command = recipe.command;
  record.environment = recipe.environment;
  record.build_path = recipe.build_path;
  record.kernel = Kernel();
  record.builder = "nachbau " NACHBAU_VERSION;
  record.started = now;
  return record;
}

void AddResult(BuildRecord& record, const SandboxResult& result, BuildLog& log) {
  record.log = {kLogName, log.Finish()};
  record.outcome = Outcome(result);
  record.exit_code = result.exit_code;
  record.failure = Explain(result, log);
  record.duration_ms = result.duration_ms;
  record.cpu_ms = result.cpu_ms;
  record.peak_memory = result.peak_memory;
  record.sandbox = result.guarantees;
}

Artifact FinishTrace(Trace& trace, const BuildRecord& record, const SandboxRequest& request,
                     const ReplacedFiles& replaced, Store& store) {
  std::set<std::string> made = {kBuildScript};
  for (const auto& [path, content] : replaced) made.insert("/" + path);
  trace.source = record.source;
  trace.version = record.version;
  trace.architecture = record.architecture;
  trace.lock = record.lock;
  trace.build_path = record.build_path;
  DescribeFiles(trace, request.id_map, request.upper, request.lower, made);
  return StoreTrace(trace, store);
}

}  // namespace

BuildRecord Build(const Lock& lock, const BuilderConfig& config, Store& store, const Clock& clock, Progress& progress) {
  RequireArchitecture(lock.architecture);
  const IdMap map = FindIdMap();
  const bool is_virtual = lock.recipe.profile == kVirtualProfile;
  const std::uint32_t processors = is_virtual ? kVirtualProcessors : std::max(1U, std::thread::hardware_concurrency());
  const std::uint32_t parallel = config.parallel != 0 ? config.parallel : processors;
  if (!is_virtual && lock.recipe.profile != kMatchProfile) {
    throw MissingError(
        Msg("the lock of {} asks for the profile {}, which is not there", lock.source, lock.recipe.profile));
  }
  Recipe recipe = MakeRecipe(lock, store, parallel);
  const RootLayers root = MakeRoot(lock, config, map, store, progress);
  SandboxRequest request;
  request.lower = root.lower;
  if (is_virtual) UseVirtualMachine(ReleaseTime(lock, recipe, store), recipe, request);
  ReplacedFiles replaced = Vary(config.variations, root.lower, recipe, request);
  replaced.insert(recipe.files.begin(), recipe.files.end());
  BuildRecord record = StartRecord(lock, recipe, root, clock.Now());
  record.variations.assign(config.variations.begin(), config.variations.end());

  WorkDirectory work(config.variations.contains("file-system") ? MemoryDirectory() : config.work_directory, map);
  request.upper = work.path() / "upper";
  request.work = work.path() / "overlay";
  request.lower.insert(request.lower.begin(), work.path() / "sources");
  request.command = {"/bin/sh", kBuildScript};
  request.environment = recipe.environment;
  request.working_directory = recipe.build_directory;
  request.user = SandboxUser::kBuilder;
  request.id_map = map;
  request.cancelled = config.cancelled;
  request.limits = BuildLimits(config, work.path());
  request.trace = config.trace;
  WriteSourceFiles(lock, store, work.path() / "sources");
  PrepareUpper(map, request.upper, recipe.script, replaced, recipe.build_directory);
  MakeOwnedDirectory(map, request.work);

  const MemoryShare memory(config.work_directory, request.limits.memory, MemoryForBuilds(), config.cancelled, progress);
  const auto task = progress.Start(Msg("Building {} {}", lock.source, lock.version), Unit::kNone, 0);
  task->SetPhase(Label(BuildPhase::kBuilding));
  task->SetExpected(config.expected_ms, config.earlier_builds);
  BuildLog log(store, [&](std::string_view line) {
    if (const auto phase = PhaseBegunBy(line)) task->SetPhase(Label(*phase));
    if (config.log_line) config.log_line(line);
  });
  SandboxResult result = RunInSandbox(request, [&](std::string_view piece) {
    log.Write(piece);
    task->SetDetail(log.last_line());
  });
  AddResult(record, result, log);
  if (result.trace) record.trace = FinishTrace(*result.trace, record, request, replaced, store);
  if (record.outcome == BuildOutcome::kBuilt) {
    Outputs outputs = CollectOutputs(map, request.upper, store, recipe.output_directory, recipe.build_directory);
    if (outputs.problem.empty()) {
      record.outputs = std::move(outputs.artifacts);
    } else {
      record.outcome = BuildOutcome::kFailed;
      record.failure = outputs.problem;
    }
  }
  if (record.outcome == BuildOutcome::kBuilt) {
    task->Succeed();
  } else if (config.keep_failed) {
    DescribeKeptBuild(work.path(), lock, record);
    work.Keep();
    progress.Note(Msg("the tree of the failed build is in {}; to enter it: nachbau shell --failed {}",
                      work.path().native(), work.path().filename().native()));
  }
  return record;
}

}  // namespace nachbau::builder
