#include "cli/evidence_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace nachbau::cli {
namespace {

using ::testing::HasSubstr;

class EvidenceFolderTest : public ::testing::Test {
 protected:
  TemporaryDirectory temporary_{std::filesystem::temp_directory_path(), "nachbau-evidence-"};
  void SetUp() override { MakeDirectories(parent_ / "x"); }
  std::filesystem::path parent_ = temporary_.path() / "evidence";
};

TEST_F(EvidenceFolderTest, KnowsFilesOfAnEarlierStage) {
  EvidenceFolder(parent_ / "x").Add("artifacts/a.deb", "bytes");
  const EvidenceFolder again(parent_ / "x");
  ASSERT_EQ(again.files().size(), 1U);
  EXPECT_EQ(again.files()[0].path, "artifacts/a.deb");
  EXPECT_EQ(again.files()[0].content, HashBytes("bytes"));
}

TEST_F(EvidenceFolderTest, ReplacingAFileReplacesItsDigest) {
  EvidenceFolder folder(parent_ / "x");
  folder.Add("a.json", "1");
  folder.Add("a.json", "22");
  ASSERT_EQ(folder.files().size(), 1U);
  EXPECT_EQ(folder.files()[0].content.size, 2U);
}

TEST_F(EvidenceFolderTest, SaysWhichCommandMakesAMissingFile) {
  const EvidenceFolder folder(parent_ / "x");
  try {
    folder.ReadDocument("comparison.json", "nachbau compare DIR");
    FAIL() << "read a file that is not there";
  } catch (const MissingError& error) {
    EXPECT_THAT(error.what(), HasSubstr("has no comparison.json"));
    ASSERT_EQ(error.hints().size(), 1U);
    EXPECT_EQ(Render(error.hints()[0]), "'nachbau compare DIR' makes it");
  }
}

TEST_F(EvidenceFolderTest, ThatIsNotThereIsNotMade) {
  EXPECT_THROW(EvidenceFolder(parent_ / "y"), MissingError);
  EXPECT_FALSE(std::filesystem::exists(parent_ / "y"));
}

TEST_F(EvidenceFolderTest, NothingIsVisibleUnlessPublished) {
  std::filesystem::remove(parent_ / "x");
  {
    const UnpublishedFolder unpublished(parent_, "x_1");
    EvidenceFolder(unpublished.path()).Add("a.json", "{}");
  }
  EXPECT_TRUE(std::filesystem::is_empty(parent_));
}

TEST_F(EvidenceFolderTest, PublishingMovesTheLinkToTheNewFolderAndKeepsTheOld) {
  std::filesystem::remove(parent_ / "x");
  for (const char* name : {"x_1", "x_2"}) {
    UnpublishedFolder unpublished(parent_, name);
    EvidenceFolder(unpublished.path()).Add("a.json", name);
    EXPECT_EQ(unpublished.Publish("x"), parent_ / "x");
    EXPECT_EQ(ReadFile(parent_ / "x" / "a.json"), name);
  }
  EXPECT_EQ(ReadFile(parent_ / "x_1" / "a.json"), "x_1");
}

}  // namespace
}  // namespace nachbau::cli
