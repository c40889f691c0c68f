// What is needed at run time: by the packages as they declare it, by each linked file as the dynamic linker will look
// for it, and what was linked into it from other packages.
#include <algorithm>

#include "sbom/document_parts.h"
#include "sbom/elements.h"
#include "sbom/offered_packages.h"
#include "sbom/purl/purl.h"

namespace nachbau::sbom {
namespace {

class Dependencies {
 public:
  explicit Dependencies(DocumentParts& parts) : parts_(parts) {
    for (const LockedFile& file : parts.lock.WithRole(InputRole::kEnvironment)) environment_[file.package] = file;
    for (const PackageOrigins& package : parts.origins.packages) {
      for (const FileOrigins& file : package.files) {
        if (!file.file.elf || file.file.elf->soname.empty()) continue;
        built_libraries_.emplace(file.file.elf->soname, RefOf(package, file));
      }
    }
    offered_ = FindOffered(parts.lock, Unknown(), parts.store);
  }

  void Add() {
    for (const PackageOrigins& package : parts_.origins.packages) {
      const std::string ref = parts_.built.at(parts_.IsScript() ? package.artifact.name : package.control.package);
      if (!parts_.IsScript()) AddClauses(package, ref);
      for (const FileOrigins& file : package.files) {
        if (file.file.kind != FileKind::kData || parts_.IsScript()) AddFile(package, file);
      }
    }
  }

 private:
  std::string RefOf(const PackageOrigins& package, const FileOrigins& file) const {
    if (parts_.IsScript()) return parts_.built.at(package.artifact.name);
    return parts_.built.at(package.control.package) + "#" + file.file.path;
  }

  bool IsHere(const std::string& package) const {
    return parts_.built.contains(package) || environment_.contains(package);
  }

  // Packages that clauses name and that are neither built here nor in the build environment.
  std::set<std::string> Unknown() const {
    std::set<std::string> names;
    for (const PackageOrigins& package : parts_.origins.packages) {
      for (const std::string& clause : package.control.depends) {
        const std::vector<Alternative> alternatives = ParseClause(clause);
        const bool here = std::any_of(alternatives.begin(), alternatives.end(),
                                      [&](const Alternative& alternative) { return IsHere(alternative.package); });
        if (here) continue;
        for (const Alternative& alternative : alternatives) names.insert(alternative.package);
      }
    }
    return names;
  }

  // A clause is answered by a package built here, by the one of the build environment that it was built with, or by
  // what the archive offered then. What is none of these is named without a version; of several alternatives none can
  // be named.
  void AddClauses(const PackageOrigins& package, const std::string& ref) {
    parts_.dependencies[ref] = Completeness::kComplete;
    std::set<std::string>& depends = parts_.depends_on[ref];
    for (const std::string& clause : package.control.depends) {
      const std::vector<Alternative> alternatives = ParseClause(clause);
      const auto found = std::find_if(alternatives.begin(), alternatives.end(),
                                      [&](const Alternative& alternative) { return IsHere(alternative.package); });
      if (found != alternatives.end()) {
        const auto built = parts_.built.find(found->package);
        if (built == parts_.built.end()) {
          depends.insert(AddExternal(found->package));
        } else if (built->second != ref) {
          depends.insert(built->second);
        }
      } else if (const std::string offered = AddOffered(alternatives); !offered.empty()) {
        depends.insert(offered);
      } else if (const std::string installer = AddInstallerPackage(package, alternatives); !installer.empty()) {
        depends.insert(installer);
      } else if (alternatives.size() == 1) {
        depends.insert(AddUnresolved(alternatives[0]));
        parts_.dependencies[ref] = Completeness::kIncomplete;
      } else {
        parts_.dependencies[ref] = Completeness::kIncomplete;
        AddTo(ref, "nachbau:dependency:open", clause);
      }
    }
  }

  void AddFile(const PackageOrigins& package, const FileOrigins& file) {
    const std::string ref = RefOf(package, file);
    std::set<std::string>& depends = parts_.depends_on[ref];
    // What a script calls, and what lies in an archive, nobody has looked for.
    parts_.dependencies[ref] = Completeness::kUnknown;
    if (file.file.kind != FileKind::kElf) return;
    // By the trace alone more is named than went in, but nothing is missing.
    const bool traced = file.evidence == OriginEvidence::kTrace && parts_.origins.incomplete.empty();
    const bool linked = file.evidence == OriginEvidence::kDwarf && file.unresolved.empty();
    bool complete = file.file.elf.has_value() && (traced || linked) && file.embedded.empty();
    if (file.file.elf) {
      for (const std::string& library : file.file.elf->needed) {
        const std::string target = LibraryRef(package, library);
        if (target.empty()) {
          complete = false;
          AddTo(ref, "nachbau:elf:needed-unresolved", library);
        } else if (target != ref) {
          depends.insert(target);
        }
      }
    }
    for (const ForeignUse& use : file.foreign) {
      if (use.package.empty()) complete = false;
      if (use.role == ForeignRole::kHeader || !environment_.contains(use.package)) continue;
      depends.insert(AddExternal(use.package));
    }
    parts_.dependencies[ref] = complete                                    ? Completeness::kComplete
                               : file.evidence == OriginEvidence::kUnknown ? Completeness::kUnknown
                                                                           : Completeness::kIncomplete;
  }

  // The library that the linker was given: built here, or by the package of the environment that has it.
  std::string LibraryRef(const PackageOrigins& package, const std::string& library) {
    if (const auto built = built_libraries_.find(library); built != built_libraries_.end()) return built->second;
    if (!parts_.origins.libraries.empty()) {
      const auto found = parts_.origins.libraries.find(library);
      if (found != parts_.origins.libraries.end() && environment_.contains(found->second))
        return AddExternal(found->second);
    }
    for (const std::string& clause : package.control.depends) {
      for (const Alternative& alternative : ParseClause(clause)) {
        if (parts_.built.contains(alternative.package) || !environment_.contains(alternative.package)) continue;
        if (ControlOf(alternative.package).libraries.contains(library)) return AddExternal(alternative.package);
      }
    }
    return {};
  }

  const DebControl& ControlOf(const std::string& package) {
    const auto known = controls_.find(package);
    if (known != controls_.end()) return known->second;
    const LockedFile& file = environment_.at(package);
    return controls_[package] = ReadDebControl(parts_.store.Open(file.sha256), file.file_name);
  }

  // Each external package once; what it needs itself is not followed.
  std::string AddComponent(Json component) {
    auto ref = component.at("bom-ref").get<std::string>();
    if (!parts_.depends_on.emplace(ref, std::set<std::string>()).second) return ref;
    parts_.dependencies[ref] = Completeness::kUnknown;
    parts_.components.push_back(std::move(component));
    return ref;
  }

  Json External(const LockedFile& file, const std::string& maintainer, const std::string& description) const {
    const std::string ref = DebPurl(file.package, file.version, file.architecture);
    Json component = {{"type", "library"},
                      {"bom-ref", ref},
                      {"name", file.package},
                      {"version", file.version},
                      {"description", description},
                      {"purl", ref},
                      {"isExternal", true},
                      {"hashes", Hashes(file.sha256, file.sha512)},
                      {"externalReferences", Json::array({ArchiveReference("distribution", parts_.lock, file)})}};
    if (!maintainer.empty()) component["manufacturer"] = Organisation(maintainer);
    return component;
  }

  std::string AddExternal(const std::string& package) {
    const LockedFile& file = environment_.at(package);
    const std::string ref = DebPurl(file.package, file.version, file.architecture);
    if (parts_.depends_on.contains(ref)) return ref;
    const DebControl& control = ControlOf(package);
    return AddComponent(External(file, control.maintainer, control.description));
  }

  // Of the first alternative that the archive offers in a version that will do, the newest such.
  std::string AddOffered(const std::vector<Alternative>& alternatives) {
    for (const Alternative& alternative : alternatives) {
      const auto offered = offered_.find(alternative.package);
      if (offered == offered_.end()) continue;
      for (const OfferedPackage& package : offered->second) {
        if (!Satisfies(package.version, alternative)) continue;
        Json component = External(package.file, package.maintainer, package.description);
        component["properties"] =
            Json::array({Property("nachbau:version:evidence",
                                  "offered by the archive when the lock was made; not part of the build environment")});
        return AddComponent(std::move(component));
      }
    }
    return {};
  }

  // Of a udeb: the installer's package with a library it was linked with. Archives list those apart; but the package of
  // the build environment that has the library names it, and comes from the same build of the same source.
  std::string AddInstallerPackage(const PackageOrigins& package, const std::vector<Alternative>& alternatives) {
    if (!package.artifact.name.ends_with(".udeb") || alternatives.size() != 1) return {};
    const std::string& name = alternatives[0].package;
    for (const FileOrigins& file : package.files) {
      if (!file.file.elf) continue;
      for (const std::string& library : file.file.elf->needed) {
        const auto owner = parts_.origins.libraries.find(library);
        if (owner == parts_.origins.libraries.end() || !environment_.contains(owner->second)) continue;
        const DebControl& control = ControlOf(owner->second);
        if (control.udebs.contains(name) && Satisfies(control.version, alternatives[0])) {
          return AddComponent(InstallerPackage(name, control));
        }
      }
    }
    return {};
  }

  static Json InstallerPackage(const std::string& name, const DebControl& control) {
    const std::string ref = DebPurl(name, control.version, control.architecture);
    Json component = {{"type", "library"}, {"bom-ref", ref}, {"name", name}, {"version", control.version}, {"purl", ref}};
    component["isExternal"] = true;
    component["properties"] = Json::array(
        {Property("nachbau:version:evidence",
                  "that of " + control.package + ", which has the library and names this package for the installer")});
    if (!control.maintainer.empty()) component["manufacturer"] = Organisation(control.maintainer);
    return component;
  }

  std::string AddUnresolved(const Alternative& alternative) {
    return AddComponent(UnresolvedComponent(alternative));
  }

  void AddTo(const std::string& ref, const char* name, const std::string& value) {
    const auto add = [&](auto& self, Json& components) -> bool {
      for (Json& component : components) {
        if (component.at("bom-ref") == ref) {
          component["properties"].push_back(Property(name, value));
          return true;
        }
        if (component.contains("components") && self(self, component["components"])) return true;
      }
      return false;
    };
    add(add, parts_.components);
  }

  DocumentParts& parts_;
  std::map<std::string, LockedFile> environment_;
  std::map<std::string, std::string> built_libraries_;  // soname → bom-ref
  std::map<std::string, std::vector<OfferedPackage>> offered_;
  std::map<std::string, DebControl> controls_;
};

}  // namespace

void AddDependencies(DocumentParts& parts) { Dependencies(parts).Add(); }

}  // namespace nachbau::sbom
