#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "policies/policies.h"

namespace nachbau::policies {
namespace {

// A rebuild of which everything is known and good; each test spoils one thing.
class EvaluateTest : public ::testing::Test {
 protected:
  EvaluateTest() {
    lock_.source = record_.source = comparison_.source = "hello";
    lock_.version = record_.version = comparison_.version = "1-1";
    lock_.binaries = {"hello"};
    record_.outcome = BuildOutcome::kBuilt;
    for (const char* name : {"capabilities", "file-system", "network-namespace", "pid-namespace", "seccomp", "user-namespace"}) {
      record_.sandbox.push_back({name, true, "new"});
    }
    comparison_.artifacts = {Artifact("hello", ComparisonOutcome::kIdentical),
                             Artifact("hello-dbgsym", ComparisonOutcome::kNoReference)};
    sbom_ = {{"components", Json::array({{{"name", "hello"}, {"licenses", {{{"expression", "MIT"}}}}}})}};
    facts_.lock = &lock_;
    facts_.record = &record_;
    facts_.comparison = &comparison_;
    facts_.sbom = &sbom_;
    facts_.proof_findings = facts_.sbom_findings = facts_.attestation_findings = {Good()};
    facts_.proofs_checked = facts_.sbom_checked = facts_.attestation_checked = true;
  }
  static ArtifactComparison Artifact(const std::string& package, ComparisonOutcome outcome) {
    ArtifactComparison artifact;
    artifact.package = package;
    artifact.name = package + "_1-1_amd64.deb";
    artifact.outcome = outcome;
    return artifact;
  }
  static Finding Good() { return {"x", "y", FindingOutcome::kPass, Msg("good"), {}, {}}; }
  static Finding Bad() { return {"x", "y", FindingOutcome::kFail, Msg("bad"), {}, {}}; }

  Decision Decide(std::string_view text = DefaultPolicyText()) const {
    return Evaluate(ParsePolicy(text, "policy"), facts_, 1'000'000);
  }
  // The outcomes of one rule.
  std::vector<FindingOutcome> Outcomes(const Decision& decision, const std::string& rule) const {
    std::vector<FindingOutcome> outcomes;
    for (const Finding& finding : decision.findings) {
      if (finding.rule == rule) outcomes.push_back(finding.outcome);
    }
    return outcomes;
  }
  void SetLicence(const char* expression) { sbom_["components"][0]["licenses"][0]["expression"] = expression; }

  Lock lock_;
  BuildRecord record_;
  Comparison comparison_;
  Json sbom_;
  Facts facts_;
};

TEST_F(EvaluateTest, AllGoodIsAllowed) {
  const Decision decision = Decide();
  EXPECT_EQ(decision.verdict, Verdict::kAllowed);
  EXPECT_EQ(decision.policy, "default");
  EXPECT_EQ(decision.time, 1'000'000);
  EXPECT_EQ(decision.policy_digest, Sha256(DefaultPolicyText()));
}

TEST_F(EvaluateTest, NoFactsAtAllAreUnknownForEveryRule) {
  facts_ = {};
  const Decision decision = Decide();
  EXPECT_EQ(decision.verdict, Verdict::kUnknown);
  for (const Finding& finding : decision.findings) EXPECT_NE(finding.outcome, FindingOutcome::kPass) << finding.rule;
  EXPECT_GE(decision.findings.size(), 7U);
}

TEST_F(EvaluateTest, EachAbsentFactAloneIsUnknown) {
  const Facts all = facts_;
  const std::vector<std::function<void(Facts&)>> removals = {
      [](Facts& f) { f.lock = nullptr; },           [](Facts& f) { f.record = nullptr; },
      [](Facts& f) { f.comparison = nullptr; },     [](Facts& f) { f.sbom = nullptr; },
      [](Facts& f) { f.proofs_checked = false; },   [](Facts& f) { f.proof_findings.clear(); },
      [](Facts& f) { f.sbom_checked = false; },     [](Facts& f) { f.sbom_findings.clear(); },
      [](Facts& f) { f.attestation_checked = false; }, [](Facts& f) { f.attestation_findings.clear(); }};
  for (std::size_t i = 0; i < removals.size(); ++i) {
    facts_ = all;
    removals[i](facts_);
    EXPECT_EQ(Decide().verdict, Verdict::kUnknown) << i;
  }
}

TEST_F(EvaluateTest, AFailureOutweighsWhatIsUnknown) {
  facts_.sbom = nullptr;
  facts_.proof_findings.push_back(Bad());
  EXPECT_EQ(Decide().verdict, Verdict::kDenied);
}

TEST_F(EvaluateTest, AGuaranteeThatWasNotInForceIsAFailure) {
  record_.sandbox[2].in_force = false;
  const Decision decision = Decide();
  EXPECT_EQ(decision.verdict, Verdict::kDenied);
  EXPECT_THAT(Outcomes(decision, "build.hermetic"), testing::Contains(FindingOutcome::kFail).Times(1));
}

TEST_F(EvaluateTest, AGuaranteeThatTheRecordDoesNotMentionIsUnknown) {
  record_.sandbox.pop_back();
  EXPECT_EQ(Decide().verdict, Verdict::kUnknown);
}

TEST_F(EvaluateTest, ComparisonOutcomes) {
  const std::vector<std::pair<ComparisonOutcome, Verdict>> table = {
      {ComparisonOutcome::kIdentical, Verdict::kAllowed}, {ComparisonOutcome::kCodeIdentical, Verdict::kDenied},
      {ComparisonOutcome::kExplained, Verdict::kDenied},  {ComparisonOutcome::kDiffers, Verdict::kDenied},
      {ComparisonOutcome::kNotBuilt, Verdict::kDenied},   {ComparisonOutcome::kNoReference, Verdict::kUnknown}};
  for (const auto& [outcome, verdict] : table) {
    comparison_.artifacts[0].outcome = outcome;
    EXPECT_EQ(Decide().verdict, verdict) << Name(outcome);
  }
}

TEST_F(EvaluateTest, APackageOfTheArchiveThatWasNotComparedIsUnknown) {
  lock_.binaries.emplace_back("hello-doc");
  EXPECT_EQ(Decide().verdict, Verdict::kUnknown);
}

TEST_F(EvaluateTest, NothingToCompareWithIsNotIdentity) {
  lock_.binaries.clear();
  comparison_.artifacts.erase(comparison_.artifacts.begin());
  EXPECT_EQ(Decide().verdict, Verdict::kUnknown);
}

TEST_F(EvaluateTest, Licences) {
  const std::vector<std::pair<const char*, Verdict>> table = {
      {"GPL-2.0-or-later AND MIT", Verdict::kAllowed}, {"SSPL-1.0", Verdict::kDenied},
      {"SSPL-1.0 OR MIT", Verdict::kAllowed},          {"LicenseRef-debian-PD", Verdict::kAllowed},
      {"LicenseRef-debian-odd", Verdict::kUnknown},    {"LicenseRef-debian-odd AND SSPL-1.0", Verdict::kDenied},
      {"LicenseRef-debian-PD--0123456789abcdef", Verdict::kAllowed},  // the name is accepted, whatever the text is
      {"LicenseRef-debian-PD-x--0123456789abcdef", Verdict::kUnknown},
      {"MIT--0123456789abcdef", Verdict::kDenied},
      {"MIT AND", Verdict::kDenied}};
  for (const auto& [expression, verdict] : table) {
    SetLicence(expression);
    EXPECT_EQ(Decide().verdict, verdict) << expression;
  }
}

TEST_F(EvaluateTest, LicencesAsOtherToolsWriteThem) {
  sbom_["components"][0]["licenses"] = {{{"license", {{"id", "SSPL-1.0"}}}}};
  EXPECT_EQ(Decide().verdict, Verdict::kDenied);
  sbom_["components"][0]["licenses"] = {{{"license", {{"id", "MIT"}}}}};
  EXPECT_EQ(Decide().verdict, Verdict::kAllowed);
}

TEST_F(EvaluateTest, AComponentWithoutLicenceIsUnknown) {
  sbom_["components"][0].erase("licenses");
  EXPECT_EQ(Decide().verdict, Verdict::kUnknown);
}

TEST_F(EvaluateTest, WhatTheBuildOnlyDependsOnIsJudgedWhenItIsRebuiltItself) {
  sbom_["components"].push_back({{"name", "libc6"}, {"isExternal", true}});
  EXPECT_EQ(Decide().verdict, Verdict::kAllowed);
}

TEST_F(EvaluateTest, WarningsDoNotDeny) {
  LockedFile file;
  file.role = InputRole::kEnvironment;
  file.source = "tool";
  lock_.files.push_back(file);  // and no file of its source
  const Decision decision = Decide();
  EXPECT_EQ(decision.verdict, Verdict::kAllowed);
  EXPECT_THAT(Outcomes(decision, "sources.mirrored"), testing::ElementsAre(FindingOutcome::kWarning));
}

TEST_F(EvaluateTest, AdoptedFindingsKeepTheirOutcome) {
  for (std::vector<Finding> Facts::*findings :
       {&Facts::proof_findings, &Facts::sbom_findings, &Facts::attestation_findings}) {
    const std::vector<Finding> saved = facts_.*findings;
    (facts_.*findings).push_back(Bad());
    EXPECT_EQ(Decide().verdict, Verdict::kDenied);
    facts_.*findings = saved;
  }
}

}  // namespace
}  // namespace nachbau::policies
