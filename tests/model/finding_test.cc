#include "model/finding.h"

#include <gtest/gtest.h>

#include "base/error.h"
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

}  // namespace
}  // namespace nachbau
