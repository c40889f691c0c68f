#include "sbom/checks/declarations.h"

#include "base/encoding.h"
#include "base/message.h"
#include "sbom/elements.h"
#include "sbom/validation/formats.h"

namespace nachbau::sbom {
namespace {

constexpr const char* kTarget = "target";
constexpr const char* kAssessor = "assessor";

std::string RefOf(const ProfileResult& profile) { return "standard:" + profile.profile; }
std::string RefOf(const char* kind, const ProfileResult& profile, const ClauseResult& clause) {
  return std::string(kind) + ":" + profile.profile + "/" + clause.clause;
}

Json Standard(const ProfileResult& profile) {
  Json requirements = Json::array();
  for (const ClauseResult& clause : profile.clauses) {
    requirements.push_back({{"bom-ref", RefOf("requirement", profile, clause)},
                            {"identifier", clause.clause},
                            {"text", Render(clause.requirement)},
                            {"properties", Json::array({Property("nachbau:clause:section", clause.section),
                                                        Property("nachbau:clause:severity", Name(clause.severity))})}});
  }
  return {{"bom-ref", RefOf(profile)},
          {"name", profile.title},
          {"version", profile.version},
          {"owner", profile.owner},
          {"requirements", requirements}};
}

// The places, one a line: pointer, component, what was found there.
Json Evidence(const ProfileResult& profile, const ClauseResult& clause) {
  std::string text;
  for (const ClausePlace& place : clause.places) {
    text += std::string(Name(place.verdict)) + "\t" + Printable(place.pointer) + "\t" + place.component + "\t" +
            Printable(Render(place.found)) + "\n";
  }
  const std::uint64_t found = clause.failed + clause.unjudged;
  if (found > clause.places.size()) text += "and " + std::to_string(found - clause.places.size()) + " more\n";
  return {{"bom-ref", RefOf("evidence", profile, clause)},
          {"propertyName", "nachbau:clause:places"},
          {"data", Json::array({{{"name", "places"},
                                 {"contents", {{"attachment", {{"contentType", "text/plain"}, {"content", text}}}}}}})}};
}

Json Claim(const ProfileResult& profile, const ClauseResult& clause) {
  Json claim = {{"bom-ref", RefOf("claim", profile, clause)},
                {"target", kTarget},
                {"predicate", Render(clause.requirement)},
                {"reasoning", Printable(Render(clause.reason))}};
  if (!clause.places.empty()) claim["counterEvidence"] = Json::array({RefOf("evidence", profile, clause)});
  return claim;
}

Json Mapped(const ProfileResult& profile, const ClauseResult& clause) {
  Json entry = {{"requirement", RefOf("requirement", profile, clause)}};
  const bool fails = clause.verdict == ClauseVerdict::kFail;
  entry[fails ? "counterClaims" : "claims"] = Json::array({RefOf("claim", profile, clause)});
  const std::string rationale = std::string(Name(clause.verdict)) + ": " + Printable(Render(clause.reason));
  if (clause.verdict == ClauseVerdict::kCannotJudge) {
    entry["conformance"] = {{"rationale", rationale}};
    entry["confidence"] = {{"score", 0}, {"rationale", "not judged"}};
  } else {
    entry["conformance"] = {{"score", fails ? 0 : 1}, {"rationale", rationale}};
    entry["confidence"] = {{"score", 1}, {"rationale", "judged from the document's bytes"}};
  }
  return entry;
}

Json Attestation(const ProfileResult& profile) {
  Json map = Json::array();
  for (const ClauseResult& clause : profile.clauses) map.push_back(Mapped(profile, clause));
  const std::size_t failed = profile.Count(ClauseVerdict::kFail) - profile.Notes();
  std::string summary = profile.title + " " + profile.version + ": ";
  summary += profile.Conforms() ? "no clause fails" : std::to_string(failed) + (failed == 1 ? " clause fails" : " clauses fail");
  summary += ", " + std::to_string(profile.Count(ClauseVerdict::kCannotJudge)) + " cannot be judged from the document";
  return {{"summary", summary}, {"assessor", kAssessor}, {"map", map}};
}

// What was checked: the document, by the digest of its bytes.
Json Target(const Conformance& conformance) {
  const std::string name = conformance.document.substr(conformance.document.rfind('/') + 1);
  Json component = {{"type", "file"},
                    {"bom-ref", kTarget},
                    {"name", Printable(name)},
                    {"version", "sha256:" + conformance.content.sha256.Hex()},
                    {"description", "SBOM, " + conformance.format},
                    {"hashes", Hashes(conformance.content.sha256, conformance.content.sha512)}};
  if (!conformance.product.empty()) {
    component["properties"] = Json::array({Property("nachbau:sbom:product", conformance.product)});
  }
  return component;
}

}  // namespace

Json Declare(const Conformance& conformance, const std::string& assessor) {
  Json standards = Json::array(), claims = Json::array(), evidence = Json::array(), attestations = Json::array();
  for (const ProfileResult& profile : conformance.profiles) {
    standards.push_back(Standard(profile));
    attestations.push_back(Attestation(profile));
    for (const ClauseResult& clause : profile.clauses) {
      claims.push_back(Claim(profile, clause));
      if (!clause.places.empty()) evidence.push_back(Evidence(profile, clause));
    }
  }
  Json document = {
      {"$schema", "http://cyclonedx.org/schema/bom-1.7.schema.json"},
      {"bomFormat", "CycloneDX"},
      {"specVersion", "1.7"},
      {"version", 1},
      {"metadata", {{"tools", {{"components", Json::array({{{"type", "application"},
                                                            {"name", "nachbau"},
                                                            {"version", NACHBAU_VERSION}}})}}}}},
      {"definitions", {{"standards", standards}}},
      {"declarations",
       {{"assessors", Json::array({{{"bom-ref", kAssessor},
                                    {"thirdParty", false},
                                    {"organization", {{"name", assessor.empty() ? "nachbau sbom check" : assessor}}}}})},
        {"attestations", attestations},
        {"claims", claims},
        {"evidence", evidence},
        {"targets", {{"components", Json::array({Target(conformance)})}}}}}};
  if (IsDateTime(conformance.timestamp)) document["metadata"]["timestamp"] = conformance.timestamp;
  document["serialNumber"] = SerialNumber("https://nachbau.example.org/declarations/" + Sha256(FormatCanonical(document)).Hex());
  return document;
}

}  // namespace nachbau::sbom
