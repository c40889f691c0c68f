// Resolves build environments of source packages from one snapshot, many at once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mirror/apt_solver.h"
#include "mirror/indexes.h"
#include "mirror/mirror.h"
#include "mirror/source_choice.h"

namespace nachbau::mirror {

// One source package to resolve.
struct WantedSource {
  FoundSource found;
  LockedRecipe recipe;  // as asked for; binary_version is for the resolver to find out
};

struct ResolvedSource {
  FoundSource found;
  LockedRecipe recipe;                     // with binary_version, and its parts, where it is a binNMU
  std::vector<LockedFile> references;
  std::vector<std::uint32_t> environment;  // for SourceResolver::Package, in the order of names
  std::optional<MissingError> problem;     // why there is no environment
};

class SourceResolver {
 public:
  // Reads the snapshot's indexes. `task` advances by two. `snapshot` and `config` must outlive it.
  SourceResolver(const Snapshot& snapshot, const MirrorConfig& config, const Store& store, Progress::Task& task);

  // The source package that is meant. Throws MissingError.
  FoundSource Choose(const std::string& wanted, const std::string& version) const;
  std::vector<std::string> SourceNames() const;  // all in the indexes, sorted
  // Exactly this source package, from the first index that has it. Remembered.
  const std::optional<FoundSource>& Find(const std::string& name, const std::string& version);

  // Each as if it were the only one, in this order. With more than one, in as many processes as config says; `advance`
  // is called for each that is done.
  std::vector<ResolvedSource> Resolve(const std::vector<WantedSource>& wanted, const std::function<void()>& advance);
  // The environment of a build by script. Throws MissingError.
  std::vector<std::uint32_t> ResolveScript(const SolveRequest& request);

  const SolvedPackage& Package(std::uint32_t number) const { return packages_.at(number); }
  std::size_t package_count() const { return packages_.size(); }
  LockedFile EnvironmentFile(std::uint32_t number) const;
  std::size_t second_looks() const { return second_looks_; }  // sources that took a cache of their own
  const std::string& architecture() const { return indexes_.architecture; }

  // A lock with releases, indexes and this environment; FinishLock adds the environment's sources and sorts it.
  Lock StartLock(const std::vector<std::uint32_t>& environment) const;
  void FinishLock(bool with_environment_sources, const std::vector<std::uint32_t>& environment, Lock& lock,
                  Progress& progress);
  // The whole lock of a source package.
  Lock MakeLock(const ResolvedSource& resolved, bool with_environment_sources, Progress& progress);

 private:
  SolveRequest RequestFor(const DebianSource& source, const LockedRecipe& recipe) const;
  // Finds references, and whether this is a binNMU.
  void ChooseParts(AptSolver& solver, ResolvedSource& resolved) const;
  std::uint32_t Remember(const SolvedPackage& package);
  void Sort(std::vector<std::uint32_t>& environment) const;

  const Snapshot& snapshot_;
  const MirrorConfig& config_;
  Indexes indexes_;
  std::vector<SolvedPackage> packages_;
  std::unordered_map<std::string, std::uint32_t> numbers_;  // by index, name, version, architecture
  std::map<std::pair<std::string, std::string>, std::optional<FoundSource>> found_;
  std::size_t second_looks_ = 0;
};

// The files of a source package as a lock has them.
void AddSourceFiles(InputRole role, const FoundSource& found, std::vector<LockedFile>& files);

}  // namespace nachbau::mirror
