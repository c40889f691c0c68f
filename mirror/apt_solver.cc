// The same steps as "apt-get build-dep", and as sbuild on Debian's build daemons: the build dependencies become the
// Depends of a package that exists nowhere else, and that package is installed beside the essential ones,
// build-essential and fakeroot into a system that has nothing yet.
//
// Each request has such a package of its own; all are in one cache. The state of the cache with the base marked is kept
// and put back before each request.
#include "mirror/apt_solver.h"

#include <apt-pkg/algorithms.h>
#include <apt-pkg/cachefile.h>
#include <apt-pkg/debindexfile.h>
#include <apt-pkg/depcache.h>
#include <apt-pkg/hashes.h>
#include <apt-pkg/pkgcache.h>
#include <apt-pkg/pkgrecords.h>
#include <apt-pkg/policy.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "base/deb822.h"
#include "base/error.h"
#include "mirror/apt_explanation.h"
#include "mirror/apt_session.h"
#include "mirror/archive_path.h"
#include "mirror/dependency.h"

namespace nachbau::mirror {
namespace {

std::string DummyName(std::size_t request) { return "nachbau-build-dependencies-" + std::to_string(request); }

// The control paragraph of the package that stands for "everything this build needs".
std::string DummyParagraph(std::size_t number, const SolveRequest& request, const std::string& architecture) {
  std::string text = "Package: " + DummyName(number) + "\nVersion: 1\nArchitecture: " + architecture +
                     "\nMaintainer: Nachbau\nDescription: build dependencies\nFilename: ./none.deb\nSize: 0\n";
  if (!request.build_depends.empty()) text += "Depends: " + request.build_depends + "\n";
  if (!request.build_conflicts.empty()) text += "Conflicts: " + request.build_conflicts + "\n";
  return text + "\n";
}

// The state of apt's choices, to go back to.
class DepCache : public pkgDepCache {
 public:
  explicit DepCache(pkgCacheFile& cache) : pkgDepCache(cache.GetPkgCache(), cache.GetPolicy()) {}

  void Save() {
    packages_.assign(PkgState, PkgState + Head().PackageCount);
    dependencies_.assign(DepState, DepState + Head().DependsCount);
    counts_ = Counts();
  }
  void Restore() {
    std::copy(packages_.begin(), packages_.end(), PkgState);
    std::copy(dependencies_.begin(), dependencies_.end(), DepState);
    std::tie(iUsrSize, iDownloadSize, iInstCount, iDelCount, iKeepCount, iBrokenCount, iPolicyBrokenCount, iBadCount) =
        counts_;
  }
  const StateCache& StateOf(const pkgCache::Package& package) const { return PkgState[package.ID]; }

 private:
  using Numbers = std::tuple<signed long long, unsigned long long, unsigned long, unsigned long, unsigned long,
                             unsigned long, unsigned long, unsigned long>;
  Numbers Counts() const {
    return {iUsrSize, iDownloadSize, iInstCount, iDelCount, iKeepCount, iBrokenCount, iPolicyBrokenCount, iBadCount};
  }

  std::vector<StateCache> packages_;
  std::vector<unsigned char> dependencies_;
  Numbers counts_;
};

// "libc6 (= 2.36-9), gcc-12 (= 12.2.0-14)".
void ReadBuiltUsing(const std::string& field, const std::string& where, SolvedPackage& package) {
  if (Trim(field).empty()) return;
  for (const Alternatives& group : ParseDependencies(field, where)) {
    if (group.front().relation == Relation::kEqual) {
      package.built_using.emplace_back(group.front().package, group.front().version);
    }
  }
}

// Turns apt's versions into values.
class PackageReader {
 public:
  PackageReader(pkgCache& cache, const AptTree& tree) : records_(cache), indexes_(cache.Head().PackageFileCount, kNone) {
    for (pkgCache::PkgFileIterator file = cache.FileBegin(); !file.end(); ++file) {
      for (std::uint32_t index = 0; file.FileName() != nullptr && index < tree.index_count(); ++index) {
        if (tree.PackagesPath(index) == file.FileName()) indexes_.at(file->ID) = index;
      }
    }
  }

  // Where a version stands: the first index that has it. Nothing for the dummy packages' own index.
  struct Place {
    std::uint32_t index;
    pkgCache::VerFileIterator file;
  };
  std::optional<Place> FindPlace(const pkgCache::VerIterator& version) const {
    std::optional<Place> first;
    for (pkgCache::VerFileIterator file = version.FileList(); !file.end(); ++file) {
      const std::uint32_t index = indexes_.at(file.File()->ID);
      if (index != kNone && (!first || index < first->index)) first = Place{index, file};
    }
    return first;
  }

  bool IsEssential(const pkgCache::VerIterator& version) {
    const auto place = FindPlace(version);
    return place && records_.Lookup(place->file).RecordField("Essential") == "yes";
  }

  std::optional<SolvedPackage> Read(const pkgCache::VerIterator& version) {
    const auto place = FindPlace(version);
    if (!place) return std::nullopt;
    pkgRecords::Parser& record = records_.Lookup(place->file);
    SolvedPackage package;
    package.name = version.ParentPkg().Name();
    package.version = version.VerStr();
    package.architecture = version.Arch();
    package.source = version.SourcePkgName();
    package.source_version = version.SourceVerStr();
    package.index = place->index;
    const std::string where = "Packages, package " + package.name;
    package.path = CleanArchivePath(record.FileName(), where, 0);
    const HashStringList hashes = record.Hashes();
    const HashString* sha256 = hashes.find("SHA256");
    if (package.path.empty() || sha256 == nullptr) throw ParseError(where, 0, Msg("no Filename or no SHA256 field"));
    package.sha256 = ParseSha256(sha256->HashValue(), where);
    const std::string size = record.RecordField("Size");
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), package.size);
    if (error != std::errc() || end != size.data() + size.size()) {
      throw ParseError(where, 0, Msg("no valid Size field"));
    }
    for (const char* field : {"Built-Using", "Static-Built-Using"}) {
      ReadBuiltUsing(record.RecordField(field), where + ", " + field, package);
    }
    std::sort(package.built_using.begin(), package.built_using.end());
    return package;
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  pkgRecords records_;
  std::vector<std::uint32_t> indexes_;  // by number of apt's package file
};

// Packages in the order of their names: the resolver's answer may depend on the order in which it is asked.
std::vector<pkgCache::PkgIterator> FindBasePackages(pkgCache& cache, DepCache& choices, PackageReader& reader) {
  std::vector<pkgCache::PkgIterator> packages;
  for (pkgCache::PkgIterator package = cache.PkgBegin(); !package.end(); ++package) {
    if ((package->Flags & pkgCache::Flag::Essential) == 0) continue;
    const pkgCache::VerIterator candidate = choices[package].CandidateVerIter(cache);
    // The flag is set when any version is essential, and for apt itself, which a build root does not need.
    if (!candidate.end() && reader.IsEssential(candidate)) packages.push_back(package);
  }
  std::sort(packages.begin(), packages.end(), [](const auto& left, const auto& right) {
    return std::string_view(left.Name()) < std::string_view(right.Name());
  });
  const pkgCache::PkgIterator build_essential = cache.FindPkg("build-essential");
  if (build_essential.end() || choices[build_essential].CandidateVer == nullptr) {
    throw MissingError(Msg("no archive offers the package build-essential, which every build needs"));
  }
  packages.push_back(build_essential);
  // docs/decisions/0018-fakeroot-in-the-base.md
  const pkgCache::PkgIterator fakeroot = cache.FindPkg("fakeroot");
  if (!fakeroot.end() && choices[fakeroot].CandidateVer != nullptr) packages.push_back(fakeroot);
  return packages;
}

void Protect(pkgProblemResolver& resolver, const std::vector<pkgCache::PkgIterator>& packages) {
  for (const auto& package : packages) {
    resolver.Clear(package);
    resolver.Protect(package);
  }
}

void Mark(DepCache& choices, pkgProblemResolver& resolver, const std::vector<pkgCache::PkgIterator>& packages) {
  for (const auto& package : packages) {
    Protect(resolver, {package});
    choices.MarkInstall(package, false);
  }
  // Only now their dependencies: a choice among alternatives falls on one that is installed anyway.
  for (const auto& package : packages) choices.MarkInstall(package, true);
}

bool IsSolved(DepCache& choices, const std::vector<pkgCache::PkgIterator>& wanted) {
  return choices.BrokenCount() == 0 && std::all_of(wanted.begin(), wanted.end(), [&](const auto& package) {
           return choices[package].Install() && !choices[package].InstBroken();
         });
}

}  // namespace

struct AptSolver::State {
  State(const AptTree& tree, const std::string& architecture, std::vector<SolveRequest> wanted, bool keep_indexes)
      : requests(std::move(wanted)), session(tree, architecture, keep_indexes), reader(Open(architecture), tree),
        choices(file) {
    if (!choices.Init(nullptr)) AptSession::Fail();
    group.emplace(choices);
    pkgCache& cache = *file.GetPkgCache();
    packages.resize(cache.Head().PackageCount, nullptr);
    versions.resize(cache.Head().VersionCount, nullptr);
    for (pkgCache::PkgIterator package = cache.PkgBegin(); !package.end(); ++package) {
      packages.at(package->ID) = package;
      for (pkgCache::VerIterator version = package.VersionList(); !version.end(); ++version) {
        versions.at(version->ID) = version;
      }
    }
    base = FindBasePackages(cache, choices, reader);
    pkgProblemResolver resolver(&choices);
    Mark(choices, resolver, base);
    choices.Save();
  }

  pkgCache& Open(const std::string& architecture) {
    std::string dummies;
    for (std::size_t i = 0; i < requests.size(); ++i) dummies += DummyParagraph(i, requests[i], architecture);
    if (!file.AddIndexFile(new debStringPackageIndex(dummies)) || !file.BuildCaches(nullptr, false) ||
        !file.BuildPolicy(nullptr)) {
      AptSession::Fail();
    }
    return *file.GetPkgCache();
  }

  // What is marked, but for the dummy package, in the order of libapt-pkg's numbers.
  std::vector<std::uint32_t> Marked() {
    std::vector<std::uint32_t> marked;
    pkgCache& cache = *file.GetPkgCache();
    for (const pkgCache::Package* package : packages) {
      if (package == nullptr || !choices.StateOf(*package).Install()) continue;
      const pkgCache::VerIterator version(cache, choices.StateOf(*package).InstallVer);
      if (reader.FindPlace(version)) marked.push_back(version->ID);
    }
    return marked;
  }

  const std::vector<SolveRequest> requests;
  AptSession session;
  pkgCacheFile file;
  PackageReader reader;
  DepCache choices;
  // One for the whole time: what an action group does at its end, looking for packages that nothing needs any more, is
  // of no use here.
  std::optional<pkgDepCache::ActionGroup> group;
  std::vector<pkgCache::Package*> packages;  // by number
  std::vector<pkgCache::Version*> versions;
  std::vector<pkgCache::PkgIterator> base;
  std::unordered_map<std::uint32_t, SolvedPackage> known;
};

AptSolver::AptSolver(const AptTree& tree, const std::string& architecture, std::vector<SolveRequest> requests,
                     bool keep_indexes)
    : state_(std::make_unique<State>(tree, architecture, std::move(requests), keep_indexes)) {}

AptSolver::~AptSolver() = default;

Answer AptSolver::Solve(std::size_t request) {
  State& state = *state_;
  DepCache& choices = state.choices;
  choices.Restore();
  pkgProblemResolver resolver(&choices);
  Protect(resolver, state.base);
  std::vector<pkgCache::PkgIterator> wanted = state.base;
  const pkgCache::PkgIterator dummy = state.file.GetPkgCache()->FindPkg(DummyName(request));
  NACHBAU_CHECK(!dummy.end());
  // Ours, whatever an archive may offer under this name.
  for (pkgCache::VerIterator version = dummy.VersionList(); !version.end(); ++version) {
    if (!state.reader.FindPlace(version)) choices.SetCandidateVersion(version);
  }
  Mark(choices, resolver, {dummy});
  wanted.push_back(dummy);
  Answer answer;
  if (!IsSolved(choices, wanted)) {
    answer.certain = false;
    resolver.Resolve(true);
  }
  if (IsSolved(choices, wanted)) {
    answer.packages = state.Marked();
  } else {
    Explanation explanation = ExplainUnsolved(state.file, wanted, state.requests.at(request).name);
    answer.certain = explanation.certain;
    answer.problem = std::move(explanation.error);
  }
  return answer;
}

const SolvedPackage& AptSolver::Package(std::uint32_t number) {
  const auto known = state_->known.find(number);
  if (known != state_->known.end()) return known->second;
  auto package = state_->reader.Read(pkgCache::VerIterator(*state_->file.GetPkgCache(), state_->versions.at(number)));
  NACHBAU_CHECK(package.has_value());
  return state_->known.emplace(number, std::move(*package)).first->second;
}

std::vector<SolvedPackage> AptSolver::References(const std::string& source, const std::string& source_version) {
  std::vector<SolvedPackage> packages;
  const pkgCache::GrpIterator group = state_->file.GetPkgCache()->FindGrp(source);
  if (group.end()) return packages;
  for (pkgCache::VerIterator version = group.VersionsInSource(); !version.end(); version = version.NextInSource()) {
    if (source != version.SourcePkgName() || source_version != version.SourceVerStr()) continue;
    if (auto reference = state_->reader.Read(version)) packages.push_back(std::move(*reference));
  }
  // Two archives may offer different bytes under one name and version; the first archive is the reference.
  const auto key = [](const SolvedPackage& package) {
    return std::tie(package.name, package.architecture, package.version, package.index);
  };
  std::sort(packages.begin(), packages.end(),
            [&](const SolvedPackage& left, const SolvedPackage& right) { return key(left) < key(right); });
  const auto same = [](const SolvedPackage& left, const SolvedPackage& right) {
    return left.name == right.name && left.architecture == right.architecture && left.version == right.version;
  };
  packages.erase(std::unique(packages.begin(), packages.end(), same), packages.end());
  return packages;
}

}  // namespace nachbau::mirror
