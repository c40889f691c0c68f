// The CycloneDX document of a rebuild. Every value comes from the lock, the build record's outputs, the facts of the
// trace and the store's bytes: two rebuilders that agree on these get the same bytes. docs/formats/sbom.md
//
//   product ─┬─ binary package ─┬─ executable, archive ── library (of another package: external)
//            │                  └─ run-time dependency (external)
//            └─ source package ── its files, nested
//   formulation: the steps of the build, with the packages of the build environment as inputs
#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/error.h"
#include "model/evidence.h"
#include "model/source_tarballs.h"
#include "sbom/document_parts.h"
#include "sbom/elements.h"
#include "sbom/sbom.h"

namespace nachbau::sbom {
namespace {

constexpr const char* kSbomCreator = "https://nachbau.example.org/";

bool IsPackage(const std::string& file_name) { return file_name.ends_with(".deb") || file_name.ends_with(".udeb"); }

Json SortedBy(const char* key, Json list) {
  std::sort(list.begin(), list.end(),
            [&](const Json& left, const Json& right) { return left.at(key) < right.at(key); });
  return list;
}

// Of a script: the time that the build was given.
std::optional<UnixSeconds> GivenTime(const BuildRecord& record) {
  const auto time = record.environment.find("SOURCE_DATE_EPOCH");
  if (time == record.environment.end()) return std::nullopt;
  UnixSeconds seconds = 0;
  const char* end = time->second.data() + time->second.size();
  if (std::from_chars(time->second.data(), end, seconds).ptr != end) return std::nullopt;
  return seconds;
}

// debian/changelog: from the source package, else from the documentation of what was built of it.
std::optional<std::string> ReadChangelog(const DocumentParts& parts) {
  const std::vector<SourceTarball> tarballs = SourceTarballs(parts.lock);
  for (const SourceTarball& tarball : tarballs) {
    const bool native = tarballs.size() == 1 && tarball.kind == TarballKind::kUpstream;
    if (!native && tarball.kind != TarballKind::kDebian) continue;
    const LockedFile& file = tarball.file;
    if (auto texts = ReadSourceTexts(parts.store.Open(file.sha256), file.file_name); texts.changelog)
      return texts.changelog;
  }
  for (const Artifact& output : parts.record.outputs) {
    if (!IsPackage(output.name)) continue;
    const std::string package = output.name.substr(0, output.name.find('_'));
    if (auto texts = ReadDebTexts(parts.store.Open(output.content.sha256), package, output.name); texts.changelog) {
      return texts.changelog;
    }
  }
  return std::nullopt;
}

void ReadFacts(DocumentParts& parts, Progress::Task& task) {
  if (parts.IsScript()) {
    parts.date = GivenTime(parts.record);
  } else if (const auto changelog = ReadChangelog(parts)) {
    parts.date = ChangelogDate(*changelog);
  }
  parts.licences = LicenceIndex::Read(parts.lock, parts.record, parts.store);
  parts.origins = FindOrigins(parts.lock, parts.record, ReadTrace(parts.record, parts.store), parts.store, task);
  for (const PackageOrigins& package : parts.origins.packages) {
    if (parts.maintainer.empty()) parts.maintainer = package.control.maintainer;
  }
}

// Beside the product lie the documents that tell of this build; what differs from machine to machine has no digest
// here.
Json ProductReferences(const DocumentParts& parts) {
  Json references = Json::array();
  for (const LockedFile& file : parts.lock.WithRole(InputRole::kSource)) {
    references.push_back(ArchiveReference("source-distribution", parts.lock, file));
  }
  for (const Artifact& output : parts.record.outputs) {
    if (!output.name.ends_with(".buildinfo")) continue;
    references.push_back({{"type", "build-meta"},
                          {"url", std::string(evidence::kArtifacts) + "/" + PercentEncode(output.name, "+")},
                          {"comment", "packages of the build environment, as dpkg recorded them"}});
  }
  references.push_back({{"type", "build-meta"}, {"url", evidence::kBuildRecord}, {"comment", "the build record"}});
  references.push_back(
      {{"type", "attestation"}, {"url", evidence::kProvenance}, {"comment", "signed provenance (SLSA)"}});
  if (parts.origins.has_trace) {
    references.push_back(
        {{"type", "evidence"}, {"url", evidence::kTrace}, {"comment", "which process used which file"}});
  }
  return references;
}

Json Creator(const Lock& lock) {
  const SbomCreator creator = lock.sbom_creator.value_or(SbomCreator{"Nachbau", "", kSbomCreator});
  Json entity = {{"name", creator.name}};
  if (!creator.url.empty()) entity["url"] = {creator.url};
  if (!creator.email.empty()) entity["contact"] = Json::array({{{"email", creator.email}}});
  return entity;
}

Json Metadata(const DocumentParts& parts) {
  Json component = {{"type", "application"},
                    {"bom-ref", parts.ProductRef()},
                    {"name", parts.lock.source},
                    {"version", parts.lock.version},
                    {"purl", parts.SourceRef()},
                    {"externalReferences", ProductReferences(parts)},
                    {"properties", Json::array({Property("nachbau:component:kind", "product")})}};
  if (!parts.maintainer.empty()) component["manufacturer"] = Organisation(parts.maintainer);
  parts.AddLicences(component, parts.used_sources, "");
  Json metadata = {
      {"component", component},
      {"manufacturer", Creator(parts.lock)},
      {"lifecycles", Json::array({{{"phase", "build"}}})},
      {"tools",
       {{"components", Json::array({{{"type", "application"}, {"name", "nachbau"}, {"version", NACHBAU_VERSION}}})}}},
      {"properties", Json::array({Property("cdx:reproducible", "true"),
                                  Property("nachbau:embedded-copy:table", ShippedEmbeddedCopiesSource())})}};
  if (!parts.origins.incomplete.empty()) {
    metadata["properties"].push_back(Property("nachbau:origin:incomplete", parts.origins.incomplete));
  }
  // The time of the content: of the last change of the source, not of this run.
  if (parts.date) metadata["timestamp"] = FormatTime(*parts.date);
  return metadata;
}

Json Dependencies(DocumentParts& parts) {
  std::set<std::string>& products = parts.depends_on[parts.ProductRef()];
  products.insert(parts.SourceRef());
  for (const auto& [name, ref] : parts.built) products.insert(ref);
  Json list = Json::array();
  for (const auto& [ref, targets] : parts.depends_on) list.push_back({{"ref", ref}, {"dependsOn", targets}});
  return SortedBy("ref", list);
}

// Each component once as a whole of parts where it has any, once as one that needs others.
Json Compositions(DocumentParts& parts) {
  parts.assemblies[parts.ProductRef()] = Completeness::kComplete;
  parts.dependencies[parts.ProductRef()] = Completeness::kComplete;
  Json compositions = Json::array();
  for (const auto& [completeness, word] :
       {std::pair(Completeness::kComplete, "complete"), std::pair(Completeness::kIncomplete, "incomplete"),
        std::pair(Completeness::kUnknown, "unknown")}) {
    Json composition = {{"bom-ref", "composition:" + std::string(word)}, {"aggregate", word}};
    for (const auto& [ref, value] : parts.assemblies) {
      if (value == completeness) composition["assemblies"].push_back(ref);
    }
    for (const auto& [ref, value] : parts.dependencies) {
      if (value == completeness) composition["dependencies"].push_back(ref);
    }
    if (composition.size() > 2) compositions.push_back(std::move(composition));
  }
  return compositions;
}

Json MakeDocument(DocumentParts& parts) {
  AddPackages(parts);
  AddSource(parts);
  AddDependencies(parts);
  Json document = {{"$schema", "http://cyclonedx.org/schema/bom-1.7.schema.json"},
                   {"bomFormat", "CycloneDX"},
                   {"specVersion", "1.7"},
                   {"version", 1},
                   {"metadata", Metadata(parts)},
                   {"components", SortedBy("bom-ref", std::move(parts.components))},
                   {"dependencies", Dependencies(parts)},
                   {"formulation", MakeFormulation(parts)},
                   {"compositions", Compositions(parts)}};
  if (Json citations = MakeCitations(document, parts); !citations.empty()) document["citations"] = std::move(citations);
  document["serialNumber"] =
      SerialNumber("https://nachbau.example.org/sbom/" + Sha256(FormatCanonical(document)).Hex());
  return document;
}

}  // namespace

std::size_t CountComponents(const Json& document) {
  std::size_t count = 0;
  for (const Json& component : ArrayMember(document, "components")) count += 1 + CountComponents(component);
  return count;
}

Json Describe(const Lock& lock, const BuildRecord& record, const Store& store, Progress& progress) {
  const auto task = progress.Start(Msg("Describing {} {}", lock.source, lock.version), Unit::kNone, 0);
  DocumentParts parts(lock, record, store);
  ReadFacts(parts, *task);
  Json document = MakeDocument(parts);
  const std::vector<SchemaViolation> violations = Validate(document);
  if (!violations.empty()) {
    throw Error(
        Msg("the SBOM of {} would not be valid: {}: {}", lock.source, violations[0].pointer, violations[0].detail));
  }
  task->Succeed();
  return document;
}

}  // namespace nachbau::sbom
