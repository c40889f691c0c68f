// All requests of one call share libapt-pkg's cache, made once; the processes that answer them are forked from the one
// that made it. What such a process writes is short: numbers of packages. Where libapt-pkg had to choose between
// packages that cannot be together (see Answer::certain) a process makes a cache for that one request, so that an answer
// never depends on what else was asked.
#include "mirror/source_resolver.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <thread>

#include "base/error.h"
#include "mirror/resolver.h"
#include "mirror/worker_processes.h"

namespace nachbau::mirror {
namespace {

std::string FileName(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

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

// The plan for one source: what may be asked, and what then is asked. As asked for, and the architecture's parts alone
// for the case that it is a binNMU.
struct Plan {
  std::vector<SolveRequest> variants;
  std::size_t first = 0;   // number of variants[0] among all requests
  std::size_t chosen = 0;  // into variants
};

Json ToJson(const std::vector<Message>& messages) {
  Json list = Json::array();
  for (const Message& message : messages) list.push_back({{"text", message.text}, {"arguments", message.arguments}});
  return list;
}

std::vector<Message> MessagesFrom(const Json& list) {
  std::vector<Message> messages;
  for (const Json& one : list) {
    messages.push_back({one.at("text").get<std::string>(), one.at("arguments").get<std::vector<std::string>>()});
  }
  return messages;
}

std::string WriteProblem(const MissingError& problem) {
  return FormatCanonical({{"parts", ToJson(problem.parts())}, {"hints", ToJson(problem.hints())}});
}

MissingError ReadProblem(std::string_view text) {
  const Json json = ParseJson(text, "pipe");
  const std::vector<Message> parts = MessagesFrom(json.at("parts"));
  MissingError problem(parts.back());
  for (std::size_t i = parts.size() - 1; i-- > 0;) problem.AddContext(parts[i]);
  for (const Message& hint : MessagesFrom(json.at("hints"))) problem.SetHint(hint);
  return problem;
}

// What a process writes: a letter, then numbers or text.
constexpr char kPackages = 'p', kProblem = 'm', kUncertain = 'u';

std::string WriteAnswer(const Answer& answer) {
  if (!answer.certain) return {kUncertain};
  if (answer.problem) return kProblem + WriteProblem(*answer.problem);
  std::string text(1 + answer.packages.size() * sizeof(std::uint32_t), kPackages);
  std::memcpy(text.data() + 1, answer.packages.data(), text.size() - 1);
  return text;
}

std::vector<std::uint32_t> ReadNumbers(const std::string& text) {
  std::vector<std::uint32_t> numbers((text.size() - 1) / sizeof(std::uint32_t));
  std::memcpy(numbers.data(), text.data() + 1, text.size() - 1);
  return numbers;
}

// A package of another cache, whose numbers mean nothing here.
Json ToJson(const SolvedPackage& package) {
  return {package.name, package.version, package.architecture,  package.source, package.source_version,
          package.path, package.index,   package.size, package.sha256.Hex(), package.built_using};
}

SolvedPackage PackageFrom(const Json& json) {
  SolvedPackage package;
  package.name = json.at(0).get<std::string>();
  package.version = json.at(1).get<std::string>();
  package.architecture = json.at(2).get<std::string>();
  package.source = json.at(3).get<std::string>();
  package.source_version = json.at(4).get<std::string>();
  package.path = json.at(5).get<std::string>();
  package.index = json.at(6).get<std::uint32_t>();
  package.size = json.at(7).get<std::uint64_t>();
  package.sha256 = ParseSha256(json.at(8).get<std::string>(), "pipe");
  package.built_using = json.at(9).get<std::vector<std::pair<std::string, std::string>>>();
  return package;
}

std::string WriteWhole(AptSolver& solver, const Answer& answer) {
  if (answer.problem) return kProblem + WriteProblem(*answer.problem);
  Json list = Json::array();
  for (const std::uint32_t number : answer.packages) list.push_back(ToJson(solver.Package(number)));
  return kPackages + FormatCanonical(list);
}

unsigned ProcessesOf(const MirrorConfig& config) {
  return config.processes != 0 ? config.processes : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

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

SourceResolver::SourceResolver(const Snapshot& snapshot, const MirrorConfig& config, const Store& store,
                               Progress::Task& task)
    : snapshot_(snapshot), config_(config), indexes_(snapshot, config, store, task) {}

FoundSource SourceResolver::Choose(const std::string& wanted, const std::string& version) const {
  return ChooseSource(
      indexes_.sources, [&] { return indexes_.ReadBinaries(); }, wanted, version);
}

std::vector<std::string> SourceResolver::SourceNames() const {
  std::set<std::string_view> names;
  for (const NumberedIndex& one : indexes_.sources) {
    const auto more = one.packages->Names();
    names.insert(more.begin(), more.end());
  }
  return {names.begin(), names.end()};
}

const std::optional<FoundSource>& SourceResolver::Find(const std::string& name, const std::string& version) {
  const auto [entry, is_new] = found_.try_emplace({name, version});
  if (is_new) entry->second = FindSource(indexes_.sources, name, version);
  return entry->second;
}

SolveRequest SourceResolver::RequestFor(const DebianSource& source, const LockedRecipe& recipe) const {
  const auto reduce = [&](const std::vector<Alternatives>& groups) {
    return ReduceDependencies(groups, architecture(), recipe.build_profiles);
  };
  return {"source package " + source.name + " " + source.version,
          Format(KeepFirstAlternatives(reduce(source.BuildDepends(recipe.parts)))),
          Format(reduce(source.BuildConflicts(recipe.parts)))};
}

std::uint32_t SourceResolver::Remember(const SolvedPackage& package) {
  const std::string key = std::to_string(package.index) + "/" + package.name + "/" + package.version + "/" +
                          package.architecture;
  const auto [entry, is_new] = numbers_.emplace(key, static_cast<std::uint32_t>(packages_.size()));
  if (is_new) packages_.push_back(package);
  return entry->second;
}

void SourceResolver::Sort(std::vector<std::uint32_t>& environment) const {
  std::sort(environment.begin(), environment.end(), [&](std::uint32_t left, std::uint32_t right) {
    return packages_.at(left) < packages_.at(right);
  });
}

std::vector<ResolvedSource> SourceResolver::Resolve(const std::vector<WantedSource>& wanted,
                                                    const std::function<void()>& advance) {
  std::vector<ResolvedSource> resolved;
  std::vector<Plan> plans;
  std::vector<SolveRequest> requests;
  for (const WantedSource& one : wanted) {
    Plan plan;
    plan.first = requests.size();
    plan.variants.push_back(RequestFor(one.found.source, one.recipe));
    if (one.recipe.parts == BuildParts::kAll) {
      LockedRecipe recipe = one.recipe;
      recipe.parts = BuildParts::kArchitecture;
      plan.variants.push_back(RequestFor(one.found.source, recipe));
      if (plan.variants[1] == plan.variants[0]) plan.variants.pop_back();
    }
    requests.insert(requests.end(), plan.variants.begin(), plan.variants.end());
    plans.push_back(std::move(plan));
    resolved.push_back({one.found, one.recipe, {}, {}, {}});
  }
  if (wanted.empty()) return resolved;

  const bool several = wanted.size() > 1;
  const unsigned processes = ProcessesOf(config_);
  std::vector<std::size_t> uncertain;
  {
    AptSolver solver(indexes_.tree, architecture(), std::move(requests), several);
    for (std::size_t i = 0; i < resolved.size(); ++i) {
      ChooseParts(solver, resolved[i]);
      if (resolved[i].recipe.parts != wanted[i].recipe.parts) plans[i].chosen = plans[i].variants.size() - 1;
    }
    std::unordered_map<std::uint32_t, std::uint32_t> numbers;  // libapt-pkg's: ours
    ForEachInProcesses(
        resolved.size(), processes, config_.cancelled,
        [&](std::size_t i) {
          Answer answer = solver.Solve(plans[i].first + plans[i].chosen);
          if (!several) answer.certain = true;
          return WriteAnswer(answer);
        },
        [&](std::size_t i, const std::string& text) {
          if (text[0] == kUncertain) {
            uncertain.push_back(i);
            return;
          }
          if (text[0] == kProblem) resolved[i].problem = ReadProblem(std::string_view(text).substr(1));
          if (text[0] == kPackages) {
            for (const std::uint32_t number : ReadNumbers(text)) {
              auto known = numbers.find(number);
              if (known == numbers.end()) known = numbers.emplace(number, Remember(solver.Package(number))).first;
              resolved[i].environment.push_back(known->second);
            }
          }
          advance();
        });
  }
  second_looks_ += uncertain.size();
  ForEachInProcesses(
      uncertain.size(), processes, config_.cancelled,
      [&](std::size_t k) {
        const Plan& plan = plans[uncertain[k]];
        AptSolver solver(indexes_.tree, architecture(), plan.variants, true);
        return WriteWhole(solver, solver.Solve(plan.chosen));
      },
      [&](std::size_t k, const std::string& text) {
        ResolvedSource& one = resolved[uncertain[k]];
        const std::string_view rest = std::string_view(text).substr(1);
        if (text[0] == kProblem) {
          one.problem = ReadProblem(rest);
        } else {
          for (const Json& package : ParseJson(rest, "pipe")) {
            one.environment.push_back(Remember(PackageFrom(package)));
          }
        }
        advance();
      });
  for (ResolvedSource& one : resolved) Sort(one.environment);
  return resolved;
}

void SourceResolver::ChooseParts(AptSolver& solver, ResolvedSource& resolved) const {
  const DebianSource& source = resolved.found.source;
  const std::vector<SolvedPackage> offered = solver.References(source.name, source.version);
  // What the archive has of this source, and such a build makes. A binNMU's packages differ in version from their
  // source; with -A they play no part.
  const auto find_references = [&] {
    resolved.references.clear();
    for (const SolvedPackage& package : offered) {
      const LockedRecipe& recipe = resolved.recipe;
      if (!IsBuilt(source, package.name, package.architecture, recipe.build_profiles, recipe.parts)) continue;
      resolved.references.push_back(ToLockedFile(InputRole::kReference, package, indexes_.package_positions));
    }
  };
  find_references();
  resolved.recipe.binary_version = FindBinNmu(resolved.references, source.version);
  if (resolved.recipe.binary_version.empty()) return;
  if (resolved.recipe.parts == BuildParts::kAll) resolved.recipe.parts = BuildParts::kArchitecture;
  find_references();
}

std::vector<std::uint32_t> SourceResolver::ResolveScript(const SolveRequest& request) {
  AptSolver solver(indexes_.tree, architecture(), {request});
  const Answer answer = solver.Solve(0);
  if (answer.problem) throw MissingError(*answer.problem);
  std::vector<std::uint32_t> environment;
  for (const std::uint32_t number : answer.packages) environment.push_back(Remember(solver.Package(number)));
  Sort(environment);
  return environment;
}

LockedFile SourceResolver::EnvironmentFile(std::uint32_t number) const {
  return ToLockedFile(InputRole::kEnvironment, Package(number), indexes_.package_positions);
}

Lock SourceResolver::StartLock(const std::vector<std::uint32_t>& environment) const {
  Lock lock;
  lock.architecture = architecture();
  lock.releases = snapshot_.releases;
  for (const SnapshotIndex& index : snapshot_.indexes) lock.indexes.push_back(index.proof);
  for (const std::uint32_t number : environment) lock.files.push_back(EnvironmentFile(number));
  return lock;
}

void SourceResolver::FinishLock(bool with_environment_sources, const std::vector<std::uint32_t>& environment,
                                Lock& lock, Progress& progress) {
  if (with_environment_sources) {
    std::set<std::pair<std::string, std::string>> wanted;
    for (const std::uint32_t number : environment) wanted.emplace(Package(number).source, Package(number).source_version);
    for (const auto& [name, version] : wanted) {
      if (const auto& found = Find(name, version)) {
        AddSourceFiles(InputRole::kEnvironmentSource, *found, lock.files);
      } else {
        lock.missing_sources.push_back(name + " " + version);
      }
    }
    if (!lock.missing_sources.empty()) {
      progress.Note(Msg("{} of {} source packages of the build environment are in no index",
                        lock.missing_sources.size(), wanted.size()));
    }
  }
  std::sort(lock.files.begin(), lock.files.end(), [](const LockedFile& left, const LockedFile& right) {
    return std::tie(left.role, left.package, left.version, left.file_name) <
           std::tie(right.role, right.package, right.version, right.file_name);
  });
}

Lock SourceResolver::MakeLock(const ResolvedSource& resolved, bool with_environment_sources, Progress& progress) {
  const DebianSource& source = resolved.found.source;
  Lock lock = StartLock(resolved.environment);
  lock.source = source.name;
  lock.version = source.version;
  AddSourceFiles(InputRole::kSource, resolved.found, lock.files);
  lock.binaries = ExpectedBinaries(source, architecture(), resolved.recipe, resolved.references);
  lock.files.insert(lock.files.end(), resolved.references.begin(), resolved.references.end());
  lock.recipe = resolved.recipe;
  FinishLock(with_environment_sources, resolved.environment, lock, progress);
  return lock;
}

}  // namespace nachbau::mirror
