#include "cli/live_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "cli/remembered_places.h"

namespace nachbau::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(DigestsInTest, FindsWholeDigestsOnly) {
  const std::string digest = Sha256("x").Hex();
  EXPECT_THAT(DigestsIn(""), IsEmpty());
  EXPECT_THAT(DigestsIn(digest), ElementsAre(Sha256("x")));
  EXPECT_THAT(DigestsIn("{\"sha256\":\"" + digest + "\"}"), ElementsAre(Sha256("x")));
  EXPECT_THAT(DigestsIn("sha256:" + digest + "," + digest), ElementsAre(Sha256("x")));
  EXPECT_THAT(DigestsIn(digest + "0"), IsEmpty());             // 65 digits
  EXPECT_THAT(DigestsIn(digest.substr(1)), IsEmpty());
  EXPECT_THAT(DigestsIn(digest + Sha256("y").Hex()), IsEmpty());  // a SHA-512
  EXPECT_THAT(DigestsIn("z" + digest), IsEmpty());
}

class RememberedPlacesTest : public ::testing::Test {
 protected:
  void Write(const std::filesystem::path& path) const { WriteFileAtomically(path, "{}", 0644, Durability::kNone); }
  TemporaryDirectory temporary_{std::filesystem::temp_directory_path(), "nachbau-places-"};
  std::filesystem::path home_ = temporary_.path() / "home";
  std::filesystem::path work_ = temporary_.path() / "work";
};

TEST_F(RememberedPlacesTest, DocumentsOfAWorkspaceAreFoundWhereCommandsWriteThem) {
  for (const char* file : {"locks/a.json", "variations/b.json", "evidence/hello_1/build.json", "evidence/.x.tmp/build.json",
                           "evidence/hello_1/artifacts/c.json", "other/d.json", "locks/e.txt"}) {
    Write(work_ / file);
  }
  EXPECT_THAT(DocumentsAt(work_),
              ElementsAre(work_ / "evidence/.x.tmp/build.json", work_ / "evidence/hello_1/build.json", work_ / "locks/a.json",
                          work_ / "variations/b.json"));
  EXPECT_THAT(DocumentsAt(work_ / "other/d.json"), ElementsAre(work_ / "other/d.json"));
}

TEST_F(RememberedPlacesTest, AnUnmountedWorkspaceIsNotTakenForOneWithoutNeeds) {
  Write(work_ / "locks/a.json");
  RememberPlace(home_, work_);
  RememberPlace(home_, work_);  // once is enough
  ASSERT_THAT(RememberedPlaces(home_), SizeIs(1));
  EXPECT_FALSE(RememberedPlaces(home_)[0].gone);
  std::filesystem::remove_all(work_ / "locks");
  EXPECT_TRUE(RememberedPlaces(home_)[0].gone);  // an empty directory: the place of a mount
  std::filesystem::remove_all(work_);
  EXPECT_TRUE(RememberedPlaces(home_)[0].gone);
  EXPECT_TRUE(ForgetPlace(home_, work_));
  EXPECT_FALSE(ForgetPlace(home_, work_));
  EXPECT_THAT(RememberedPlaces(home_), IsEmpty());
}

TEST_F(RememberedPlacesTest, ALockThatSomebodyRemovedNeedsNothing) {
  Write(work_ / "a.json");
  Write(work_ / "b.json");
  RememberPlace(home_, work_ / "a.json");
  std::filesystem::remove(work_ / "a.json");
  EXPECT_TRUE(RememberedPlaces(home_)[0].removed);
  EXPECT_FALSE(RememberedPlaces(home_)[0].gone);
  std::filesystem::remove_all(work_);
  EXPECT_TRUE(RememberedPlaces(home_)[0].gone);
}

}  // namespace
}  // namespace nachbau::cli
