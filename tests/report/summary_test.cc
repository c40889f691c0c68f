#include "report/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/conformance.h"

namespace nachbau::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SummaryTest : public ::testing::Test {
 protected:
  SummaryTest() {
    lock_.source = "hello";
    lock_.version = "1-1";
    lock_.architecture = "amd64";
    record_.outcome = BuildOutcome::kBuilt;
    decision_.policy = "default";
    decision_.verdict = Verdict::kAllowed;
    comparison_.artifacts = {Artifact("hello_1-1_amd64.deb", ComparisonOutcome::kIdentical),
                             Artifact("hello-dbgsym_1-1_amd64.deb", ComparisonOutcome::kNoReference)};
  }
  static ArtifactComparison Artifact(const char* name, ComparisonOutcome outcome) {
    ArtifactComparison artifact;
    artifact.name = name;
    artifact.outcome = outcome;
    return artifact;
  }
  std::string Summary(Language language = Language::kEnglish) const {
    return FormatSummary({.lock = lock_,
                          .record = record_,
                          .comparison = comparison_,
                          .decision = decision_,
                          .sbom_components = 3,
                          .key_id = "0123456789abcdef0123",
                          .log_index = 7,
                          .evidence = "evidence/hello"},
                         Catalogue(language));
  }
  Lock lock_;
  BuildRecord record_;
  Comparison comparison_;
  Decision decision_;
};

TEST_F(SummaryTest, SaysThatAllIsIdenticalWithoutCountingWhatHasNoReference) {
  const std::string text = Summary();
  EXPECT_THAT(text, HasSubstr("hello 1-1 (amd64): rebuilt bit for bit"));
  EXPECT_THAT(text, HasSubstr("1 of 1 bit-identical to the archive's; 1 more that the archive does not list"));
  EXPECT_THAT(text, HasSubstr("nachbau verify evidence/hello"));
}

TEST_F(SummaryTest, NeverCallsADifferenceIdentical) {
  comparison_.artifacts.push_back(Artifact("other_1-1_amd64.deb", ComparisonOutcome::kDiffers));
  EXPECT_THAT(Summary(), HasSubstr("rebuilt, but not identical"));
  EXPECT_THAT(Summary(), Not(HasSubstr("bit for bit")));
}

TEST_F(SummaryTest, SaysWhenThereWasNothingToCompareWith) {
  comparison_.artifacts.erase(comparison_.artifacts.begin());
  EXPECT_THAT(Summary(), HasSubstr("nothing to compare it with"));
}

TEST_F(SummaryTest, PointsAtTheLineOfTheLogThatTellsMost) {
  record_.outcome = BuildOutcome::kFailed;
  const std::string text = FormatLogLines(
      {.first_line = 99, .lines = {"gcc a.c", "a.c:1: error: \x1b[2J"}, .telling = 1}, Catalogue(Language::kEnglish));
  EXPECT_THAT(text, HasSubstr("lines 99 to 100"));
  EXPECT_THAT(text, HasSubstr("       99  gcc a.c\n    > 100  a.c:1: error: \\x1b[2J\n"));
  EXPECT_EQ(FormatLogLines({}, Catalogue(Language::kEnglish)), "");
}

TEST_F(SummaryTest, ShowsTheReasonOfAFailedBuild) {
  record_.outcome = BuildOutcome::kFailed;
  record_.failure = "make: *** [Makefile:3: all] Error 1";
  EXPECT_THAT(Summary(), HasSubstr("the build failed: make: *** [Makefile:3: all] Error 1"));
  EXPECT_THAT(Summary(), HasSubstr("nachbau build-log evidence/hello"));
}

TEST_F(SummaryTest, NamesWhatTheSandboxCouldNotKeepInFull) {
  record_.sandbox = {{"build-user", false, "reduced: no ids"}, {"landlock", true, "ABI 7"}, {"sync-skipped", false, "none asked for"}};
  EXPECT_THAT(Summary(), HasSubstr("build-user (why: build.json"));
  EXPECT_THAT(Summary(), Not(HasSubstr("landlock")));
  EXPECT_THAT(Summary(), Not(HasSubstr("sync-skipped")));
  record_.sandbox.erase(record_.sandbox.begin());
  EXPECT_THAT(Summary(), Not(HasSubstr("Reduced")));
}

TEST_F(SummaryTest, ShowsOnlyFindingsThatNeedAttention) {
  Finding good;
  good.rule = "sbom.valid";
  good.outcome = FindingOutcome::kPass;
  Finding bad;
  bad.rule = "licences.free";
  bad.outcome = FindingOutcome::kFail;
  bad.reason = Msg("{} is not free", "LicenseRef-x");
  bad.remedy = Msg("ask");
  decision_.findings = {good, bad};
  EXPECT_THAT(Summary(), HasSubstr("LicenseRef-x is not free"));
  EXPECT_THAT(Summary(), Not(HasSubstr("sbom.valid")));
}

TEST_F(SummaryTest, ForeignNamesCannotDriveTheTerminal) {
  comparison_.artifacts[0].outcome = ComparisonOutcome::kDiffers;
  comparison_.artifacts[0].differences = {{"./usr/\x1b[31mx", "content", "\x07", {}}};
  EXPECT_THAT(FormatComparison(comparison_, Catalogue(Language::kEnglish)), HasSubstr("./usr/\\x1b[31mx: \\x07"));
}

TEST_F(SummaryTest, SpeaksGerman) { EXPECT_THAT(Summary(Language::kGerman), HasSubstr("bitgenau")); }

Conformance MakeConformance(const char* foreign) {
  ClauseResult good;
  good.clause = "sbom.format";
  good.section = "4";
  good.verdict = ClauseVerdict::kPass;
  good.reason = Msg("is so");
  ClauseResult bad;
  bad.clause = "component.hash";
  bad.section = "5.2.2";
  bad.verdict = ClauseVerdict::kFail;
  bad.requirement = Msg("the SHA-512 of the file as it is delivered");
  bad.reason = Msg("{} of {} do not keep to it", 7, 9);
  bad.remedy = Msg("correct the property");
  bad.failed = 7;
  bad.places.assign(6, {"/components/0", "hello 1", ClauseVerdict::kFail, Msg("no URI: {}", foreign)});
  Conformance conformance;
  conformance.document = "sbom.json";
  conformance.format = "CycloneDX 1.7";
  conformance.profiles = {{"bsi-tr-03183-2", "BSI TR-03183-2", "2.1.0", "BSI", {good, bad}}};
  return conformance;
}

TEST(ConformanceReportTest, SaysFirstWhetherItConformsAndShowsAFewPlaces) {
  const std::string text = FormatConformance(MakeConformance("x"), Catalogue(Language::kEnglish));
  EXPECT_THAT(text, testing::StartsWith("sbom.json: CycloneDX 1.7\nBSI TR-03183-2 2.1.0: does not conform: one clause fails\n"
                                        "  fail                component.hash"));
  EXPECT_THAT(text, HasSubstr("/components/0  hello 1: no URI: x\n"));
  EXPECT_THAT(text, HasSubstr("and 2 more\n"));
  EXPECT_THAT(text, HasSubstr("→ correct the property\n"));
  EXPECT_THAT(text, testing::ContainsRegex("pass +sbom.format +is so"));
}

// A spreadsheet runs what begins with '='.
TEST(ConformanceReportTest, TheTableIsRfc4180AndHoldsNoFormulas) {
  Conformance conformance = MakeConformance("a \"b\", c\x1b");
  for (ClausePlace& place : conformance.profiles[0].clauses[1].places) place.component = "=cmd|x";
  const std::string rows = ConformanceCsvRows(conformance, Catalogue(Language::kEnglish));
  EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), 7);
  EXPECT_THAT(rows, HasSubstr(",/components/0,'=cmd|x,\"no URI: a \"\"b\"\", c\\x1b\","));
  EXPECT_THAT(ConformanceCsvHeader(), testing::EndsWith(",remedy\r\n"));
}

}  // namespace
}  // namespace nachbau::report
