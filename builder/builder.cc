#include "builder/builder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/build_log.h"
#include "builder/recipe_debian.h"
#include "builder/root.h"

namespace nachbau::builder {
namespace {

constexpr std::uint64_t kMaxOutput = 16ULL << 30;  // bytes of one output
constexpr std::size_t kMaxOutputs = 4000;
constexpr const char* kLogName = "build.log.zst";

std::string Kernel() {
  utsname names{};
  ::uname(&names);
  return std::string(names.sysname) + " " + names.release;
}

// A directory for one build; what a killed run left there is removed by the next one, which finds its lock free.
class WorkDirectory {
 public:
  WorkDirectory(const BuilderConfig& config, const IdMap& map) : map_(map) {
    MakeDirectories(config.work_directory);
    Sweep(config.work_directory);
    path_ = config.work_directory / ("build-" + std::to_string(::getpid()) + "-" + std::to_string(MonotonicMilliseconds()));
    lock_ = FileLock::TryLock(path_.native() + ".lock", FileLock::Mode::kExclusive);
    if (!lock_) throw Error(Msg("{} is in use", path_.native()));
    MakeOwnedDirectory(map_, path_);
  }
  ~WorkDirectory() {
    try {
      if (!keep_) RemoveTree(map_, path_);
    } catch (const std::exception&) {
      return;  // the next run's sweep tries again
    }
    if (!keep_) ::unlink((path_.native() + ".lock").c_str());
  }
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }
  void Keep() { keep_ = true; }

 private:
  void Sweep(const std::filesystem::path& directory) const {
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      const std::string lock_name = entry.path().native() + ".lock";
      if (!entry.is_directory() || !std::filesystem::exists(lock_name)) continue;  // kept on purpose: no lock file
      if (const auto lock = FileLock::TryLock(lock_name, FileLock::Mode::kExclusive)) {
        RemoveTree(map_, entry.path());
        ::unlink(lock_name.c_str());
      }
    }
  }
  IdMap map_;
  std::filesystem::path path_;
  std::optional<FileLock> lock_;
  bool keep_ = false;
};

// The source files under their names, for the build to read.
void ShowSources(const Lock& lock, const Store& store, const std::filesystem::path& directory) {
  MakeDirectories(directory);
  for (const LockedFile& file : lock.WithRole(InputRole::kSource)) {
    if (!IsSafeFileName(file.file_name)) throw ParseError("lock", 0, Msg("unsafe path: {}", Printable(file.path)));
    const FileDescriptor from = store.Open(file.sha256);
    const std::filesystem::path target = directory / file.file_name;
    const FileDescriptor to(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!to.valid()) throw SystemError(errno, Msg("create {}", target.native()));
    ReadPieces(from, file.file_name, [&](std::string_view piece) { WriteAll(to, piece, target.native()); });
  }
}

// The upper layer as the build finds it: its own directories and the script.
void PrepareUpper(const IdMap& map, const std::filesystem::path& work, const std::string& script) {
  for (const char* name : {"upper", "overlay"}) MakeOwnedDirectory(map, work / name);
  const FileDescriptor upper = OpenDirectory(work / "upper");
  InUserNamespace(map, [&] {
    ::umask(022);
    if (::fchdir(upper.get()) != 0) throw SystemError(errno, Msg("enter the work directory"));
    const std::filesystem::path inside = std::string(kBuildDirectory).substr(1);
    MakeDirectories(inside);
    MakeDirectories(std::string(kSourceDirectory).substr(1));
    if (::chown("build", 1000, 1000) != 0 || ::chown(inside.c_str(), 1000, 1000) != 0) {
      throw SystemError(errno, Msg("set the owner of {}", inside.native()));
    }
    WriteFileAtomically("build/nachbau-build", script, 0644, Durability::kNone);
  });
}

bool IsOutputName(std::string_view name) {
  return name.ends_with(".deb") || name.ends_with(".udeb") || name.ends_with(".buildinfo") || name.ends_with(".changes");
}

// After every process of the build is gone. Names and files are the build's: opened beneath the directory, no links
// followed, only regular files that have no other name, copied while hashing.
std::vector<Artifact> CollectOutputs(const std::filesystem::path& upper, Store& store) {
  const FileDescriptor top = OpenDirectory(upper);
  const std::string relative = std::string(kBuildDirectory).substr(1);
  const FileDescriptor directory = OpenBeneath(top, relative, O_RDONLY | O_DIRECTORY);
  std::vector<Artifact> outputs;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd/" + std::to_string(directory.get()), failure)) {
    const std::string name = entry.path().filename().native();
    if (!IsOutputName(name)) continue;
    if (!IsSafeFileName(name) || !IsUtf8(name)) throw Error(Msg("the build made a file with the name {}", Printable(name)));
    if (outputs.size() == kMaxOutputs) throw Error(Msg("the build made more than {} packages", kMaxOutputs));
    const FileDescriptor fd = OpenBeneath(directory, name, O_RDONLY | O_NONBLOCK);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) throw SystemError(errno, Msg("look at {}", name));
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1) {
      throw Error(Msg("the output {} is not a regular file of its own", name));
    }
    if (static_cast<std::uint64_t>(status.st_size) > kMaxOutput) throw Error(Msg("the output {} is too large", name));
    outputs.push_back({name, store.PutFile(fd, name)});
  }
  if (failure) throw SystemError(failure.value(), Msg("list the build's outputs"));
  std::sort(outputs.begin(), outputs.end());
  return outputs;
}

// The .changes file must name exactly the other outputs, with their digests. Returns what is wrong, or nothing.
std::string CheckChanges(const std::vector<Artifact>& outputs, const Store& store) {
  const auto changes = std::find_if(outputs.begin(), outputs.end(),
                                    [](const Artifact& output) { return output.name.ends_with(".changes"); });
  if (changes == outputs.end()) return "no .changes file was made";
  const std::string text = store.Read(changes->content.sha256, 16 << 20);
  const auto paragraphs = ParseParagraphs(text, changes->name);
  if (paragraphs.size() != 1) return "the .changes file is malformed";
  std::size_t listed = 0;
  for (const std::string_view line : Paragraph::Lines(paragraphs[0].Get("Checksums-Sha256"))) {
    const auto words = SplitWords(line);
    if (words.size() != 3) continue;
    ++listed;
    const auto output = std::find_if(outputs.begin(), outputs.end(),
                                     [&](const Artifact& candidate) { return candidate.name == words[2]; });
    if (output == outputs.end()) return Printable(words[2]) + " is named in the .changes file but was not made";
    if (output->content.sha256.Hex() != words[0]) return output->name + " is not what the .changes file says";
  }
  return listed + 1 == outputs.size() ? "" : "the .changes file does not name every output";
}

std::string Explain(const SandboxResult& result, const BuildLog& log) {
  switch (result.end) {
    case SandboxEnd::kTimedOut: return "the time limit was reached";
    case SandboxEnd::kOverLimit: return result.detail;
    case SandboxEnd::kCancelled: return "cancelled";
    case SandboxEnd::kSignalled: return result.detail + ": " + log.FailureLine();
    case SandboxEnd::kExited: return result.exit_code == 0 ? "" : log.FailureLine();
  }
  return "unknown";
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

std::uint64_t DefaultMemoryLimit() {
  const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 10 * 8;
}

std::uint64_t DefaultDiskLimit(const std::filesystem::path& directory) {
  std::error_code ignored;
  return std::min<std::uint64_t>(30ULL << 30, std::filesystem::space(directory, ignored).available / 10 * 9);
}

}  // namespace

BuildRecord Build(const Lock& lock, const BuilderConfig& config, Store& store, const Clock& clock, Progress& progress) {
  const IdMap map = FindIdMap();
  const std::uint32_t parallel =
      config.parallel != 0 ? config.parallel : std::max(1U, std::thread::hardware_concurrency());
  const DebianRecipe recipe = MakeDebianRecipe(lock, parallel, config.run_tests);
  const RootLayers root = MakeRoot(lock, config, map, store, progress);

  BuildRecord record;
  record.source = lock.source;
  record.version = lock.version;
  record.architecture = lock.architecture;
  record.lock = DigestOf(lock);
  record.root = root.prepared.digest;
  record.command = recipe.command;
  record.environment = recipe.environment;
  record.build_path = recipe.build_path;
  record.kernel = Kernel();
  record.builder = "nachbau " NACHBAU_VERSION;
  record.started = clock.Now();

  WorkDirectory work(config, map);
  ShowSources(lock, store, work.path() / "sources");
  PrepareUpper(map, work.path(), recipe.script);
  SandboxRequest request;
  request.lower = root.lower;
  request.upper = work.path() / "upper";
  request.work = work.path() / "overlay";
  request.read_only = {{kSourceDirectory, work.path() / "sources"}};
  request.command = {"/bin/sh", "/build/nachbau-build"};
  request.environment = recipe.environment;
  request.working_directory = kBuildDirectory;
  request.user = SandboxUser::kBuilder;
  request.id_map = map;
  request.cancelled = config.cancelled;
  request.limits.memory = config.memory_limit != 0 ? config.memory_limit : DefaultMemoryLimit();
  request.limits.processes = config.process_limit;
  request.limits.disk = config.disk_limit != 0 ? config.disk_limit : DefaultDiskLimit(work.path());
  request.limits.seconds = config.time_limit_seconds;

  BuildLog log(store);
  const auto task = progress.Start(Msg("Building {} {}", lock.source, lock.version), Unit::kNone, 0);
  const SandboxResult result = RunInSandbox(request, [&](std::string_view piece) {
    log.Write(piece);
    task->SetDetail(log.last_line());
  });
  record.outcome = Outcome(result);
  record.exit_code = result.exit_code;
  record.failure = Explain(result, log);
  record.duration_ms = result.duration_ms;
  record.cpu_ms = result.cpu_ms;
  record.peak_memory = result.peak_memory;
  record.sandbox = result.guarantees;
  record.log = {kLogName, log.Finish()};
  if (record.outcome == BuildOutcome::kBuilt) {
    record.outputs = CollectOutputs(request.upper, store);
    if (const std::string wrong = CheckChanges(record.outputs, store); !wrong.empty()) {
      record.outcome = BuildOutcome::kFailed;
      record.failure = wrong;
    }
  }
  if (record.outcome == BuildOutcome::kBuilt) {
    task->Succeed();
  } else if (config.keep_failed) {
    work.Keep();
    ::unlink((work.path().native() + ".lock").c_str());
    progress.Note(Msg("the tree of the failed build is in {}", work.path().native()));
  }
  return record;
}

}  // namespace nachbau::builder
