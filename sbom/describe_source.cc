// The source package: a group of files without a file of its own (TR-03183-2, 3.2.2). In it the files it is handed over
// as, and those of its files that went into something.
#include <algorithm>

#include "base/encoding.h"
#include "sbom/document_parts.h"
#include "sbom/elements.h"

namespace nachbau::sbom {
namespace {

// Information about vulnerabilities stays out of an SBOM, also what patches say of themselves (TR-03183-2, 8.1.14).
bool SpeaksOfVulnerabilities(const std::string& text) {
  return text.find("CVE-") != text.npos || text.find("cve-") != text.npos || text.find("DSA-") != text.npos;
}

// DEP-3: "Origin: upstream, URL" is a commit of the project, "backport" one that was changed to fit.
const char* TypeOf(const SourcePatch& patch) {
  if (patch.origin.starts_with("backport")) return "backport";
  return patch.origin.starts_with("upstream") ? "cherry-pick" : "unofficial";
}

Json Pedigree(const DocumentParts& parts) {
  Json patches = Json::array();
  for (const SourcePatch& patch : parts.origins.tree.patches) {
    patches.push_back({{"type", TypeOf(patch)}, {"diff", {{"url", PercentEncode(patch.path, "/+:")}}}});
  }
  return {
      {"patches", patches},
      {"notes",
       "patches of the source package, in the order in which they were applied; each is a file of the source package"}};
}

void AddPatchFacts(const SourcePatch& patch, Json& component) {
  Json& properties = component["properties"];
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty() && !SpeaksOfVulnerabilities(value)) properties.push_back(Property(name, value));
  };
  add("nachbau:patch:description", patch.description);
  add("nachbau:patch:author", patch.author);
  add("nachbau:patch:origin", patch.origin);
  add("nachbau:patch:forwarded", patch.forwarded);
  for (const std::string& file : patch.files) add("nachbau:patch:changes", file);
}

Json SourceFileComponent(const DocumentParts& parts, const std::string& path) {
  Json component = {{"type", "file"},
                    {"bom-ref", parts.SourceRef() + "#source/" + path},
                    {"name", path},
                    {"version", parts.lock.version},
                    {"properties", Json::array({Property("nachbau:component:kind", "source file")})}};
  const SourceFile* file = parts.origins.tree.Find(path);
  if (file == nullptr) return component;
  if (file->known) {
    component["hashes"] = Hashes(file->ids.content.sha256, file->ids.content.sha512);
    component["omniborId"] = {file->ids.GitoidSha1(), file->ids.GitoidSha256()};
    component["swhid"] = {file->ids.Swhid()};
  } else {
    component["properties"].push_back(
        Property("nachbau:source:unknown", "a patch that could not be applied here changes it"));
  }
  if (file->rewritten) component["properties"].push_back(Property("nachbau:source:rewritten", "true"));
  for (const std::string& patch : file->patches) {
    component["properties"].push_back(Property("nachbau:source:patched-by", patch));
  }
  const std::string licence = parts.licences.ExpressionFor(path);
  if (!licence.empty()) {
    component["licenses"] = Json::array({{{"expression", licence}, {"acknowledgement", "concluded"}}});
  }
  return component;
}

// What the source package is handed over as.
Json LockedFileComponent(const DocumentParts& parts, const LockedFile& file) {
  return {{"type", "file"},
          {"bom-ref", parts.SourceRef() + "#" + file.file_name},
          {"name", file.file_name},
          {"version", parts.lock.version},
          {"hashes", Hashes(file.sha256, file.sha512)},
          {"properties", Json::array({Property("nachbau:component:kind", "source file"),
                                      Property("bsi:component:filename", file.file_name)})}};
}

}  // namespace

void AddSource(DocumentParts& parts) {
  const std::string ref = parts.SourceRef();
  const char* kind = parts.IsScript() ? "source" : "source package";
  Json component = {{"type", "library"},
                    {"bom-ref", ref},
                    {"name", parts.lock.source},
                    {"version", parts.lock.version},
                    {"purl", ref},
                    {"description", kind},
                    {"properties", Json::array({Property("nachbau:component:kind", kind)})},
                    {"externalReferences", Json::array()},
                    {"components", Json::array()}};
  if (!parts.maintainer.empty()) component["manufacturer"] = Organisation(parts.maintainer);
  parts.AddLicences(component, {}, "of the source package all is meant");
  // The texts of licences that SPDX does not know stand here once.
  for (Json& licence : component["licenses"]) {
    Json details = parts.licences.Details(licence.at("expression").get<std::string>());
    if (licence.at("acknowledgement") == "declared" && !details.empty())
      licence["expressionDetails"] = std::move(details);
  }
  if (component["licenses"].empty()) component.erase("licenses");
  for (const std::string& problem : parts.origins.tree.problems) {
    component["properties"].push_back(Property("nachbau:source:problem", problem));
  }
  std::vector<LockedFile> files = parts.lock.WithRole(InputRole::kSource);
  for (LockedFile& recipe : parts.lock.WithRole(InputRole::kRecipe)) files.push_back(std::move(recipe));
  Json& nested = component["components"];
  for (const LockedFile& file : files) {
    component["externalReferences"].push_back(ArchiveReference("source-distribution", parts.lock, file));
    nested.push_back(LockedFileComponent(parts, file));
  }
  std::set<std::string> shown = parts.used_sources;
  for (const SourcePatch& patch : parts.origins.tree.patches) {
    if (parts.origins.tree.Find(patch.path) != nullptr) shown.insert(patch.path);
  }
  for (const std::string& path : shown) nested.push_back(SourceFileComponent(parts, path));
  for (const SourcePatch& patch : parts.origins.tree.patches) {
    for (Json& file : nested) {
      if (file.at("name") == patch.path) AddPatchFacts(patch, file);
    }
  }
  if (!parts.origins.tree.patches.empty()) component["pedigree"] = Pedigree(parts);
  std::set<std::string>& depends = parts.depends_on[ref];
  for (const Json& file : nested) {
    depends.insert(file.at("bom-ref"));
    parts.depends_on[file.at("bom-ref")];
    parts.dependencies[file.at("bom-ref")] = Completeness::kComplete;
  }
  // Every file that it is handed over as is here; of those inside, the ones that went into something.
  parts.assemblies[ref] = Completeness::kIncomplete;
  parts.dependencies[ref] = Completeness::kComplete;
  parts.produced_by[kFetchTask].push_back(ref);
  parts.components.push_back(std::move(component));
}

}  // namespace nachbau::sbom
