// What takes time is decompressing the indexes (a stable suite has 50 MB of Packages and as much of Sources) and apt's
// own cache. Packages and Sources are therefore read side by side, and of Sources only the paragraphs needed are parsed.
#include "mirror/resolver.h"

#include <fcntl.h>

#include <algorithm>
#include <future>
#include <map>
#include <set>

#include "base/archive.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "mirror/apt_solver.h"
#include "mirror/script_source.h"
#include "mirror/source_choice.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxIndexSize = 2ULL << 30;     // bytes, decompressed; ten times Debian's largest
constexpr std::uint64_t kMaxReleaseSize = 16ULL << 20;  // bytes

void ThrowIfCancelled(const MirrorConfig& config) {
  if (config.cancelled != nullptr && config.cancelled->load()) throw CancelledError();
}

std::string FileName(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

std::string Describe(const Snapshot& snapshot, std::uint32_t index) {
  const IndexProof& proof = snapshot.indexes[index].proof;
  if (proof.release >= snapshot.releases.size()) throw ParseError("snapshot", 0, Msg("index of no release: {}", proof.path));
  return snapshot.releases[proof.release].suite + "/" + proof.path;
}

// Positions of the indexes of one kind, in the order of the archives' configuration.
std::vector<std::uint32_t> IndexesOf(const Snapshot& snapshot, const std::vector<std::string>& architectures) {
  std::vector<std::uint32_t> positions;
  for (std::uint32_t i = 0; i < snapshot.indexes.size(); ++i) {
    const std::string& architecture = snapshot.indexes[i].architecture;
    if (std::find(architectures.begin(), architectures.end(), architecture) != architectures.end()) positions.push_back(i);
  }
  std::stable_sort(positions.begin(), positions.end(), [&](std::uint32_t left, std::uint32_t right) {
    return snapshot.indexes[left].proof.release < snapshot.indexes[right].proof.release;
  });
  return positions;
}

std::vector<NumberedIndex> ReadSources(const Snapshot& snapshot, const std::vector<std::uint32_t>& positions,
                                       const MirrorConfig& config, const Store& store) {
  std::vector<NumberedIndex> sources;
  for (const std::uint32_t position : positions) {
    ThrowIfCancelled(config);
    const std::string name = Describe(snapshot, position);
    std::string text;
    DecompressPieces(store.Open(snapshot.indexes[position].proof.sha256), name, kMaxIndexSize,
                     [&](std::string_view piece) { text += piece; });
    sources.push_back({position, std::make_shared<PackageIndex>(std::move(text), name)});
  }
  return sources;
}

void WritePackages(const Snapshot& snapshot, const std::vector<std::uint32_t>& positions, const MirrorConfig& config,
                   const Store& store, AptTree& tree) {
  for (const std::uint32_t position : positions) {
    ThrowIfCancelled(config);
    const std::string name = Describe(snapshot, position);
    const ReleaseProof& release = snapshot.releases[snapshot.indexes[position].proof.release];
    const auto path = tree.AddIndex(store.Read(release.in_release, kMaxReleaseSize));
    const FileDescriptor directory = OpenDirectory(path.parent_path());
    const FileDescriptor file = OpenBeneath(directory, path.filename(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    DecompressPieces(store.Open(snapshot.indexes[position].proof.sha256), name, kMaxIndexSize,
                     [&](std::string_view piece) { WriteAll(file, piece, path.native()); });
  }
}

// A directory for one resolution. What killed resolutions left is removed by the next that finds nobody at work.
class WorkDirectory {
 public:
  explicit WorkDirectory(const std::filesystem::path& state) {
    if (state.empty()) {
      directory_.emplace(std::filesystem::temp_directory_path(), "nachbau-resolve-");
      return;
    }
    const std::filesystem::path parent = state / "resolve";
    MakeDirectories(parent, 0700);
    const std::filesystem::path lock = state / "resolve.lock";
    if (const auto alone = FileLock::TryLock(lock, FileLock::Mode::kExclusive)) {
      for (const auto& left_over : std::filesystem::directory_iterator(parent)) {
        std::error_code ignored;  // tried again next time
        std::filesystem::remove_all(left_over.path(), ignored);
      }
    }
    lock_.emplace(lock, FileLock::Mode::kShared);
    directory_.emplace(parent, "");
  }
  const std::filesystem::path& path() const { return directory_->path(); }

 private:
  std::optional<FileLock> lock_;
  std::optional<TemporaryDirectory> directory_;
};

LockedFile ToLockedFile(InputRole role, const SolvedPackage& package, const std::vector<std::uint32_t>& positions) {
  LockedFile file;
  file.role = role;
  file.package = package.name;
  file.version = package.version;
  file.architecture = package.architecture;
  file.source = package.source;
  file.source_version = package.source_version;
  file.path = package.path;
  file.file_name = FileName(package.path);
  file.index = positions.at(package.index);
  file.size = package.size;
  file.sha256 = package.sha256;
  return file;
}

// What the archive has of this source, and such a build makes. A binNMU's packages differ in version from their source;
// with -A they play no part.
std::vector<LockedFile> References(const DebianSource& source, const Solution& solution, const LockedRecipe& recipe,
                                   const std::vector<std::uint32_t>& positions) {
  std::vector<LockedFile> references;
  for (const SolvedPackage& package : solution.references) {
    if (!IsBuilt(source, package.name, package.architecture, recipe.build_profiles, recipe.parts)) continue;
    references.push_back(ToLockedFile(InputRole::kReference, package, positions));
  }
  return references;
}

void AddSourceFiles(InputRole role, const FoundSource& found, std::vector<LockedFile>& files) {
  for (const SourceFile& one : found.source.files) {
    LockedFile file;
    file.role = role;
    file.package = file.source = found.source.name;
    file.version = file.source_version = found.source.version;
    file.architecture = "source";
    file.file_name = one.name;
    file.path = found.source.directory.empty() ? one.name : found.source.directory + "/" + one.name;
    file.index = found.index;
    file.size = one.size;
    file.sha256 = one.sha256;
    files.push_back(std::move(file));
  }
}

void AddEnvironmentSources(const std::vector<NumberedIndex>& sources, const std::vector<SolvedPackage>& environment,
                           Lock& lock, Progress& progress) {
  std::set<std::pair<std::string, std::string>> wanted;
  for (const SolvedPackage& package : environment) wanted.emplace(package.source, package.source_version);
  for (const auto& [name, version] : wanted) {
    if (const auto found = FindSource(sources, name, version)) {
      AddSourceFiles(InputRole::kEnvironmentSource, *found, lock.files);
    } else {
      lock.missing_sources.push_back(name + " " + version);
    }
  }
  if (!lock.missing_sources.empty()) {
    progress.Note(Msg("{} of {} source packages of the build environment are in no index", lock.missing_sources.size(),
                      wanted.size()));
  }
}

std::vector<std::string> ExpectedBinaries(const DebianSource& source, const std::string& architecture,
                                          const LockedRecipe& recipe, const std::vector<LockedFile>& references) {
  if (!source.package_list.empty()) return BinariesFor(source, architecture, recipe.build_profiles, recipe.parts);
  // A source from before Package-List does not say which of its packages are for this architecture, nor which are
  // udebs. What the archive has of it is the best answer; without any, all that it names.
  std::set<std::string> names(source.binaries.begin(), source.binaries.end());
  std::vector<std::string> offered;
  for (const LockedFile& reference : references) {
    if (names.erase(reference.package) != 0) offered.push_back(reference.package);
  }
  if (offered.empty()) offered.assign(names.begin(), names.end());
  std::sort(offered.begin(), offered.end());
  return offered;
}

// Packages indexes for looking up names, from the files already written for apt.
std::vector<NumberedIndex> ReadBinaries(const AptTree& tree, const std::vector<std::uint32_t>& positions) {
  std::vector<NumberedIndex> binaries;
  for (std::uint32_t i = 0; i < tree.index_count(); ++i) {
    binaries.push_back({positions[i], std::make_shared<PackageIndex>(ReadFile(tree.PackagesPath(i), kMaxIndexSize),
                                                                     "Packages")});
  }
  return binaries;
}

// A snapshot's indexes, read and laid out for the solver.
class Indexes {
 public:
  Indexes(const Snapshot& snapshot, const MirrorConfig& config, const Store& store, Progress::Task& task)
      : architecture(ChooseArchitecture(config, snapshot)),
        package_positions(IndexesOf(snapshot, {architecture, "all"})),
        work_(config.state_directory),
        tree(work_.path() / "apt") {
    const auto source_positions = IndexesOf(snapshot, {"source"});
    for (const auto& [positions, kind] : {std::pair(&package_positions, "Packages"), {&source_positions, "Sources"}}) {
      if (!positions->empty()) continue;
      MissingError error(Msg("the snapshot has no {} index for {}", kind, architecture));
      error.SetHint(Msg("check the architecture and the sources of the apt configuration"));
      throw error;
    }
    auto reading = std::async(std::launch::async, ReadSources, std::cref(snapshot), std::cref(source_positions),
                              std::cref(config), std::cref(store));
    WritePackages(snapshot, package_positions, config, store, tree);
    task.Advance(1);
    sources = reading.get();
    task.Advance(1);
    ThrowIfCancelled(config);
  }

  const std::string architecture;
  const std::vector<std::uint32_t> package_positions;

 private:
  const WorkDirectory work_;

 public:
  AptTree tree;
  std::vector<NumberedIndex> sources;
};

Lock StartLock(const Snapshot& snapshot, const Indexes& indexes, const Solution& solution) {
  Lock lock;
  lock.architecture = indexes.architecture;
  lock.releases = snapshot.releases;
  for (const SnapshotIndex& index : snapshot.indexes) lock.indexes.push_back(index.proof);
  for (const SolvedPackage& package : solution.environment) {
    lock.files.push_back(ToLockedFile(InputRole::kEnvironment, package, indexes.package_positions));
  }
  return lock;
}

void FinishLock(bool with_environment_sources, const Indexes& indexes, const Solution& solution, Lock& lock,
                Progress& progress) {
  if (with_environment_sources) AddEnvironmentSources(indexes.sources, solution.environment, lock, progress);
  std::sort(lock.files.begin(), lock.files.end(), [](const LockedFile& left, const LockedFile& right) {
    return std::tie(left.role, left.package, left.version, left.file_name) <
           std::tie(right.role, right.package, right.version, right.file_name);
  });
}

std::string SourcePath(const ScriptRecipe& recipe) {
  return recipe.git.empty() ? recipe.tarball : recipe.git + "#" + recipe.commit;
}

LockedFile UnindexedFile(InputRole role, const ScriptRecipe& recipe, const std::string& path,
                         const ContentId& content) {
  LockedFile file;
  file.role = role;
  file.package = file.source = recipe.name;
  file.version = file.source_version = recipe.version;
  file.architecture = "source";
  file.path = path;
  file.file_name = FileName(path);
  file.index = kNoIndex;
  file.size = content.size;
  file.sha256 = content.sha256;
  file.sha512 = content.sha512;
  return file;
}

}  // namespace

std::string ChooseArchitecture(const MirrorConfig& config, const Snapshot& snapshot) {
  if (!config.architecture.empty()) return config.architecture;
  std::set<std::string> offered;
  for (const SnapshotIndex& index : snapshot.indexes) offered.insert(index.architecture);
  offered.erase("all");
  offered.erase("source");
  if (offered.size() == 1) return *offered.begin();
  ProcessRequest request;
  request.arguments = {"dpkg", "--print-architecture"};
  const ProcessResult result = RunProcess(request);
  const std::string architecture(Trim(result.standard_output));
  if (result.exit_code != 0 || architecture.empty()) throw MissingError(Msg("dpkg does not tell this machine's architecture"));
  return architecture;
}

std::vector<std::string> ActiveProfiles(const ResolveRequest& request) {
  std::set<std::string> profiles(request.build_profiles.begin(), request.build_profiles.end());
  for (const std::string& profile : profiles) {
    if (!IsBuildProfile(profile)) throw UsageError(Msg("not a build profile: {}", Printable(profile)));
  }
  if (request.with_tests && profiles.contains("nocheck")) {
    throw UsageError(Msg("the tests cannot be run with the build profile nocheck"));
  }
  if (!request.with_tests) profiles.insert("nocheck");
  return {profiles.begin(), profiles.end()};
}

std::string FindBinNmu(const std::vector<LockedFile>& references, const std::string& source_version) {
  std::string highest = source_version;
  for (const LockedFile& file : references) {
    if (file.architecture != "all" && CompareVersions(file.version, highest) > 0) highest = file.version;
  }
  if (!highest.starts_with(source_version + "+b")) return "";
  const std::string number = highest.substr(source_version.size() + 2);
  const bool is_number = !number.empty() && number.size() <= 9 &&
                         std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? highest : "";
}

Lock Resolve(const ResolveRequest& request, const Snapshot& snapshot, const MirrorConfig& config, Store& store,
             Progress& progress) {
  const auto task = progress.Start(Msg("Resolving {}", request.source), Unit::kItems, 4);
  const Indexes indexes(snapshot, config, store, *task);
  const std::string& architecture = indexes.architecture;
  const FoundSource chosen = ChooseSource(
      indexes.sources, [&] { return ReadBinaries(indexes.tree, indexes.package_positions); }, request.source,
      request.version);
  const DebianSource& source = chosen.source;
  LockedRecipe recipe;
  recipe.build_profiles = ActiveProfiles(request);
  recipe.parts = request.parts;
  recipe.profile = request.profile;
  SolveRequest wanted;
  wanted.architecture = architecture;
  wanted.source = source.name;
  wanted.source_version = source.version;
  wanted.name = "source package " + source.name + " " + source.version;
  const auto reduce = [&] {
    const auto& profiles = recipe.build_profiles;
    wanted.build_depends =
        Format(KeepFirstAlternatives(ReduceDependencies(source.BuildDepends(recipe.parts), architecture, profiles)));
    wanted.build_conflicts = Format(ReduceDependencies(source.BuildConflicts(recipe.parts), architecture, profiles));
  };
  reduce();
  Solution solution = Solve(indexes.tree, wanted);
  std::vector<LockedFile> references = References(source, solution, recipe, indexes.package_positions);
  recipe.binary_version = FindBinNmu(references, source.version);
  if (!recipe.binary_version.empty()) {
    if (recipe.parts == BuildParts::kAll) {
      recipe.parts = BuildParts::kArchitecture;
      progress.Note(Msg("{} {} is a rebuild without changes (binNMU) of {}: only the packages for {} are built",
                        source.name, recipe.binary_version, source.version, architecture));
      reduce();
      solution = Solve(indexes.tree, wanted);
    }
    references = References(source, solution, recipe, indexes.package_positions);
  }
  task->Advance(1);
  ThrowIfCancelled(config);

  Lock lock = StartLock(snapshot, indexes, solution);
  lock.source = source.name;
  lock.version = source.version;
  AddSourceFiles(InputRole::kSource, chosen, lock.files);
  lock.binaries = ExpectedBinaries(source, architecture, recipe, references);
  std::move(references.begin(), references.end(), std::back_inserter(lock.files));
  lock.recipe = std::move(recipe);
  FinishLock(request.with_environment_sources, indexes, solution, lock, progress);
  task->Advance(1);
  task->Succeed();
  return lock;
}

Lock ResolveScript(const ScriptRequest& request, const Snapshot& snapshot, const MirrorConfig& config, Store& store,
                   Progress& progress) {
  const ScriptRecipe& recipe = request.recipe;
  const auto task = progress.Start(Msg("Resolving {}", recipe.name), Unit::kItems, 4);
  const Indexes indexes(snapshot, config, store, *task);
  SolveRequest wanted;
  wanted.architecture = indexes.architecture;
  wanted.name = "recipe " + recipe.name + " " + recipe.version;
  std::vector<Alternatives> depends;
  for (const ScriptRecipe::Package& package : recipe.packages) {
    std::vector<Alternatives> groups;
    try {
      groups = ParseDependencies(package.dependency, request.file);
    } catch (const ParseError& error) {
      throw ParseError(request.file, package.line, error.parts().back());
    }
    std::move(groups.begin(), groups.end(), std::back_inserter(depends));
  }
  wanted.build_depends = Format(KeepFirstAlternatives(ReduceDependencies(depends, indexes.architecture, {})));
  const Solution solution = Solve(indexes.tree, wanted);
  task->Advance(1);
  ThrowIfCancelled(config);

  Lock lock = StartLock(snapshot, indexes, solution);
  lock.source = recipe.name;
  lock.version = recipe.version;
  lock.recipe.kind = RecipeKind::kScript;
  lock.recipe.profile = recipe.profile;
  lock.recipe.build_profiles.clear();
  lock.files.push_back(
      UnindexedFile(InputRole::kSource, recipe, SourcePath(recipe), FetchSource(request, config, store, progress)));
  lock.files.push_back(UnindexedFile(InputRole::kRecipe, recipe, FileName(request.file), store.Put(request.text)));
  FinishLock(request.with_environment_sources, indexes, solution, lock, progress);
  task->Advance(1);
  task->Succeed();
  return lock;
}

}  // namespace nachbau::mirror
