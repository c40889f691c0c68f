// The same steps as "apt-get build-dep", and as sbuild on Debian's build daemons: the build dependencies become the
// Depends of a package that exists nowhere else, and that package is installed beside the essential ones,
// build-essential and fakeroot into a system that has nothing yet.
#include "mirror/apt_solver.h"

#include <apt-pkg/algorithms.h>
#include <apt-pkg/aptconfiguration.h>
#include <apt-pkg/cachefile.h>
#include <apt-pkg/configuration.h>
#include <apt-pkg/depcache.h>
#include <apt-pkg/error.h>
#include <apt-pkg/hashes.h>
#include <apt-pkg/init.h>
#include <apt-pkg/pkgcache.h>
#include <apt-pkg/pkgrecords.h>
#include <apt-pkg/pkgsystem.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "mirror/apt_explanation.h"
#include "mirror/apt_lock.h"
#include "mirror/archive_path.h"

namespace nachbau::mirror {
namespace {

constexpr const char* kDummy = "nachbau-build-dependencies";

// libapt-pkg's globals for the time of one resolution.
class AptSession {
 public:
  AptSession(const AptTree& tree, const std::string& architecture) : saved_(_config) {
    _error->PushToStack();
    _config = &configuration_;
    Configure(tree.directory(), architecture);
    if (!pkgInitSystem(*_config, _system)) Fail();
    // These keep what they saw first in static variables unless told to look again.
    APT::Configuration::getArchitectures(false);
    APT::Configuration::getLanguages(false);
    APT::Configuration::getCompressors(false);
  }
  ~AptSession() {
    _config = saved_;
    _error->RevertToStack();
  }
  AptSession(const AptSession&) = delete;
  AptSession& operator=(const AptSession&) = delete;

  [[noreturn]] static void Fail() {
    std::string messages;
    while (!_error->empty()) {
      std::string message;
      _error->PopMessage(message);
      messages += (messages.empty() ? "" : "; ") + message;
    }
    throw Error(Msg("libapt-pkg cannot read the package indexes: {}", messages));
  }

 private:
  // Every setting by hand: pkgInitConfig would read apt.conf and APT_CONFIG.
  void Configure(const std::filesystem::path& directory, const std::string& architecture) {
    const std::string base = directory.string() + "/";
    const std::pair<const char*, std::string> settings[] = {
        {"APT::System", "Debian dpkg interface"},
        {"APT::Architecture", architecture},
        {"APT::Architectures::", architecture},
        {"APT::Install-Recommends", "false"},
        {"APT::Install-Suggests", "false"},
        {"APT::Build-Profiles", ""},
        {"APT::Cache-Start", "100663296"},
        {"Acquire::Languages", "none"},
        {"Acquire::IndexTargets::deb::Packages::MetaKey", "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages"},
        {"Acquire::IndexTargets::deb::Packages::flatMetaKey", "Packages"},
        {"Acquire::IndexTargets::deb::Packages::ShortDescription", "Packages"},
        {"Acquire::IndexTargets::deb::Packages::Description", "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages"},
        {"Acquire::IndexTargets::deb::Packages::flatDescription", "$(RELEASE) Packages"},
        {"Acquire::IndexTargets::deb::Packages::Optional", "false"},
        {"Dir", "/"},
        {"Dir::State", base + "state"},
        {"Dir::State::lists", base + "lists/"},
        {"Dir::State::status", base + "status"},
        {"Dir::State::extended_states", base + "extended_states"},
        {"Dir::Cache", base + "cache"},
        {"Dir::Cache::archives", base + "cache/archives/"},
        {"Dir::Cache::pkgcache", ""},  // in memory only
        {"Dir::Cache::srcpkgcache", ""},
        {"Dir::Etc", base + "etc"},
        {"Dir::Etc::sourcelist", base + "sources.list"},
        {"Dir::Etc::sourceparts", "/dev/null"},
        {"Dir::Etc::preferences", "/dev/null"},
        {"Dir::Etc::preferencesparts", "/dev/null"},
        {"Dir::Etc::main", "/dev/null"},
        {"Dir::Etc::parts", "/dev/null"},
        {"Dir::Etc::netrc", "/dev/null"},
        {"Dir::Etc::netrcparts", "/dev/null"},
        {"Dir::Etc::trusted", "/dev/null"},
        {"Dir::Etc::trustedparts", "/dev/null"},
        {"Dir::Bin::dpkg", "/usr/bin/dpkg"},
        {"Dir::Log", base + "log"},
    };
    for (const auto& [key, value] : settings) _config->Set(key, value);
  }

  Configuration configuration_;
  Configuration* saved_;
};

// The control paragraph of the package that stands for "everything this build needs".
std::string DummyParagraph(const SolveRequest& request) {
  std::string text = std::string("Package: ") + kDummy + "\nVersion: 1\nArchitecture: " + request.architecture +
                     "\nMaintainer: Nachbau\nDescription: build dependencies\nFilename: ./none.deb\nSize: 0\n";
  if (!request.build_depends.empty()) text += "Depends: " + request.build_depends + "\n";
  if (!request.build_conflicts.empty()) text += "Conflicts: " + request.build_conflicts + "\n";
  return text + "\n";
}

// Turns apt's versions into values.
class PackageReader {
 public:
  PackageReader(pkgCache& cache, const AptTree& tree) : records_(cache) {
    for (std::uint32_t index = 0; index < tree.index_count(); ++index) {
      paths_.push_back(tree.PackagesPath(index).string());
    }
  }

  // Where a version stands: the first index that has it. Nothing for the dummy package's own index.
  struct Place {
    std::uint32_t index;
    pkgCache::VerFileIterator file;
  };
  std::optional<Place> FindPlace(const pkgCache::VerIterator& version) const {
    std::optional<Place> first;
    for (pkgCache::VerFileIterator file = version.FileList(); !file.end(); ++file) {
      const auto path = std::find(paths_.begin(), paths_.end(), file.File().FileName());
      if (path == paths_.end()) continue;
      const auto index = static_cast<std::uint32_t>(path - paths_.begin());
      if (!first || index < first->index) first = Place{index, file};
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
    return package;
  }

 private:
  pkgRecords records_;
  std::vector<std::string> paths_;
};

// Packages in the order of their names: the resolver's answer may depend on the order in which it is asked.
std::vector<pkgCache::PkgIterator> FindBasePackages(pkgCacheFile& cache, PackageReader& reader) {
  std::vector<pkgCache::PkgIterator> packages;
  for (pkgCache::PkgIterator package = cache.GetPkgCache()->PkgBegin(); !package.end(); ++package) {
    if ((package->Flags & pkgCache::Flag::Essential) == 0) continue;
    const pkgCache::VerIterator candidate = cache[package].CandidateVerIter(*cache.GetPkgCache());
    // The flag is set when any version is essential, and for apt itself, which a build root does not need.
    if (!candidate.end() && reader.IsEssential(candidate)) packages.push_back(package);
  }
  std::sort(packages.begin(), packages.end(), [](const auto& left, const auto& right) {
    return std::string_view(left.Name()) < std::string_view(right.Name());
  });
  const pkgCache::PkgIterator build_essential = cache.GetPkgCache()->FindPkg("build-essential");
  if (build_essential.end() || cache[build_essential].CandidateVer == nullptr) {
    throw MissingError(Msg("no archive offers the package build-essential, which every build needs"));
  }
  packages.push_back(build_essential);
  // docs/decisions/0018-fakeroot-in-the-base.md
  const pkgCache::PkgIterator fakeroot = cache.GetPkgCache()->FindPkg("fakeroot");
  if (!fakeroot.end() && cache[fakeroot].CandidateVer != nullptr) packages.push_back(fakeroot);
  return packages;
}

void Mark(pkgCacheFile& cache, pkgProblemResolver& resolver, const std::vector<pkgCache::PkgIterator>& packages) {
  for (const auto& package : packages) {
    resolver.Clear(package);
    resolver.Protect(package);
    cache->MarkInstall(package, false);
  }
  // Only now their dependencies: a choice among alternatives falls on one that is installed anyway.
  for (const auto& package : packages) cache->MarkInstall(package, true);
}

bool IsSolved(pkgCacheFile& cache, const std::vector<pkgCache::PkgIterator>& wanted) {
  return cache->BrokenCount() == 0 && std::all_of(wanted.begin(), wanted.end(), [&](const auto& package) {
           return cache[package].Install() && !cache[package].InstBroken();
         });
}

std::vector<SolvedPackage> ReadEnvironment(pkgCacheFile& cache, PackageReader& reader) {
  std::vector<SolvedPackage> packages;
  for (pkgCache::PkgIterator package = cache.GetPkgCache()->PkgBegin(); !package.end(); ++package) {
    if (!cache[package].Install()) continue;
    auto solved = reader.Read(cache[package].InstVerIter(*cache.GetPkgCache()));
    if (solved) packages.push_back(std::move(*solved));
  }
  std::sort(packages.begin(), packages.end());
  return packages;
}

std::vector<SolvedPackage> ReadReferences(pkgCacheFile& cache, PackageReader& reader, const SolveRequest& request) {
  std::vector<SolvedPackage> packages;
  if (request.source.empty()) return packages;
  const pkgCache::GrpIterator group = cache.GetPkgCache()->FindGrp(request.source);
  if (group.end()) return packages;
  for (pkgCache::VerIterator version = group.VersionsInSource(); !version.end(); version = version.NextInSource()) {
    if (request.source != version.SourcePkgName() || request.source_version != version.SourceVerStr()) continue;
    if (auto reference = reader.Read(version)) packages.push_back(std::move(*reference));
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

}  // namespace

AptTree::AptTree(std::filesystem::path directory) : directory_(std::move(directory)) {
  MakeDirectories(directory_ / "lists" / "partial");
  MakeDirectories(directory_ / "cache" / "archives" / "partial");
  MakeDirectories(directory_ / "etc");
  WriteFileAtomically(directory_ / "status", "", 0600, Durability::kNone);
}

std::filesystem::path AptTree::PackagesPath(std::uint32_t index) const {
  // apt's own name for the Packages file of "deb file:/0 ./".
  return directory_ / "lists" / ("_" + std::to_string(index) + "_._Packages");
}

std::filesystem::path AptTree::AddIndex(std::string_view release) {
  const std::uint32_t index = index_count_++;
  if (!release.empty()) {
    const std::string name = "_" + std::to_string(index) + "_._InRelease";
    WriteFileAtomically(directory_ / "lists" / name, release, 0600, Durability::kNone);
  }
  return PackagesPath(index);
}

Solution Solve(const AptTree& tree, const SolveRequest& request) {
  const std::lock_guard lock(AptMutex());
  // One more index than the tree's own, with the dummy package. Nothing is verified here (trusted=yes): these are the
  // plain texts of indexes that were verified when they came in.
  std::string sources_list;
  for (std::uint32_t index = 0; index <= tree.index_count(); ++index) {
    sources_list += "deb [trusted=yes] file:/" + std::to_string(index) + " ./\n";
  }
  WriteFileAtomically(tree.directory() / "sources.list", sources_list, 0600, Durability::kNone);
  WriteFileAtomically(tree.PackagesPath(tree.index_count()), DummyParagraph(request), 0600, Durability::kNone);

  const AptSession session(tree, request.architecture);
  pkgCacheFile cache;
  if (!cache.Open(nullptr, false)) AptSession::Fail();
  PackageReader reader(*cache.GetPkgCache(), tree);

  std::vector<pkgCache::PkgIterator> wanted = FindBasePackages(cache, reader);
  pkgProblemResolver resolver(cache);
  {
    const pkgDepCache::ActionGroup group(cache);
    Mark(cache, resolver, wanted);
    const pkgCache::PkgIterator dummy = cache.GetPkgCache()->FindPkg(kDummy);
    // Ours, whatever an archive may offer under this name.
    for (pkgCache::VerIterator version = dummy.VersionList(); !version.end(); ++version) {
      if (!reader.FindPlace(version)) cache->SetCandidateVersion(version);
    }
    Mark(cache, resolver, {dummy});
    wanted.push_back(dummy);
    if (!IsSolved(cache, wanted)) resolver.Resolve(true);
  }
  if (!IsSolved(cache, wanted)) {
    throw ExplainUnsolved(cache, wanted, request.name);
  }
  Solution solution;
  solution.environment = ReadEnvironment(cache, reader);
  solution.references = ReadReferences(cache, reader, request);
  return solution;
}

}  // namespace nachbau::mirror
