#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "tests/verifier/samples.h"
#include "verifier/package_file.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {
namespace {

using testing::HasSubstr;

class CompareTest : public testing::Test {
 protected:
  CompareTest() : directory_(std::filesystem::temp_directory_path(), "nachbau-compare-"), store_(directory_.path()) {
    rebuild_ = MakeRebuild(store_);
  }
  Comparison Run() { return Compare(rebuild_.lock, rebuild_.record, store_, progress_); }
  const ArtifactComparison& Of(const Comparison& comparison, const std::string& name) const {
    for (const ArtifactComparison& artifact : comparison.artifacts) {
      if (artifact.name == name) return artifact;
    }
    throw std::runtime_error("no artifact " + name);
  }

  TemporaryDirectory directory_;
  Store store_;
  SilentProgress progress_;
  Rebuild rebuild_;
};

TEST_F(CompareTest, WhatAScriptMadeHasNoReference) {
  rebuild_.lock.recipe.kind = RecipeKind::kScript;
  const Comparison comparison = Run();
  EXPECT_EQ(comparison.artifacts.size(), rebuild_.record.outputs.size());
  EXPECT_EQ(comparison.Count(ComparisonOutcome::kNoReference), comparison.artifacts.size());
}

TEST_F(CompareTest, EqualDigestsAreIdentical) {
  const Comparison comparison = Run();
  ASSERT_EQ(comparison.artifacts.size(), 2U);  // the .buildinfo is not compared
  EXPECT_EQ(comparison.Count(ComparisonOutcome::kIdentical), 2U);
  const ArtifactComparison& artifact = comparison.artifacts[1];
  EXPECT_EQ(artifact.name, "sample_2.0-3_amd64.deb");
  EXPECT_EQ(artifact.package, "sample");
  EXPECT_EQ(artifact.architecture, "amd64");
  EXPECT_EQ(artifact.reference_origin, "Debian bookworm-security");
  EXPECT_EQ(artifact.built, artifact.reference);
}

TEST_F(CompareTest, OtherBytesDifferAndAreExplained) {
  const std::string reference = MakeDeb({{"./usr/bin/sample", "#!/bin/sh\nexit\n", '0', 0755}});
  store_.Put(reference);
  rebuild_.lock.files[3] = MakeReference("sample_2.0-3_amd64.deb", reference);
  const Comparison comparison = Run();
  const ArtifactComparison& artifact = Of(comparison, "sample_2.0-3_amd64.deb");
  EXPECT_EQ(artifact.outcome, ComparisonOutcome::kDiffers);
  EXPECT_EQ(artifact.reference->sha256, Sha256(reference));
  EXPECT_FALSE(artifact.differences.empty());
  EXPECT_EQ(comparison.Count(ComparisonOutcome::kIdentical), 1U);
}

TEST_F(CompareTest, BuildIdAloneIsCodeIdentical) {
  const auto deb = [](const char* id) {
    return MakeDeb({{"./usr/lib/a.so", MakeElf("int f(void) { return 7; }\n", id)}});
  };
  rebuild_.record.outputs[2] = PutArtifact(store_, "sample_2.0-3_amd64.deb", deb("1111"));
  store_.Put(deb("2222"));
  rebuild_.lock.files[3] = MakeReference("sample_2.0-3_amd64.deb", deb("2222"));
  EXPECT_EQ(Of(Run(), "sample_2.0-3_amd64.deb").outcome, ComparisonOutcome::kCodeIdentical);
}

TEST_F(CompareTest, AReferenceThatTheStoreLacksAndThatHasAnotherDigestDiffers) {
  rebuild_.lock.files[3] = MakeReference("sample_2.0-3_amd64.deb", "never mirrored");
  const ArtifactComparison artifact = Of(Run(), "sample_2.0-3_amd64.deb");
  EXPECT_EQ(artifact.outcome, ComparisonOutcome::kDiffers);
  EXPECT_FALSE(artifact.reference);
  EXPECT_THAT(artifact.differences.at(0).detail, HasSubstr("because the store does not hold it"));
}

TEST_F(CompareTest, ALockThatContradictsItselfIsRefused) {
  rebuild_.lock.files[3].sha512 = HashBytes("something else").sha512;
  EXPECT_THROW(Run(), IntegrityError);
  rebuild_.lock.files[3].sha512.reset();
  ++rebuild_.lock.files[3].size;
  EXPECT_THROW(Run(), IntegrityError);
}

TEST_F(CompareTest, ABuiltPackageThatTheArchiveLacksIsNoReference) {
  rebuild_.record.outputs.push_back(PutArtifact(store_, "sample-dbgsym_2.0-3_amd64.deb", "debug"));
  const ArtifactComparison artifact = Of(Run(), "sample-dbgsym_2.0-3_amd64.deb");
  EXPECT_EQ(artifact.outcome, ComparisonOutcome::kNoReference);
  EXPECT_EQ(artifact.differences.at(0).detail, "the archive's indexes have no package of this name for this source");
}

TEST_F(CompareTest, AReferenceOfAnotherVersionIsNoReference) {
  LockedFile other = MakeReference("sample_2.0-3+b1_amd64.deb", "rebuilt by the archive");
  rebuild_.lock.files[3] = other;
  const Comparison comparison = Run();
  ASSERT_EQ(comparison.artifacts.size(), 2U);
  EXPECT_EQ(Of(comparison, "sample_2.0-3_amd64.deb").differences.at(0).detail,
            "the archive has sample_2.0-3+b1_amd64.deb instead");
}

TEST_F(CompareTest, APackageThatTheBuildLeftOutIsNotBuilt) {
  rebuild_.record.outputs.erase(rebuild_.record.outputs.begin());
  const ArtifactComparison artifact = Of(Run(), "sample-doc_2.0-3_all.deb");
  EXPECT_EQ(artifact.outcome, ComparisonOutcome::kNotBuilt);
  EXPECT_EQ(artifact.differences.at(0).detail, "the build did not produce it");
  EXPECT_FALSE(artifact.built);
}

TEST_F(CompareTest, NothingOfAFailedBuildIsCompared) {
  rebuild_.record.outcome = BuildOutcome::kTimedOut;
  const Comparison comparison = Run();
  EXPECT_EQ(comparison.Count(ComparisonOutcome::kNotBuilt), 2U);
  EXPECT_EQ(comparison.artifacts.at(0).differences.at(0).detail, "the build did not succeed (timed-out)");
}

TEST_F(CompareTest, AnExpectedPackageWithoutReferenceIsNamedWithoutEpoch) {
  rebuild_.lock.binaries.push_back("sample-extra");
  EXPECT_EQ(Of(Run(), "sample-extra_2.0-3_amd64.deb").outcome, ComparisonOutcome::kNotBuilt);
}

TEST_F(CompareTest, SurvivesItsJson) {
  rebuild_.record.outputs.erase(rebuild_.record.outputs.begin());
  const Json json = ToJson(Run());
  EXPECT_EQ(ToJson(ComparisonFromJson(json, "comparison.json")), json);
}

TEST(PackageFileTest, ParsesNamesOfBinaryPackagesAndNothingElse) {
  const auto name = ParsePackageFileName("libc6-dev_2.36-9+deb12u4_amd64.deb");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->package, "libc6-dev");
  EXPECT_EQ(name->version, "2.36-9+deb12u4");
  EXPECT_EQ(name->architecture, "amd64");
  EXPECT_TRUE(ParsePackageFileName("x_1_all.udeb"));
  for (const char* other : {"x_1_amd64.buildinfo", "x_1.dsc", "x_1.deb", "x_1_2_3.deb", "_1_all.deb", "x__all.deb",
                            "x_1_.deb", "deb", "", "x_1_all.deb.asc"}) {
    EXPECT_FALSE(ParsePackageFileName(other)) << other;
  }
  EXPECT_EQ(FormatPackageFileName({"x", "2:1.0", "all", "deb"}), "x_1.0_all.deb");
}

}  // namespace
}  // namespace nachbau::verifier
