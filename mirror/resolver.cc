#include "mirror/resolver.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/process.h"
#include "mirror/script_source.h"
#include "mirror/source_resolver.h"

namespace nachbau::mirror {
namespace {

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
  file.file_name = path.substr(path.rfind('/') + 1);
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

LockedRecipe RecipeFor(const ResolveRequest& request) {
  LockedRecipe recipe;
  recipe.build_profiles = ActiveProfiles(request);
  recipe.parts = request.parts;
  recipe.profile = request.profile;
  return recipe;
}

void NoteBinNmu(const ResolvedSource& resolved, const ResolveRequest& request, const std::string& architecture,
                Progress& progress) {
  if (resolved.recipe.parts == request.parts) return;
  const DebianSource& source = resolved.found.source;
  progress.Note(Msg("{} {} is a rebuild without changes (binNMU) of {}: only the packages for {} are built",
                    source.name, resolved.recipe.binary_version, source.version, architecture));
}

Lock Resolve(const ResolveRequest& request, const Snapshot& snapshot, const MirrorConfig& config, Store& store,
             Progress& progress) {
  const auto task = progress.Start(Msg("Resolving {}", request.source), Unit::kItems, 4);
  SourceResolver resolver(snapshot, config, store, *task);
  const FoundSource chosen = resolver.Choose(request.source, request.version);
  const ResolvedSource resolved =
      std::move(resolver.Resolve({{chosen, RecipeFor(request)}}, [&] { task->Advance(1); }).front());
  if (resolved.problem) throw MissingError(*resolved.problem);
  NoteBinNmu(resolved, request, resolver.architecture(), progress);
  ThrowIfCancelled(config);
  Lock lock = resolver.MakeLock(resolved, request.with_environment_sources, progress);
  task->Advance(1);
  task->Succeed();
  return lock;
}

Lock ResolveScript(const ScriptRequest& request, const Snapshot& snapshot, const MirrorConfig& config, Store& store,
                   Progress& progress) {
  const ScriptRecipe& recipe = request.recipe;
  const auto task = progress.Start(Msg("Resolving {}", recipe.name), Unit::kItems, 4);
  SourceResolver resolver(snapshot, config, store, *task);
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
  const std::vector<std::uint32_t> environment = resolver.ResolveScript(
      {"recipe " + recipe.name + " " + recipe.version,
       Format(KeepFirstAlternatives(ReduceDependencies(depends, resolver.architecture(), {}))), ""});
  task->Advance(1);
  ThrowIfCancelled(config);

  Lock lock = resolver.StartLock(environment);
  lock.source = recipe.name;
  lock.version = recipe.version;
  lock.recipe.kind = RecipeKind::kScript;
  lock.recipe.profile = recipe.profile;
  lock.recipe.build_profiles.clear();
  lock.files.push_back(
      UnindexedFile(InputRole::kSource, recipe, SourcePath(recipe), FetchSource(request, config, store, progress)));
  lock.files.push_back(UnindexedFile(InputRole::kRecipe, recipe, request.file.substr(request.file.rfind('/') + 1),
                                     store.Put(request.text)));
  resolver.FinishLock(request.with_environment_sources, environment, lock, progress);
  task->Advance(1);
  task->Succeed();
  return lock;
}

}  // namespace nachbau::mirror
