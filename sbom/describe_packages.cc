// The binary packages, and in each its executables and archives with what went into them.
#include <algorithm>
#include <map>

#include "base/encoding.h"
#include "model/evidence.h"
#include "sbom/document_parts.h"
#include "sbom/elements.h"
#include "sbom/purl/purl.h"

namespace nachbau::sbom {
namespace {

// CycloneDX wants a number where it has a method. The text is there for certain; how sure it makes the name nobody has
// measured, and so the confidence in the identity itself is not stated. (Documents of ours hold whole numbers only.)
constexpr int kTextFound = 1;

void AddProperty(Json& component, std::string_view name, std::string_view value) {
  component["properties"].push_back(Property(name, value));
}

// What TR-03183-2 (5.2.2) asks of every file that is handed over.
void AddFileFacts(Json& component, const std::string& name, bool executable, bool archive) {
  AddProperty(component, "bsi:component:archive", archive ? "archive" : "no archive");
  AddProperty(component, "bsi:component:executable", executable ? "executable" : "non-executable");
  AddProperty(component, "bsi:component:filename", name);
  AddProperty(component, "bsi:component:structured", archive ? "structured" : "unstructured");
}

// Where the very same bytes can be had: in the archive if the rebuild is identical, else in the evidence folder only.
Json DistributionReferences(const DocumentParts& parts, const Artifact& output) {
  Json references = Json::array();
  for (const LockedFile& file : parts.lock.WithRole(InputRole::kReference)) {
    if (file.sha256 != output.content.sha256 || !file.Indexed()) continue;
    references.push_back(ArchiveReference("distribution", parts.lock, file));
    references.back()["hashes"] = Hashes(output.content.sha256, output.content.sha512);
    break;
  }
  if (references.empty()) {
    references.push_back({{"type", "distribution"},
                          {"url", std::string(evidence::kArtifacts) + "/" + PercentEncode(output.name, "+")},
                          {"hashes", Hashes(output.content.sha256, output.content.sha512)}});
  }
  for (const LockedFile& file : parts.lock.WithRole(InputRole::kSource)) {
    if (file.file_name.ends_with(".dsc"))
      references.push_back(ArchiveReference("source-distribution", parts.lock, file));
  }
  return references;
}

const char* MimeType(const PackagedFile& file) {
  if (!file.elf) return nullptr;
  switch (file.elf->type) {
    case ElfFile::Type::kExecutable:
      return "application/x-executable";
    case ElfFile::Type::kRelocatable:
      return "application/x-object";
    case ElfFile::Type::kShared:
      return !file.elf->soname.empty() || file.path.find(".so") != file.path.npos ? "application/x-sharedlib"
                                                                                  : "application/x-pie-executable";
    case ElfFile::Type::kOther:
      break;
  }
  return nullptr;
}

const char* KindWord(FileKind kind) {
  switch (kind) {
    case FileKind::kElf:
      return "ELF";
    case FileKind::kScript:
      return "script";
    case FileKind::kArchive:
      return "archive file";
    case FileKind::kData:
      break;
  }
  return "data file";
}

class PackageDescriber {
 public:
  PackageDescriber(DocumentParts& parts, const PackageOrigins& package, const std::string& ref)
      : parts_(parts), package_(package), ref_(ref), references_(DistributionReferences(parts, package.artifact)) {}

  Json Describe() {
    const DebControl& control = package_.control;
    Json component = {{"type", "library"},
                      {"bom-ref", ref_},
                      {"name", control.package},
                      {"version", control.version},
                      {"description", control.description},
                      {"purl", DebPurl(control.package, control.version, control.architecture)},
                      {"hashes", Hashes(package_.artifact.content.sha256, package_.artifact.content.sha512)},
                      {"externalReferences", references_},
                      {"properties", Json::array()}};
    AddFileFacts(component, package_.artifact.name, false, true);
    if (!control.maintainer.empty()) component["manufacturer"] = Organisation(control.maintainer);
    std::set<std::string> paths, data;
    std::string unsure;
    std::size_t data_files = 0, unknown = 0;
    std::set<std::string>& depends = parts_.depends_on[ref_];
    for (const FileOrigins& file : package_.files) {
      const std::set<std::string> own = file.SourcePaths();
      paths.insert(own.begin(), own.end());
      if (const std::string why = file.WhyUnsure(); !why.empty()) {
        ++unknown;
        if (unsure.empty()) unsure = file.file.path + ": " + why;
      }
      if (file.file.kind == FileKind::kData) {
        ++data_files;
        data.insert(own.begin(), own.end());
        continue;
      }
      const std::string file_ref = ref_ + "#" + file.file.path;
      // The package, and the place in it.
      Json reference = references_.front();
      reference["url"] =
          reference.at("url").get<std::string>() + "#" +
          PercentEncode(file.file.path.starts_with('/') ? file.file.path.substr(1) : file.file.path, "/+:");
      component["components"].push_back(DescribeFile(file, file_ref, std::move(reference)));
      depends.insert(file_ref);
    }
    if (package_.debug) {
      unsure = "debug information of other files";
      AddProperty(component, "nachbau:package:debug-information", "true");
    } else {
      AddProperty(component, "nachbau:package:data-files", std::to_string(data_files));
      AddProperty(component, "nachbau:package:files-of-unknown-origin", std::to_string(unknown));
    }
    for (const std::string& path : data) AddOccurrence(component, path, "data file");
    AddBuiltUsing(component);
    for (const std::string& clause : control.depends) AddProperty(component, "nachbau:dependency:declared", clause);
    parts_.AddLicences(component, paths, unsure);
    const std::set<std::string> lines = parts_.licences.CopyrightLines(paths);
    std::string copyright;
    for (const std::string& line : lines) copyright += (copyright.empty() ? "" : "\n") + line;
    if (!copyright.empty() && !package_.debug) component["copyright"] = copyright;
    parts_.used_sources.insert(paths.begin(), paths.end());
    // Each executable and each archive in it is here (TR-03183-2, 3.2.1).
    parts_.assemblies[ref_] = package_.debug ? Completeness::kUnknown : Completeness::kComplete;
    return component;
  }

  // Of a script: the output by itself.
  Json DescribeOutput() {
    const FileOrigins& file = package_.files.front();
    const std::set<std::string> paths = file.SourcePaths();
    parts_.used_sources.insert(paths.begin(), paths.end());
    return DescribeFile(file, ref_, references_.front());
  }

 private:
  static void AddOccurrence(Json& component, const std::string& path, std::string_view role) {
    component["evidence"]["occurrences"].push_back({{"location", path}, {"additionalContext", role}});
  }

  Json DescribeFile(const FileOrigins& origins, const std::string& ref, Json distribution) {
    const PackagedFile& file = origins.file;
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    const bool archive = file.kind == FileKind::kArchive;
    Json component = {{"type", "file"},
                      {"bom-ref", ref},
                      {"name", name},
                      {"version", package_.control.version},
                      {"hashes", Hashes(file.ids.content.sha256, file.ids.content.sha512)},
                      {"omniborId", {file.ids.GitoidSha1(), file.ids.GitoidSha256()}},
                      {"swhid", {file.ids.Swhid()}},
                      {"properties", Json::array()}};
    if (const char* type = MimeType(file)) component["mime-type"] = type;
    if (!package_.control.maintainer.empty()) component["manufacturer"] = Organisation(package_.control.maintainer);
    AddFileFacts(component, name, !archive && file.kind != FileKind::kData, archive);
    AddProperty(component, "nachbau:component:kind", KindWord(file.kind));
    AddProperty(component, "nachbau:component:path", file.path);
    AddOriginFacts(component, origins);
    for (const SourceUse& use : origins.sources) AddOccurrence(component, use.path, Name(use.role));
    distribution["hashes"] = Hashes(file.ids.content.sha256, file.ids.content.sha512);
    component["externalReferences"] = Json::array({std::move(distribution)});
    for (std::size_t i = 1; i < references_.size(); ++i) component["externalReferences"].push_back(references_[i]);
    parts_.AddLicences(component, origins.SourcePaths(), origins.WhyUnsure());
    parts_.depends_on[ref];
    AddEmbedded(component, origins, ref);
    if (!origins.link_commands.empty()) parts_.link_commands[ref] = origins.link_commands;
    parts_.produced_by[origins.link_commands.empty() ? std::string(kBuildTask) : LinkTask(ref)].push_back(ref);
    return component;
  }

  // A group without a file or a version of its own: the text tells whose code it is, and no more. Who made it and under
  // which licence is not said either; the licences of the files that went in stand at the file that it is in.
  void AddEmbedded(Json& component, const FileOrigins& origins, const std::string& ref) {
    for (const EmbeddedCopy& copy : origins.embedded) {
      const std::string copy_ref = ref + "#embedded/" + copy.key;
      Json part = {{"type", "library"}, {"bom-ref", copy_ref}, {"name", copy.library}};
      AddProperty(part, "nachbau:component:kind", "embedded copy");
      if (copy.source.empty()) {
        AddProperty(part, "nachbau:embedded-copy:source-package-pattern", copy.source_pattern);
      } else {
        AddProperty(part, "nachbau:embedded-copy:source-package", copy.source);
      }
      Json method = {{"technique", "binary-analysis"}, {"confidence", kTextFound}, {"value", copy.text}};
      part["evidence"]["identity"] = Json::array({{{"field", "name"}, {"methods", Json::array({std::move(method)})}}});
      component["components"].push_back(std::move(part));
      parts_.depends_on[ref].insert(copy_ref);
      parts_.depends_on[copy_ref];
      parts_.embedded.push_back(copy_ref);
      parts_.assemblies[copy_ref] = parts_.dependencies[copy_ref] = Completeness::kUnknown;
    }
    if (!origins.embedded.empty()) parts_.assemblies[ref] = Completeness::kIncomplete;
  }

  static void AddOriginFacts(Json& component, const FileOrigins& origins) {
    AddProperty(component, "nachbau:origin:evidence", Name(origins.evidence));
    if (origins.problem) AddProperty(component, "nachbau:origin:problem", Render(*origins.problem));
    if (origins.read) AddProperty(component, "nachbau:origin:read", std::to_string(*origins.read));
    if (origins.linked) AddProperty(component, "nachbau:origin:linked", std::to_string(*origins.linked));
    for (const std::string& unit : origins.unresolved) AddProperty(component, "nachbau:origin:unresolved-unit", unit);
    if (origins.file.elf && !origins.file.elf->build_id.empty()) {
      AddProperty(component, "nachbau:elf:build-id", origins.file.elf->build_id);
    }
    if (origins.file.elf && !origins.file.elf->soname.empty()) {
      AddProperty(component, "nachbau:elf:soname", origins.file.elf->soname);
    }
    std::set<std::string> headers;
    for (const ForeignUse& use : origins.foreign) {
      if (use.role == ForeignRole::kHeader) {
        headers.insert(use.package);
        continue;
      }
      std::string value = (use.package.empty() ? "?" : use.package) + " " + use.path;
      if (!use.member.empty()) value += "(" + use.member + ")";
      AddProperty(component, "nachbau:embedded:" + std::string(Name(use.role)), value);
    }
    for (const std::string& package : headers) AddProperty(component, "nachbau:embedded:headers-of", package);
  }

  // Packages whose code was seen to go in, beside what the package itself declares (Debian Policy 7.8).
  void AddBuiltUsing(Json& component) const {
    std::map<std::string, std::string> sources;  // source package → its version
    for (const FileOrigins& file : package_.files) {
      for (const ForeignUse& use : file.foreign) {
        if (use.role != ForeignRole::kStatic && use.role != ForeignRole::kUnit) continue;
        for (const LockedFile& locked : parts_.lock.files) {
          if (locked.role == InputRole::kEnvironment && locked.package == use.package)
            sources[locked.source] = locked.source_version;
        }
      }
    }
    for (const auto* field : {&package_.control.built_using, &package_.control.static_built_using}) {
      for (const std::string& clause : *field) {
        const std::string source = clause.substr(0, clause.find(' '));
        AddProperty(component,
                    sources.contains(source) ? "nachbau:built-using:declared-and-observed"
                                             : "nachbau:built-using:only-declared",
                    clause);
        sources.erase(source);
      }
    }
    for (const auto& [source, version] : sources) {
      AddProperty(component, "nachbau:built-using:only-observed", source + " (= " + version + ")");
    }
  }

  DocumentParts& parts_;
  const PackageOrigins& package_;
  const std::string ref_;
  const Json references_;
};

}  // namespace

void AddPackages(DocumentParts& parts) {
  for (const PackageOrigins& package : parts.origins.packages) {
    const DebControl& control = package.control;
    if (parts.IsScript()) {
      const std::string ref = parts.SourceRef() + "#output/" + package.artifact.name;
      parts.built[package.artifact.name] = ref;
      parts.components.push_back(PackageDescriber(parts, package, ref).DescribeOutput());
      continue;
    }
    const std::string ref = DebPurl(control.package, control.version, control.architecture) +
                            (package.artifact.name.ends_with(".udeb") ? "#udeb" : "");
    parts.built[control.package] = ref;
    parts.produced_by[kBuildTask].push_back(ref);
    parts.components.push_back(PackageDescriber(parts, package, ref).Describe());
  }
}

}  // namespace nachbau::sbom
