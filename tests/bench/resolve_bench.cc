// Resolves one source package from an apt lists directory and compares time and result with what
// "apt-get --simulate build-dep" makes of the same lists.
//
//   resolve_bench LISTS SOURCE [ARCHITECTURE]
//
// LISTS  as apt writes it: *_InRelease, *_Packages, *_Sources, plain or compressed (".xz" …), one component per suite:
//        apt-get update -o Dir::State::lists=LISTS -o Dir::Etc::sourcelist=… (with deb-src lines)
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "base/archive.h"
#include "base/clock.h"
#include "base/deb822.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "mirror/mirror.h"

namespace nachbau::mirror {
namespace {

Snapshot ReadLists(const std::filesystem::path& lists, const std::string& architecture, Store& store) {
  Snapshot snapshot;
  std::vector<std::filesystem::path> files = ListFiles(lists);
  for (const auto& file : files) {
    const std::string name = file.filename();
    const std::size_t end = name.find("_InRelease");
    if (end == name.npos || file.has_parent_path()) continue;
    ReleaseProof release;
    release.uri = "file:" + lists.native();
    release.suite = name.substr(0, end);
    release.in_release = store.Put(ReadFile(lists / file)).sha256;
    for (const auto& index : files) {
      const std::string index_name = index.filename();
      if (!index_name.starts_with(release.suite + "_")) continue;
      const bool sources = index_name.find("_Sources") != index_name.npos;
      if (!sources && index_name.find("_Packages") == index_name.npos) continue;
      const IndexProof proof{static_cast<std::uint32_t>(snapshot.releases.size()), index_name,
                             store.Put(ReadFile(lists / index)).sha256};
      snapshot.indexes.push_back({proof, "main", sources ? "source" : architecture});
    }
    snapshot.releases.push_back(std::move(release));
  }
  return snapshot;
}

// "Inst libc6 (2.36-9 …)" lines of a simulation in the system that work/status describes.
std::map<std::string, std::string> Simulate(const std::filesystem::path& work, const std::filesystem::path& lists,
                                            const std::string& sources, const std::vector<std::string>& command) {
  WriteFileAtomically(work / "sources.list", sources);
  WriteFileAtomically(work / "apt.conf", "");
  MakeDirectories(work / "cache" / "archives" / "partial");
  ProcessRequest request;
  request.environment["APT_CONFIG"] = (work / "apt.conf").native();
  request.arguments = {"apt-get", "--simulate", "--quiet", "--no-install-recommends"};
  for (const std::string& option :
       {"Dir::State::lists=" + lists.native(), "Dir::State::status=" + (work / "status").native(),
        "Dir::Etc::sourcelist=" + (work / "sources.list").native(), std::string("Dir::Etc::sourceparts=/dev/null"),
        std::string("Dir::Etc::preferencesparts=/dev/null"), "Dir::Cache=" + (work / "cache").native(),
        std::string("Dir::Cache::pkgcache="), std::string("Dir::Cache::srcpkgcache="),
        std::string("APT::Build-Profiles=nocheck"), std::string("APT::Get::Build-Dep-Automatic=no"),
        std::string("Debug::NoLocking=yes")}) {
    request.arguments.push_back("-o");
    request.arguments.push_back(option);
  }
  request.arguments.insert(request.arguments.end(), command.begin(), command.end());
  const ProcessResult result = RunProcess(request);
  if (result.exit_code != 0) throw Error(Msg("apt-get: {}", result.standard_error));
  std::map<std::string, std::string> packages;
  for (const std::string_view line : Paragraph::Lines(result.standard_output)) {
    const auto words = SplitWords(line);
    if (words.size() >= 3 && words[0] == "Inst") packages[std::string(words[1])] = words[2].substr(1);
  }
  return packages;
}

void ForEachPackage(const std::filesystem::path& lists, const std::function<void(const Paragraph&)>& sink) {
  for (const auto& file : ListFiles(lists)) {
    if (file.native().find("_Packages") == std::string::npos) continue;
    ForEachParagraph(Decompress(ReadFile(lists / file), file.native(), 1ULL << 30), file.native(), sink);
  }
}

std::set<std::string> EssentialPackages(const std::filesystem::path& lists) {
  std::set<std::string> names;
  ForEachPackage(lists, [&](const Paragraph& paragraph) {
    if (paragraph.Find("Essential") == "yes") names.emplace(paragraph.Get("Package"));
  });
  return names;
}

// A dpkg status file in which these packages are installed: the build daemon's chroot before the build dependencies.
std::string StatusOf(const std::filesystem::path& lists, std::map<std::string, std::string> packages) {
  std::string status;
  ForEachPackage(lists, [&](const Paragraph& paragraph) {
    const auto wanted = packages.find(std::string(paragraph.Get("Package")));
    if (wanted == packages.end() || wanted->second != paragraph.Get("Version")) return;
    packages.erase(wanted);
    status += "Status: install ok installed\n";
    for (const auto& field : paragraph.fields()) {
      status += std::string(field.name) + ": " + std::string(field.value) + "\n";
    }
    status += "\n";
  });
  return status;
}

int Run(const std::filesystem::path& lists, const std::string& source, const std::string& architecture) {
  const TemporaryDirectory work(std::filesystem::temp_directory_path(), "resolve-bench-");
  Store store(work.path() / "store");
  const Snapshot snapshot = ReadLists(lists, architecture, store);
  MirrorConfig config;
  config.architecture = architecture;
  config.state_directory = work.path() / "state";
  ResolveRequest request;
  request.source = source;
  SilentProgress progress;
  const std::uint64_t before = MonotonicMilliseconds();
  const Lock lock = Resolve(request, snapshot, config, store, progress);
  const std::uint64_t ours = MonotonicMilliseconds() - before;
  const bool same = FormatCanonical(ToJson(Resolve(request, snapshot, config, store, progress))) ==
                    FormatCanonical(ToJson(lock));

  // As on a build daemon: first the chroot with the essential packages, build-essential and fakeroot, then the dependencies.
  std::string sources;
  for (const ReleaseProof& release : snapshot.releases) {
    std::string place = release.suite;  // host_path_dists_suite, "/" written as "_"
    const std::size_t dists = place.find("_dists_");
    std::string base = place.substr(0, dists);
    std::replace(base.begin(), base.end(), '_', '/');
    for (const char* kind : {"deb", "deb-src"}) {
      sources += std::string(kind) + " http://" + base + " " + place.substr(dists + 7) + " main\n";
    }
  }
  std::vector<std::string> base = {"install", "build-essential", "fakeroot"};
  for (const std::string& name : EssentialPackages(lists)) base.push_back(name);
  WriteFileAtomically(work.path() / "status", "");
  auto theirs = Simulate(work.path(), lists, sources, base);
  WriteFileAtomically(work.path() / "status", StatusOf(lists, theirs));
  const std::uint64_t start = MonotonicMilliseconds();
  theirs.merge(Simulate(work.path(), lists, sources, {"build-dep", source + "=" + lock.version}));
  const std::uint64_t apt = MonotonicMilliseconds() - start;

  std::map<std::string, std::string> environment;
  for (const LockedFile& file : lock.WithRole(InputRole::kEnvironment)) environment[file.package] = file.version;
  std::printf("%s %s: %zu packages in the environment, %zu files in the lock, %zu binaries, %zu sources missing\n",
              lock.source.c_str(), lock.version.c_str(), environment.size(), lock.files.size(), lock.binaries.size(),
              lock.missing_sources.size());
  std::printf("  apt installs %zu; nachbau %llu ms, apt-get --simulate build-dep %llu ms: ratio %.2f; repeated: %s\n",
              theirs.size(), static_cast<unsigned long long>(ours), static_cast<unsigned long long>(apt),
              static_cast<double>(ours) / static_cast<double>(std::max<std::uint64_t>(apt, 1)),
              same ? "same bytes" : "OTHER BYTES");
  for (const auto& [name, version] : theirs) {
    const auto found = environment.find(name);
    if (found == environment.end()) std::printf("  only apt: %s %s\n", name.c_str(), version.c_str());
    else if (found->second != version) std::printf("  apt has %s %s, we %s\n", name.c_str(), version.c_str(), found->second.c_str());
  }
  std::size_t only_ours = 0;
  for (const auto& [name, version] : environment) {
    if (!theirs.contains(name)) {
      std::printf("%s%s", only_ours++ == 0 ? "  only nachbau: " : " ", name.c_str());
    }
  }
  if (only_ours != 0) std::printf("\n");
  return same ? 0 : 1;
}

}  // namespace
}  // namespace nachbau::mirror

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: resolve_bench LISTS SOURCE [ARCHITECTURE]\n");
    return 2;
  }
  try {
    return nachbau::mirror::Run(std::filesystem::absolute(argv[1]), argv[2], argc > 3 ? argv[3] : "amd64");
  } catch (const nachbau::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    for (const auto& hint : error.hints()) std::fprintf(stderr, "  %s\n", nachbau::Render(hint).c_str());
    return 2;
  }
}
