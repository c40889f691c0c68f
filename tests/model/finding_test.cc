#include "model/finding.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/conformance.h"
#include "tests/model/strictness.h"

namespace nachbau {
namespace {

Decision MakeDecision() {
  Decision decision;
  decision.subject = "hello 2.0-1 amd64";
  decision.policy = "default";
  decision.policy_version = 3;
  decision.policy_digest = Sha256("policy");
  decision.time = 1746868584;
  decision.verdict = Verdict::kDenied;
  decision.findings = {
      {"inputs.proven", "hello 2.0-1", FindingOutcome::kPass, Msg("{} files are proven", 3), {"lock.json", "proofs"}, {}},
      {"artifacts.identical", "hello_2.0-1_amd64.deb", FindingOutcome::kFail, Msg("{} differs in {}", "hello", "{}"),
       {"comparison.json"}, Msg("look at {}", "comparison.json")}};
  return decision;
}

TEST(DecisionTest, RoundTripsWithTemplatesAndArguments) {
  const Decision decision = MakeDecision();
  const Decision read = DecisionFromJson(ExpectGolden("decision.json", ToJson(decision)), "doc");
  EXPECT_EQ(read.findings, decision.findings);
  EXPECT_EQ(ToJson(read), ToJson(decision));
  EXPECT_EQ(read.verdict, Verdict::kDenied);
}

TEST(DecisionTest, EveryWordRoundTripsAndNothingIsGoodByDefault) {
  for (const FindingOutcome outcome :
       {FindingOutcome::kUnknown, FindingOutcome::kPass, FindingOutcome::kFail, FindingOutcome::kWarning,
        FindingOutcome::kExcepted, FindingOutcome::kNotApplicable}) {
    Finding finding;
    finding.outcome = outcome;
    EXPECT_EQ(FindingFromJson(ToJson(finding), "doc").outcome, outcome) << Name(outcome);
  }
  for (const Verdict verdict : {Verdict::kUnknown, Verdict::kAllowed, Verdict::kDenied}) {
    Decision decision = MakeDecision();
    decision.verdict = verdict;
    EXPECT_EQ(DecisionFromJson(ToJson(decision), "doc").verdict, verdict) << Name(verdict);
  }
  EXPECT_EQ(Finding().outcome, FindingOutcome::kUnknown);
  EXPECT_EQ(Decision().verdict, Verdict::kUnknown);
}

TEST(DecisionTest, RefusesWhateverIsNotADecision) {
  ExpectAllRefused(SpoilEverywhere(ToJson(MakeDecision()), {}, {}),
                   [](const Json& json) { DecisionFromJson(json, "doc"); });
}

// Somebody who reads the English sentence and somebody who reads the German one must read the same.
TEST(FindingTest, RefusesASentenceThatIsNotItsTemplate) {
  Json json = ToJson(MakeDecision().findings[0]);
  json["reason"]["message"] = "400 files are proven";
  EXPECT_THROW(FindingFromJson(json, "doc"), ParseError);
}

Conformance MakeConformance() {
  Conformance conformance;
  conformance.document = "sbom.cdx.json";
  conformance.content = HashBytes("{}");
  conformance.format = "CycloneDX 1.7";
  conformance.serial = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79";
  conformance.product = "hello 2.0-1";
  conformance.timestamp = "2026-11-10T07:16:24Z";
  conformance.files_at_hand = true;
  conformance.files_recognised = 2;
  ClauseResult good;
  good.clause = "sbom.format";
  good.section = "4";
  good.verdict = ClauseVerdict::kPass;
  good.requirement = Msg("CycloneDX");
  good.reason = Msg("it is {}", "CycloneDX 1.7");
  good.passed = 1;
  ClauseResult bad = good;
  bad.clause = "component.security-txt";
  bad.severity = ClauseSeverity::kOptional;
  bad.verdict = ClauseVerdict::kFail;
  bad.failed = 1;
  bad.places = {{"/components/0", "hello 2.0-1", ClauseVerdict::kFail, Msg("no URI: {}", "x")}};
  conformance.profiles = {{"bsi-tr-03183-2", "BSI TR-03183-2", "2.1.0", "BSI", {good, bad}}};
  return conformance;
}

TEST(ConformanceTest, RoundTripsAndRefusesWhateverIsNone) {
  const Conformance conformance = MakeConformance();
  const Conformance read = ConformanceFromJson(ExpectGolden("conformance.json", ToJson(conformance)), "doc");
  EXPECT_EQ(ToJson(read), ToJson(conformance));
  EXPECT_EQ(read.profiles[0].clauses[1].places, conformance.profiles[0].clauses[1].places);
  ExpectAllRefused(SpoilEverywhere(ToJson(conformance), {}, {}), [](const Json& json) { ConformanceFromJson(json, "doc"); });
  Json lying = ToJson(conformance);
  lying["profiles"][0]["conforms"] = false;
  EXPECT_THROW(ConformanceFromJson(lying, "doc"), ParseError);
}

TEST(ConformanceTest, NothingConformsByDefaultAndANoteStandsInNobodysWay) {
  EXPECT_EQ(ClauseResult().verdict, ClauseVerdict::kCannotJudge);
  EXPECT_FALSE(Conformance().Conforms());
  EXPECT_FALSE(ProfileResult().Conforms());
  Conformance conformance = MakeConformance();
  EXPECT_TRUE(conformance.Conforms());
  EXPECT_EQ(conformance.profiles[0].Notes(), 1U);
  conformance.profiles[0].clauses[1].severity = ClauseSeverity::kAdditional;
  EXPECT_FALSE(conformance.Conforms());
}

}  // namespace
}  // namespace nachbau
