// The CycloneDX document of a rebuild. Every value comes from the lock, the build record's outputs and the store's bytes:
// two rebuilders that agree on these get the same bytes.
//
//   product ─┬─ binary package ── run-time dependency (external)
//            └─ source package ── (its files, nested)
//   formulation: the build task, with the packages of the build environment as inputs
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "model/evidence.h"
#include "model/script_recipe.h"
#include "sbom/deb_control.h"
#include "sbom/elements.h"
#include "sbom/licences/copyright.h"
#include "sbom/licences/licences.h"
#include "sbom/purl/purl.h"
#include "sbom/sbom.h"

namespace nachbau::sbom {
namespace {

constexpr const char* kBuildTask = "task:build";

bool IsPackage(const std::string& file_name) { return file_name.ends_with(".deb") || file_name.ends_with(".udeb"); }

bool MayHoldDebianDirectory(const std::string& file_name) {
  const bool tarball = file_name.find(".tar.") != file_name.npos && !file_name.ends_with(".asc");
  return tarball && (file_name.find(".debian.tar.") != file_name.npos || file_name.find(".orig") == file_name.npos);
}

Json SortedBy(const char* key, Json list) {
  std::sort(list.begin(), list.end(), [&](const Json& left, const Json& right) { return left.at(key) < right.at(key); });
  return list;
}

class Document {
 public:
  Document(const Lock& lock, const BuildRecord& record, const Store& store) : lock_(lock), record_(record), store_(store) {}

  Json Make() {
    ReadTexts();
    AddSource();
    for (const Artifact& output : record_.outputs) {
      if (IsScript())
        AddFile(output);
      else if (IsPackage(output.name))
        AddBinary(output);
    }
    AddDependencies();
    Json document = {{"$schema", "http://cyclonedx.org/schema/bom-1.7.schema.json"},
                     {"bomFormat", "CycloneDX"},
                     {"specVersion", "1.7"},
                     {"version", 1},
                     {"metadata", Metadata()},
                     {"components", SortedBy("bom-ref", components_)},
                     {"dependencies", Dependencies()},
                     {"formulation", Formulation()},
                     {"compositions", Compositions()}};
    document["serialNumber"] = SerialNumber("https://nachbau.example.org/sbom/" + Sha256(FormatCanonical(document)).Hex());
    return document;
  }

 private:
  bool IsScript() const { return lock_.recipe.kind == RecipeKind::kScript; }
  std::string SourceRef() const {
    return IsScript() ? GenericPurl(lock_.source, lock_.version) : DebPurl(lock_.source, lock_.version, "source");
  }
  std::string ProductRef() const { return "product:" + lock_.source; }

  // Of a script: what its recipe says of the licence, and the time the build was given.
  void ReadRecipe() {
    unknown_licences_ = "the recipe names no licence";
    for (const LockedFile& file : lock_.WithRole(InputRole::kRecipe)) {
      const ScriptRecipe recipe = ParseScriptRecipe(store_.Read(file.sha256, kMaxRecipe), file.file_name);
      copyright_.machine_readable = !recipe.licence.empty();
      if (!recipe.licence.empty()) copyright_.licences = {recipe.licence};
    }
    const auto time = record_.environment.find("SOURCE_DATE_EPOCH");
    if (time == record_.environment.end()) return;
    UnixSeconds seconds = 0;
    const char* end = time->second.data() + time->second.size();
    if (std::from_chars(time->second.data(), end, seconds).ptr == end) date_ = seconds;
  }

  // debian/copyright and debian/changelog: from the source package, else from the documentation of what was built of it.
  void ReadTexts() {
    if (IsScript()) return ReadRecipe();
    PackageTexts texts;
    const auto add = [&](PackageTexts found) {
      if (!texts.copyright) texts.copyright = std::move(found.copyright);
      if (!texts.changelog) texts.changelog = std::move(found.changelog);
      return texts.copyright && texts.changelog;
    };
    for (const LockedFile& file : lock_.WithRole(InputRole::kSource)) {
      if (MayHoldDebianDirectory(file.file_name) && add(ReadSourceTexts(store_.Open(file.sha256), file.file_name))) break;
    }
    for (const Artifact& output : record_.outputs) {
      if (texts.copyright && texts.changelog) break;
      if (!IsPackage(output.name)) continue;
      const std::string package = output.name.substr(0, output.name.find('_'));
      add(ReadDebTexts(store_.Open(output.content.sha256), package, output.name));
    }
    if (texts.changelog) date_ = ChangelogDate(*texts.changelog);
    if (texts.copyright) copyright_ = ParseCopyright(*texts.copyright, "debian/copyright");
    unknown_licences_ = !texts.copyright ? "there is no debian/copyright" : "debian/copyright is not machine-readable";
  }

  // Declared for the source package as a whole. Which of it went into which binary package is not known here, and no
  // licence is called concluded.
  void AddLicences(Json& component) const {
    if (copyright_.machine_readable) {
      component["licenses"] =
          Json::array({{{"expression", JoinWithAnd(copyright_.licences)}, {"acknowledgement", "declared"}}});
    } else {
      component["properties"].push_back(Property("nachbau:licence:unknown", unknown_licences_));
    }
  }

  void AddSource() {
    Json component = {
        {"type", "library"},
        {"bom-ref", SourceRef()},
        {"name", lock_.source},
        {"version", lock_.version},
        {"purl", SourceRef()},
        {"description", IsScript() ? "source" : "source package"},
        {"properties", Json::array({Property("nachbau:component:kind", IsScript() ? "source" : "source package")})},
        {"externalReferences", Json::array()},
        {"components", Json::array()}};
    AddLicences(component);
    std::vector<LockedFile> files = lock_.WithRole(InputRole::kSource);
    for (LockedFile& recipe : lock_.WithRole(InputRole::kRecipe)) files.push_back(std::move(recipe));
    for (const LockedFile& file : files) {
      component["externalReferences"].push_back(ArchiveReference("source-distribution", lock_, file));
      component["components"].push_back({{"type", "file"},
                                         {"bom-ref", SourceRef() + "#" + file.file_name},
                                         {"name", file.file_name},
                                         {"version", lock_.version},
                                         {"hashes", Hashes(file.sha256, file.sha512)},
                                         {"properties", Json::array({Property("bsi:component:filename", file.file_name)})}});
    }
    components_.push_back(std::move(component));
    depends_on_[SourceRef()] = {};
  }

  void AddBinary(const Artifact& output) {
    const DebControl control = ReadDebControl(store_.Open(output.content.sha256), output.name);
    const std::string ref = DebPurl(control.package, control.version, control.architecture) +
                            (output.name.ends_with(".udeb") ? "#udeb" : "");
    if (maintainer_.empty()) maintainer_ = control.maintainer;
    Json component = {{"type", "library"},
                      {"bom-ref", ref},
                      {"name", control.package},
                      {"version", control.version},
                      {"description", control.description},
                      {"purl", DebPurl(control.package, control.version, control.architecture)},
                      {"hashes", Hashes(output.content.sha256, output.content.sha512)},
                      {"properties", Json::array({Property("bsi:component:archive", "archive"),
                                                  Property("bsi:component:executable", "non-executable"),
                                                  Property("bsi:component:filename", output.name),
                                                  Property("bsi:component:structured", "structured")})}};
    if (!control.maintainer.empty()) component["manufacturer"] = Organisation(control.maintainer);
    AddLicences(component);
    component["externalReferences"] = DistributionReferences(output);
    built_[control.package] = ref;
    wanted_[ref] = control.depends;
    depends_on_[ref];
    components_.push_back(std::move(component));
  }

  // What a script made: a file, of which nothing is known but its bytes.
  void AddFile(const Artifact& output) {
    const std::string ref = SourceRef() + "#output/" + output.name;
    Json component = {{"type", "file"},
                      {"bom-ref", ref},
                      {"name", output.name},
                      {"version", lock_.version},
                      {"hashes", Hashes(output.content.sha256, output.content.sha512)},
                      {"properties", Json::array({Property("bsi:component:filename", output.name)})}};
    AddLicences(component);
    component["externalReferences"] = DistributionReferences(output);
    built_[output.name] = ref;
    depends_on_[ref];
    components_.push_back(std::move(component));
  }

  // Where the very same bytes can be had: in the archive if the rebuild is identical, else in the evidence folder only.
  Json DistributionReferences(const Artifact& output) const {
    Json references = Json::array();
    for (const LockedFile& file : lock_.WithRole(InputRole::kReference)) {
      if (file.sha256 != output.content.sha256 || !file.Indexed()) continue;
      references.push_back(ArchiveReference("distribution", lock_, file));
      references.back()["hashes"] = Hashes(output.content.sha256, output.content.sha512);
      break;
    }
    if (references.empty()) {
      references.push_back({{"type", "distribution"},
                            {"url", std::string(evidence::kArtifacts) + "/" + PercentEncode(output.name, "+")},
                            {"hashes", Hashes(output.content.sha256, output.content.sha512)}});
    }
    for (const LockedFile& file : lock_.WithRole(InputRole::kSource)) {
      if (file.file_name.ends_with(".dsc")) references.push_back(ArchiveReference("source-distribution", lock_, file));
    }
    return references;
  }

  // A clause is answered by a package built here, or by the one of the build environment that it was built with. What is
  // neither is named without a version; of several alternatives none can be named, and the clause stays a property.
  void AddDependencies() {
    std::map<std::string, LockedFile> environment;
    for (const LockedFile& file : lock_.WithRole(InputRole::kEnvironment)) environment[file.package] = file;
    for (const auto& [ref, clauses] : wanted_) {
      for (const std::string& clause : clauses) {
        const std::vector<Alternative> alternatives = ParseClause(clause);
        const auto found = std::find_if(alternatives.begin(), alternatives.end(), [&](const Alternative& alternative) {
          return built_.contains(alternative.package) || environment.contains(alternative.package);
        });
        if (found == alternatives.end()) {
          AddUnresolved(ref, clause, alternatives);
        } else if (const auto built = built_.find(found->package); built == built_.end()) {
          depends_on_[ref].insert(AddExternal(environment.at(found->package)));
        } else if (built->second != ref) {
          depends_on_[ref].insert(built->second);
        }
      }
    }
  }

  std::string AddExternal(const LockedFile& file) {
    const std::string ref = DebPurl(file.package, file.version, file.architecture);
    if (!depends_on_.emplace(ref, std::set<std::string>()).second) return ref;
    const DebControl control = ReadDebControl(store_.Open(file.sha256), file.file_name);
    Json component = {{"type", "library"},
                      {"bom-ref", ref},
                      {"name", file.package},
                      {"version", file.version},
                      {"description", control.description},
                      {"purl", ref},
                      {"isExternal", true},
                      {"hashes", Hashes(file.sha256, file.sha512)},
                      {"externalReferences", Json::array({ArchiveReference("distribution", lock_, file)})}};
    if (!control.maintainer.empty()) component["manufacturer"] = Organisation(control.maintainer);
    components_.push_back(std::move(component));
    return ref;
  }

  void AddUnresolved(const std::string& ref, const std::string& clause, const std::vector<Alternative>& alternatives) {
    if (alternatives.size() != 1) {
      incomplete_.insert(ref);
      const auto component = std::find_if(components_.begin(), components_.end(),
                                          [&](const Json& candidate) { return candidate.at("bom-ref") == ref; });
      (*component)["properties"].push_back(Property("nachbau:dependency:open", clause));
      return;
    }
    Json component = UnresolvedComponent(alternatives[0]);
    const auto name = component.at("bom-ref").get<std::string>();
    depends_on_[ref].insert(name);
    if (depends_on_.emplace(name, std::set<std::string>()).second) components_.push_back(std::move(component));
  }

  Json Metadata() const {
    Json component = {{"type", "application"},
                      {"bom-ref", ProductRef()},
                      {"name", lock_.source},
                      {"version", lock_.version},
                      {"purl", SourceRef()}};
    if (!maintainer_.empty()) component["manufacturer"] = Organisation(maintainer_);
    Json metadata = {{"component", component},
                     {"lifecycles", Json::array({{{"phase", "build"}}})},
                     {"tools", {{"components", Json::array({{{"type", "application"},
                                                             {"name", "nachbau"},
                                                             {"version", NACHBAU_VERSION}}})}}},
                     {"properties", Json::array({Property("cdx:reproducible", "true")})}};
    // The time of the content: of the last change of the source, not of this run.
    if (date_) metadata["timestamp"] = FormatTime(*date_);
    return metadata;
  }

  Json Dependencies() const {
    std::set<std::string> parts = {SourceRef()};
    for (const auto& [name, ref] : built_) parts.insert(ref);
    Json list = Json::array({{{"ref", ProductRef()}, {"dependsOn", parts}}});
    for (const auto& [ref, targets] : depends_on_) {
      Json entry = {{"ref", ref}};
      if (!targets.empty()) entry["dependsOn"] = targets;
      list.push_back(std::move(entry));
    }
    return SortedBy("ref", list);
  }

  // How it was built: the recipe as a workflow whose inputs are the packages of the build environment.
  Json Formulation() const {
    Json components = Json::array();
    std::set<std::string> inputs = {SourceRef()}, outputs;
    for (const LockedFile& file : lock_.WithRole(InputRole::kEnvironment)) {
      const std::string purl = DebPurl(file.package, file.version, file.architecture);
      components.push_back({{"type", "library"},
                            {"bom-ref", "environment:" + purl},
                            {"name", file.package},
                            {"version", file.version},
                            {"purl", purl},
                            {"hashes", Hashes(file.sha256, file.sha512)}});
      inputs.insert("environment:" + purl);
    }
    for (const auto& [name, ref] : built_) outputs.insert(ref);
    std::string command;
    for (const std::string& word : record_.command) command += (command.empty() ? "" : " ") + word;
    Json task = {{"bom-ref", kBuildTask},
                 {"uid", "build"},
                 {"name", "recipe " + record_.recipe},
                 {"taskTypes", {"build"}},
                 {"inputs", Json::array()},
                 {"outputs", Json::array()}};
    if (!command.empty()) {
      task["steps"] = Json::array({{{"name", "build"}, {"commands", Json::array({{{"executed", command}}})}}});
    }
    for (const std::string& ref : inputs) task["inputs"].push_back({{"resource", {{"ref", ref}}}});
    for (const std::string& ref : outputs) task["outputs"].push_back({{"type", "artifact"}, {"resource", {{"ref", ref}}}});
    Json workflow = {{"bom-ref", "workflow:build"},
                     {"uid", "build"},
                     {"taskTypes", {"build"}},
                     {"tasks", Json::array({task})}};
    return Json::array({{{"bom-ref", "formula"},
                         {"components", SortedBy("bom-ref", components)},
                         {"workflows", Json::array({workflow})}}});
  }

  // What is listed in full and what is not. The parts of the product and the files of the source package are all here.
  // The files inside the binary packages are not. Run-time dependencies are those that the packages declare: of embedded
  // copies and of the dependencies of external packages nothing is said.
  Json Compositions() const {
    Json binaries = Json::array(), incomplete = Json::array(), unknown = Json::array();
    for (const auto& [name, ref] : built_) binaries.push_back(ref);
    for (const auto& [ref, targets] : depends_on_) {
      if (ref == SourceRef()) continue;
      (incomplete_.contains(ref) ? incomplete : unknown).push_back(ref);
    }
    Json compositions = Json::array({{{"aggregate", "complete"},
                                      {"assemblies", Json::array({SourceRef()})},
                                      {"dependencies", Json::array({ProductRef()})}}});
    if (!binaries.empty()) compositions.push_back({{"aggregate", "incomplete"}, {"assemblies", binaries}});
    if (!incomplete.empty()) compositions.back()["dependencies"] = incomplete;
    if (!unknown.empty()) compositions.push_back({{"aggregate", "unknown"}, {"dependencies", unknown}});
    return compositions;
  }

  const Lock& lock_;
  const BuildRecord& record_;
  const Store& store_;
  Copyright copyright_;
  std::string unknown_licences_;  // why, where copyright_ says nothing
  std::optional<UnixSeconds> date_;
  std::string maintainer_;
  Json components_ = Json::array();
  std::map<std::string, std::string> built_;                 // binary package → bom-ref
  std::map<std::string, std::vector<std::string>> wanted_;   // bom-ref → dependency clauses
  std::map<std::string, std::set<std::string>> depends_on_;  // bom-ref → bom-refs
  std::set<std::string> incomplete_;                         // bom-refs with a clause that names none of the components
};

}  // namespace

Json Describe(const Lock& lock, const BuildRecord& record, const Store& store, Progress& progress) {
  const auto task = progress.Start(Msg("Describing {} {}", lock.source, lock.version), Unit::kNone, 0);
  Json document = Document(lock, record, store).Make();
  const std::vector<SchemaViolation> violations = Validate(document);
  if (!violations.empty()) {
    throw Error(Msg("the SBOM of {} would not be valid: {}: {}", lock.source, violations[0].pointer, violations[0].detail));
  }
  task->Succeed();
  return document;
}

}  // namespace nachbau::sbom
