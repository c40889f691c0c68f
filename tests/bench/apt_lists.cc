#include "tests/bench/apt_lists.h"

#include <algorithm>

#include "base/archive.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"

namespace nachbau::mirror {

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

std::string SourcesOf(const Snapshot& snapshot) {
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
  return sources;
}

std::map<std::string, std::string> MakeChroot(const std::filesystem::path& work, const std::filesystem::path& lists,
                                              const std::string& sources) {
  std::vector<std::string> base = {"install", "build-essential", "fakeroot"};
  for (const std::string& name : EssentialPackages(lists)) base.push_back(name);
  WriteFileAtomically(work / "status", "");
  auto packages = Simulate(work, lists, sources, base);
  WriteFileAtomically(work / "status", StatusOf(lists, packages));
  return packages;
}

}  // namespace nachbau::mirror
