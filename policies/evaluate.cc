// One function per check. Each answers with findings; what is not known is kUnknown, never a pass.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "model/evidence.h"
#include "policies/licence_expression.h"
#include "policies/policies.h"

namespace nachbau::policies {
namespace {

using Findings = std::vector<Finding>;

Finding Make(const Policy::Rule& rule, std::string subject, FindingOutcome outcome, Message reason,
             std::vector<std::string> evidence, Message remedy = {}) {
  return {rule.check, std::move(subject), outcome, std::move(reason), std::move(evidence), std::move(remedy)};
}

Findings Unknown(const Policy::Rule& rule, const Facts& facts, const char* what) {
  if (facts.record != nullptr && facts.record->outcome != BuildOutcome::kBuilt) {
    return {Make(rule, what, FindingOutcome::kUnknown, Msg("{} is not there, because the build failed", std::string_view(what)),
                 {evidence::kBuildRecord})};
  }
  return {Make(rule, what, FindingOutcome::kUnknown, Msg("{} is not there to be checked", std::string_view(what)), {},
               Msg("run 'nachbau rebuild' to the end; it makes all evidence"))};
}

// Findings that another room made, under this rule's name.
Findings Adopt(const Policy::Rule& rule, const Facts& facts, const std::vector<Finding>& findings, bool checked,
               const char* what) {
  if (!checked || findings.empty()) return Unknown(rule, facts, what);
  Findings adopted = findings;
  for (Finding& finding : adopted) finding.rule = rule.check;
  return adopted;
}

Findings InputsProven(const Policy::Rule& rule, const Facts& facts) {
  return Adopt(rule, facts, facts.proof_findings, facts.proofs_checked, "the chain of proof of the inputs");
}

Findings Hermetic(const Policy::Rule& rule, const Facts& facts) {
  if (facts.record == nullptr) return Unknown(rule, facts, evidence::kBuildRecord);
  Findings findings;
  for (const Json& wanted : rule.parameters.value("guarantees", Json::array())) {
    const std::string name = wanted.get<std::string>();
    const auto& sandbox = facts.record->sandbox;
    const auto found = std::find_if(sandbox.begin(), sandbox.end(), [&](const Guarantee& g) { return g.name == name; });
    if (found == sandbox.end()) {
      findings.push_back(Make(rule, name, FindingOutcome::kUnknown, Msg("the build record does not mention {}", name),
                              {evidence::kBuildRecord}));
    } else if (!found->in_force) {
      findings.push_back(Make(rule, name, FindingOutcome::kFail, Msg("{} was not in force: {}", name, found->detail),
                              {evidence::kBuildRecord}, Msg("'nachbau doctor' tells what this machine lacks")));
    } else {
      findings.push_back(Make(rule, name, FindingOutcome::kPass, Msg("{} was in force", name), {evidence::kBuildRecord}));
    }
  }
  return findings.empty() ? Unknown(rule, facts, "guarantees") : findings;
}

// `promised`: the archive's index names this package, so there should be something to compare with. Packages of debug
// symbols are never named there.
Finding JudgeArtifact(const Policy::Rule& rule, const ArtifactComparison& artifact, bool promised) {
  const std::vector<std::string> files = {evidence::kComparison};
  switch (artifact.outcome) {
    case ComparisonOutcome::kIdentical:
      return Make(rule, artifact.name, FindingOutcome::kPass, Msg("identical to the archive's"), files);
    case ComparisonOutcome::kNoReference:
      if (promised) {
        return Make(rule, artifact.name, FindingOutcome::kUnknown, Msg("the archive names this package but does not offer it"),
                    files, Msg("run the rebuild again later, or with a snapshot archive that still has it"));
      }
      return Make(rule, artifact.name, FindingOutcome::kNotApplicable, Msg("the archive offers nothing to compare with"), files);
    case ComparisonOutcome::kNotBuilt:
      return Make(rule, artifact.name, FindingOutcome::kFail, Msg("the build did not make this package"), files,
                  Msg("'nachbau build-log' with this folder shows it; --failure only the lines that tell why"));
    case ComparisonOutcome::kCodeIdentical:
    case ComparisonOutcome::kExplained:
    case ComparisonOutcome::kDiffers: break;
  }
  return Make(rule, artifact.name, FindingOutcome::kFail,
              artifact.outcome == ComparisonOutcome::kDiffers
                  ? Msg("differs from the archive's in {} places", artifact.differences.size())
                  : Msg("not identical to the archive's, although its code is or the difference is explained"),
              files, Msg("{} says where; a newer build dependency is the usual cause", evidence::kComparison));
}

Findings Identical(const Policy::Rule& rule, const Facts& facts) {
  if (facts.comparison == nullptr || facts.comparison->artifacts.empty()) return Unknown(rule, facts, evidence::kComparison);
  if (facts.lock == nullptr) return Unknown(rule, facts, evidence::kLock);
  Findings findings;
  std::set<std::string> open(facts.lock->binaries.begin(), facts.lock->binaries.end());
  for (const ArtifactComparison& artifact : facts.comparison->artifacts) {
    const auto& binaries = facts.lock->binaries;
    const bool promised = std::find(binaries.begin(), binaries.end(), artifact.package) != binaries.end();
    findings.push_back(JudgeArtifact(rule, artifact, promised));
    open.erase(artifact.package);
  }
  for (const std::string& package : open) {
    findings.push_back(Make(rule, package, FindingOutcome::kUnknown, Msg("the comparison does not mention this package"),
                            {evidence::kComparison, evidence::kLock}, Msg("run 'nachbau compare' again")));
  }
  const bool compared = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.outcome != FindingOutcome::kNotApplicable;
  });
  if (!compared) {
    findings.push_back(Make(rule, facts.comparison->source, FindingOutcome::kUnknown,
                            Msg("there was nothing to compare with"), {evidence::kComparison}));
  }
  return findings;
}

// An expression, or a single licence as other tools write it. A name without an identifier is judged as it is.
std::string LicenceOf(const Json& licence) {
  std::string expression = TextMember(licence, "expression");
  const auto single = licence.is_object() ? licence.find("license") : licence.end();
  if (!expression.empty() || !licence.is_object() || single == licence.end()) return expression;
  const std::string identifier = TextMember(*single, "id");
  return identifier.empty() ? TextMember(*single, "name") : identifier;
}

// Licences stand once per component; each distinct expression is judged once.
Findings Licences(const Policy::Rule& rule, const Facts& facts) {
  if (facts.sbom == nullptr) return Unknown(rule, facts, evidence::kSbom);
  std::set<std::string> free;
  for (const Json& item : rule.parameters.value("allowed", Json::array())) free.insert(item.get<std::string>());
  for (const Json& item : rule.parameters.value("accepted", Json::array())) free.insert(item["licence"].get<std::string>());
  std::map<std::string, std::vector<std::string>> users;  // expression → components, each once
  Findings findings;
  for (const Json& component : ArrayMember(*facts.sbom, "components")) {
    if (component.is_object() && component.contains("isExternal") && component["isExternal"] == true) continue;  // judged when it is rebuilt itself
    const std::string name = TextMember(component, "name");
    bool any = false;
    for (const Json& licence : ArrayMember(component, "licenses")) {
      const std::string expression = LicenceOf(licence);
      if (expression.empty()) continue;
      std::vector<std::string>& names = users[expression];
      if (names.empty() || names.back() != name) names.push_back(name);
      any = true;
    }
    if (!any) {
      findings.push_back(Make(rule, name, FindingOutcome::kUnknown,
                              facts.lock != nullptr && facts.lock->recipe.kind == RecipeKind::kScript
                                  ? Msg("the recipe names no licence")
                                  : Msg("its debian/copyright is not machine-readable, so its licences are not known"),
                              {evidence::kSbom},
                              facts.lock != nullptr && facts.lock->recipe.kind == RecipeKind::kScript
                                  ? Msg("read the source's licence and name it in the recipe: licence = \"…\"")
                                  : Msg("read debian/copyright; an exception in the policy can accept it")));
    }
  }
  for (const auto& [expression, components] : users) {
    // "LicenseRef-debian-PD--<digest of its text>": accepted for this text alone, or under this name whatever the text is.
    const std::set<std::string> refused = NotAllowed(expression, [&](const std::string& licence) {
      return free.contains(licence) || (licence.starts_with("LicenseRef-") && free.contains(licence.substr(0, licence.find("--"))));
    });
    std::string names;
    for (const std::string& licence : refused) names += (names.empty() ? "" : ", ") + licence;
    if (refused.empty()) {
      findings.push_back(Make(rule, components.front(), FindingOutcome::kPass, Msg("free: {}", expression), {evidence::kSbom}));
      continue;
    }
    // A name Debian made up is not known to be unfree: somebody has to read it.
    const bool unread = std::all_of(refused.begin(), refused.end(),
                                    [](const std::string& licence) { return licence.starts_with("LicenseRef-"); });
    findings.push_back(Make(rule, components.front(), unread ? FindingOutcome::kUnknown : FindingOutcome::kFail,
                            components.size() == 1
                                ? Msg("not in the policy's list of free licences: {}", names)
                                : Msg("not in the policy's list of free licences: {} (so in {} components)", names, components.size()),
                            {evidence::kSbom, evidence::kPolicy},
                            Msg("read the licence in debian/copyright; if it is free, add it to 'accepted' in the policy, with "
                                "the reason")));
  }
  return findings.empty() ? Unknown(rule, facts, evidence::kSbom) : findings;
}

Findings SbomValid(const Policy::Rule& rule, const Facts& facts) {
  return Adopt(rule, facts, facts.sbom_findings, facts.sbom_checked, evidence::kSbom);
}

Findings AttestationTrusted(const Policy::Rule& rule, const Facts& facts) {
  return Adopt(rule, facts, facts.attestation_findings, facts.attestation_checked, evidence::kProvenance);
}

Findings SourcesMirrored(const Policy::Rule& rule, const Facts& facts) {
  if (facts.lock == nullptr) return Unknown(rule, facts, evidence::kLock);
  std::set<std::string> wanted, held;
  for (const LockedFile& file : facts.lock->files) {
    if (file.role == InputRole::kEnvironment) wanted.insert(file.source + " " + file.source_version);
  }
  for (const LockedFile& file : facts.lock->files) {
    if (file.role == InputRole::kEnvironmentSource && file.sha512) held.insert(file.source + " " + file.source_version);
  }
  for (const LockedFile& file : facts.lock->files) {
    if (file.role == InputRole::kEnvironmentSource && !file.sha512) held.erase(file.source + " " + file.source_version);
  }
  const std::string subject = facts.lock->source + " " + facts.lock->version;
  if (held.size() == wanted.size()) {
    return {Make(rule, subject, FindingOutcome::kPass, Msg("all {} source packages of the build environment are held", wanted.size()),
                 {evidence::kLock})};
  }
  return {Make(rule, subject, FindingOutcome::kFail,
               Msg("{} of {} source packages of the build environment are held", held.size(), wanted.size()), {evidence::kLock},
               facts.lock->WithRole(InputRole::kEnvironmentSource).empty()
                   ? Msg("the lock names none of them: make another without --without-environment-sources")
                   : Msg("run 'nachbau mirror fetch' with the lock again; what the archive no longer offers must come from "
                         "elsewhere"))};
}

const std::map<std::string, std::function<Findings(const Policy::Rule&, const Facts&)>, std::less<>>& Checks() {
  static const std::map<std::string, std::function<Findings(const Policy::Rule&, const Facts&)>, std::less<>> checks = {
      {"inputs.proven", InputsProven}, {"build.hermetic", Hermetic},
      {"binaries.identical", Identical}, {"licences.free", Licences},
      {"sbom.valid", SbomValid},       {"attestation.trusted", AttestationTrusted},
      {"sources.mirrored", SourcesMirrored}};
  return checks;
}

}  // namespace

Decision Evaluate(const Policy& policy, const Facts& facts, UnixSeconds time) {
  Decision decision;
  if (facts.record != nullptr) {
    decision.subject = facts.record->source + " " + facts.record->version + " " + facts.record->architecture;
  }
  decision.policy = policy.name;
  decision.policy_version = policy.version;
  decision.policy_digest = policy.digest;
  decision.time = time;
  bool failed = false, unknown = policy.rules.empty();
  for (const Policy::Rule& rule : policy.rules) {
    for (Finding& finding : Checks().at(rule.check)(rule, facts)) {
      const bool counts = rule.severity == "error";
      if (!counts && (finding.outcome == FindingOutcome::kFail || finding.outcome == FindingOutcome::kUnknown)) {
        finding.outcome = FindingOutcome::kWarning;
      }
      failed = failed || finding.outcome == FindingOutcome::kFail;
      unknown = unknown || finding.outcome == FindingOutcome::kUnknown;
      decision.findings.push_back(std::move(finding));
    }
  }
  decision.verdict = failed ? Verdict::kDenied : unknown ? Verdict::kUnknown : Verdict::kAllowed;
  return decision;
}

}  // namespace nachbau::policies
