// What a rebuild claims: docs/formats/provenance.md
#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "model/evidence.h"
#include "verifier/package_file.h"
#include "verifier/statement.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {
namespace {

Json DigestSet(const ContentId& content) {
  return {{"sha256", content.sha256.Hex()}, {"sha512", content.sha512.Hex()}};
}

// purl-spec, type deb: namespace is the vendor in lower case.
std::string PackageUrl(const std::string& vendor, const std::string& package, const std::string& version,
                       const std::string& architecture, const std::string& file_name) {
  std::string lower;
  for (const char c : vendor) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower.empty()) lower = "debian";
  std::string url = "pkg:deb/" + PercentEncode(lower) + "/" + PercentEncode(package) + "@" + PercentEncode(version) +
                    "?arch=" + PercentEncode(architecture);
  if (!file_name.empty()) url += "&file_name=" + PercentEncode(file_name);
  return url;
}

// The purl specification's type `generic`, for what no archive has.
Json UnindexedDependency(const LockedFile& file) {
  Json digest = {{"sha256", file.sha256.Hex()}};
  if (file.sha512) digest["sha512"] = file.sha512->Hex();
  return {{"name", file.file_name},
          {"uri", "pkg:generic/" + PercentEncode(file.package) + "@" + PercentEncode(file.version) +
                      "?file_name=" + PercentEncode(file.file_name)},
          {"digest", std::move(digest)},
          {"downloadLocation", file.path},
          {"annotations", {{"role", Name(file.role)}}}};
}

Json Dependency(const Lock& lock, const LockedFile& file) {
  if (!file.Indexed()) return UnindexedDependency(file);
  const ReleaseProof& release = ReleaseOf(lock, file);
  const bool is_source = file.role == InputRole::kSource;
  Json digest = {{"sha256", file.sha256.Hex()}};
  if (file.sha512) digest["sha512"] = file.sha512->Hex();
  return {{"name", file.file_name},
          {"uri", PackageUrl(release.origin, file.package, file.version, is_source ? "source" : file.architecture,
                             is_source ? file.file_name : "")},
          {"digest", std::move(digest)},
          {"downloadLocation", release.uri + "/" + PercentEncode(file.path, "/+")},
          {"annotations", {{"role", Name(file.role)}}}};
}

Json Guarantees(const BuildRecord& record) {
  Json list = Json::array();
  for (const Guarantee& guarantee : record.sandbox) {
    list.push_back({{"name", guarantee.name}, {"inForce", guarantee.in_force}, {"detail", guarantee.detail}});
  }
  return list;
}

Json Counts(const Comparison& comparison) {
  Json counts = Json::object();
  for (const ArtifactComparison& artifact : comparison.artifacts) {
    Json& count = counts[std::string(Name(artifact.outcome))];
    count = count.is_null() ? 1U : count.get<std::uint64_t>() + 1;
  }
  return counts;
}

}  // namespace

Json Subjects(const BuildRecord& record, const Comparison* comparison) {
  Json subjects = Json::array();
  for (const Artifact& output : record.outputs) {
    Json subject = {{"name", output.name}, {"digest", DigestSet(output.content)}};
    if (comparison != nullptr) {
      for (const ArtifactComparison& artifact : comparison->artifacts) {
        if (artifact.name == output.name) subject["annotations"] = {{"comparison", Name(artifact.outcome)}};
      }
    }
    subjects.push_back(std::move(subject));
  }
  // A statement needs a subject. A build that made nothing made a log: negative results are signed too.
  if (subjects.empty()) subjects.push_back({{"name", evidence::kBuildLog}, {"digest", DigestSet(record.log.content)}});
  return subjects;
}

Json FileDescriptors(const std::vector<EvidenceFile>& files) {
  Json list = Json::array();
  for (const EvidenceFile& file : files) {
    list.push_back({{"name", file.path}, {"digest", DigestSet(file.content)}});
  }
  return list;
}

std::string SourceUrl(const BuildRecord& record) {
  if (record.recipe == Name(RecipeKind::kScript)) {
    return "pkg:generic/" + PercentEncode(record.source) + "@" + PercentEncode(record.version);
  }
  return PackageUrl("debian", record.source, record.version, "source", "");
}

Json MakeProvenance(const Lock& lock, const BuildRecord& record, const Comparison& comparison,
                    const std::vector<EvidenceFile>& files, const std::string& builder_id) {
  Json dependencies = Json::array();
  for (const LockedFile& file : lock.files) {
    if (file.role == InputRole::kSource || file.role == InputRole::kEnvironment || file.role == InputRole::kRecipe) {
      dependencies.push_back(Dependency(lock, file));
    }
  }
  std::vector<EvidenceFile> others;
  std::copy_if(files.begin(), files.end(), std::back_inserter(others), [](const EvidenceFile& file) {
    return !file.path.starts_with(std::string(evidence::kArtifacts) + "/");
  });
  Json byproducts = FileDescriptors(others);
  for (Json& byproduct : byproducts) {
    if (byproduct["name"] == evidence::kComparison) byproduct["annotations"] = {{"outcomes", Counts(comparison)}};
  }
  const Json definition = {{"buildType", kBuildType},
                           {"externalParameters",
                            {{"source", record.source},
                             {"version", record.version},
                             {"architecture", record.architecture},
                             {"lock", {{"sha256", record.lock.Hex()}}},
                             {"recipe", ToJson(lock.recipe)}}},
                           {"internalParameters",
                            {{"recipe", record.recipe},
                             {"command", record.command},
                             {"environment", record.environment},
                             {"buildPath", record.build_path},
                             {"buildRoot", {{"sha256", record.root.Hex()}}},
                             {"sandbox", Guarantees(record)},
                             {"kernel", record.kernel},
                             {"outcome", Name(record.outcome)}}},
                           {"resolvedDependencies", std::move(dependencies)}};
  const auto duration = static_cast<UnixSeconds>(record.duration_ms / 1000);
  const Json details = {{"builder", {{"id", builder_id}, {"version", {{"nachbau", record.builder}}}}},
                        {"metadata",
                         {{"invocationId", InvocationIdOf(record)},
                          {"startedOn", FormatTime(record.started)},
                          {"finishedOn", FormatTime(record.started + duration)}}},
                        {"byproducts", std::move(byproducts)}};
  return {{"_type", kStatementType},
          {"subject", Subjects(record, &comparison)},
          {"predicateType", kProvenanceType},
          {"predicate", {{"buildDefinition", definition}, {"runDetails", details}}}};
}

std::string InvocationIdOf(const BuildRecord& record) {
  return "sha256:" + Sha256(FormatCanonical(ToJson(record))).Hex();
}

Json MakeSummary(const Decision& decision, const BuildRecord& record, const std::vector<EvidenceFile>& files,
                 const std::string& verifier_id) {
  Json attestations = Json::array();
  std::vector<EvidenceFile> documents;
  for (const EvidenceFile& file : files) {
    if (file.path == evidence::kProvenance) {
      attestations.push_back({{"uri", file.path}, {"digest", DigestSet(file.content)}});
    } else {
      documents.push_back(file);
    }
    if (file.path == evidence::kPolicy && file.content.sha256 != decision.policy_digest) {
      throw IntegrityError(file.path, decision.policy_digest.Hex(), file.content.sha256.Hex());
    }
  }
  const Json predicate = {
      {"verifier", {{"id", verifier_id}, {"version", {{"nachbau", record.builder}}}}},
      {"timeVerified", FormatTime(decision.time)},
      {"resourceUri", SourceUrl(record)},
      {"policy",
       {{"uri", "urn:nachbau:policy:" + PercentEncode(decision.policy) + ":" + std::to_string(decision.policy_version)},
        {"digest", {{"sha256", decision.policy_digest.Hex()}}}}},
      {"inputAttestations", std::move(attestations)},
      {"verificationResult", ResultOf(decision.verdict)},
      {"verifiedLevels", Json::array()},
      {"slsaVersion", "1.0"},
      {kDocumentsMember, FileDescriptors(documents)}};
  return {{"_type", kStatementType},
          {"subject", Subjects(record, nullptr)},
          {"predicateType", kSummaryType},
          {"predicate", predicate}};
}

const char* ResultOf(Verdict verdict) { return verdict == Verdict::kAllowed ? "PASSED" : "FAILED"; }

}  // namespace nachbau::verifier
