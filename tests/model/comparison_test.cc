#include "model/comparison.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/model/strictness.h"

namespace nachbau {
namespace {

Comparison MakeComparison() {
  Comparison comparison;
  comparison.source = "hello";
  comparison.version = "2.0-1";
  comparison.architecture = "amd64";
  ArtifactComparison differs;
  differs.name = "hello_2.0-1_amd64.deb";
  differs.package = "hello";
  differs.architecture = "amd64";
  differs.outcome = ComparisonOutcome::kDiffers;
  differs.built = HashBytes("built");
  differs.reference = HashBytes("reference");
  differs.reference_origin = "Debian bookworm";
  differs.differences = {
      {"data.tar.xz", "content", "", {{"./usr/bin/hello", "content", "", {{".rodata", "content", "offset 0x40", {}}}}}}};
  ArtifactComparison missing;
  missing.name = "hello-doc_2.0-1_all.deb";
  missing.package = "hello-doc";
  missing.architecture = "all";
  missing.reference = HashBytes("doc");
  missing.reference_origin = "Debian bookworm";
  comparison.artifacts = {differs, missing};
  return comparison;
}

TEST(ComparisonTest, RoundTrips) {
  const Comparison comparison = MakeComparison();
  const Comparison read = ComparisonFromJson(ExpectGolden("comparison.json", ToJson(comparison)), "doc");
  EXPECT_EQ(ToJson(read), ToJson(comparison));
  ASSERT_EQ(read.artifacts.size(), 2U);
  EXPECT_EQ(read.artifacts[0].differences, comparison.artifacts[0].differences);
  EXPECT_EQ(read.artifacts[1].outcome, ComparisonOutcome::kNotBuilt);
  EXPECT_FALSE(read.artifacts[1].built.has_value());
}

TEST(ComparisonTest, OutcomesStayApart) {
  Comparison comparison = MakeComparison();
  for (const ComparisonOutcome outcome :
       {ComparisonOutcome::kNotBuilt, ComparisonOutcome::kIdentical, ComparisonOutcome::kCodeIdentical,
        ComparisonOutcome::kExplained, ComparisonOutcome::kDiffers, ComparisonOutcome::kNoReference}) {
    comparison.artifacts[0].outcome = outcome;
    EXPECT_EQ(ComparisonFromJson(ToJson(comparison), "doc").artifacts[0].outcome, outcome) << Name(outcome);
  }
  EXPECT_EQ(ArtifactComparison().outcome, ComparisonOutcome::kNotBuilt);  // what nobody answered is not good
}

TEST(ComparisonTest, Counts) {
  const Comparison comparison = MakeComparison();
  EXPECT_EQ(comparison.Count(ComparisonOutcome::kDiffers), 1U);
  EXPECT_EQ(comparison.Count(ComparisonOutcome::kNotBuilt), 1U);
  EXPECT_EQ(comparison.Count(ComparisonOutcome::kIdentical), 0U);
}

TEST(ComparisonTest, RefusesWhateverIsNotAComparison) {
  ExpectAllRefused(SpoilEverywhere(ToJson(MakeComparison()),
                                   {"/artifacts/*/built", "/artifacts/*/reference", "/artifacts/*/differences/*/inside",
                                    "/artifacts/*/differences/*/inside/*/inside"},
                                   {}),
                   [](const Json& json) { ComparisonFromJson(json, "doc"); });
}

TEST(ComparisonTest, RefusesUnknownOutcomes) {
  for (const char* outcome : {"", "Identical", "same", "identical "}) {
    Json json = ToJson(MakeComparison());
    json["artifacts"][0]["outcome"] = outcome;
    EXPECT_THROW(ComparisonFromJson(json, "doc"), ParseError) << outcome;
  }
}

}  // namespace
}  // namespace nachbau
