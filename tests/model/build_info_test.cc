#include "model/build_info.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "model/recipe.h"

namespace nachbau {
namespace {

TEST(IsBuildPathTest, TakesWhatBuildDaemonsHave) {
  for (const char* path : {"/build/reproducible-path/hello-2.10", "/build/hello-AbC123/hello-2.10~rc1+ds", "/build/1st/x",
                           "/build/hello-2.10"}) {
    EXPECT_TRUE(IsBuildPath(path)) << path;
  }
}

TEST(IsBuildPathTest, RefusesWhatCouldLeadElsewhereOrMeanSomethingToAShell) {
  for (const char* path : {"", "/", "/build", "/build/", "/build/../etc", "/build/a/../../etc", "/build/./a", "/build//a",
                           "/build/a/", "build/a", "/etc/passwd", "/home/x/build", "/build/a b", "/build/a'b", "/build/$a",
                           "/build/a\nb", "/build/a;b", "/build/`a`", "/build/-rf", "/build/source/x", "/build/source",
                           "/build/a/b/c/d/e/f/g", "/build/\xc3\xa4"}) {
    EXPECT_FALSE(IsBuildPath(path)) << path;
  }
  EXPECT_FALSE(IsBuildPath("/build/" + std::string(200, 'a')));
}

TEST(IsRecordedVariableTest, TakesWhatDpkgRecordsAndNothingThatMovesPrograms) {
  for (const char* name : {"DEB_BUILD_OPTIONS", "LC_ALL", "LANG", "CFLAGS", "SOURCE_DATE_EPOCH", "DEB_CFLAGS_SET",
                           "DEB_LDFLAGS_MAINT_APPEND"}) {
    EXPECT_TRUE(IsRecordedVariable(name)) << name;
  }
  for (const char* name : {"", "PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "HOME", "BASH_ENV", "IFS", "PERL5LIB", "DPKG_ROOT",
                           "DPKG_ADMINDIR", "DEB_X", "DEB_a_SET", "CFLAGS "}) {
    EXPECT_FALSE(IsRecordedVariable(name)) << name;
  }
}

TEST(LockedRecipeTest, KeepsPathAndVariablesOfABuildInfoFile) {
  LockedRecipe recipe;
  recipe.build_path = "/build/hello-x/hello-1";
  recipe.environment = {{"LC_ALL", "C.UTF-8"}, {"DEB_BUILD_OPTIONS", "parallel=4"}};
  EXPECT_EQ(LockedRecipeFromJson(ToJson(recipe), "recipe"), recipe);
  Json json = ToJson(recipe);
  json["buildPath"] = "/build/../etc";
  EXPECT_THROW(LockedRecipeFromJson(json, "recipe"), ParseError);
  json = ToJson(recipe);
  json["environment"]["LD_PRELOAD"] = "x";
  EXPECT_THROW(LockedRecipeFromJson(json, "recipe"), ParseError);
  json = ToJson(recipe);
  json["environment"]["LC_ALL"] = "a\nb";
  EXPECT_THROW(LockedRecipeFromJson(json, "recipe"), ParseError);
}

TEST(LockedRecipeTest, WithoutOneNothingIsWrittenOfThem) {
  EXPECT_FALSE(ToJson(LockedRecipe()).contains("buildPath"));
  EXPECT_FALSE(ToJson(LockedRecipe()).contains("environment"));
}

TEST(BuildInfoProofTest, SignersAndKeyringGoWithAGoodSignature) {
  BuildInfoProof proof;
  proof.sha256 = Sha256("x");
  EXPECT_EQ(BuildInfoProofFromJson(ToJson(proof), "x"), proof);
  proof.signature = BuildInfoSignature::kGood;
  EXPECT_THROW(BuildInfoProofFromJson(ToJson(proof), "x"), ParseError);
  proof.signers = {"AB"};
  EXPECT_THROW(BuildInfoProofFromJson(ToJson(proof), "x"), ParseError);
  proof.keyring = Sha256("keys");
  EXPECT_EQ(BuildInfoProofFromJson(ToJson(proof), "x"), proof);
}

}  // namespace
}  // namespace nachbau
