#include "store/holds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "model/roots.h"

namespace nachbau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class HoldsTest : public ::testing::Test {
 protected:
  static Hold Sample() {
    Hold hold;
    hold.name = "case-1";
    hold.reason = "audit";
    hold.added = 1'800'000'000;
    hold.added_by = "mara";
    hold.subjects = {"hello"};
    hold.objects = {Sha256("1"), Sha256("2")};
    std::sort(hold.objects.begin(), hold.objects.end());
    hold.keys = {{"a", "PEM a"}, {"b", "PEM b"}};
    return hold;
  }
  TemporaryDirectory temporary_{std::filesystem::temp_directory_path(), "nachbau-holds-"};
  HoldDirectory holds_{temporary_.path()};
};

TEST_F(HoldsTest, GivesBackWhatWasAdded) {
  holds_.Add(Sample());
  EXPECT_THAT(holds_.List(), ElementsAre(Sample()));
  EXPECT_EQ(holds_.Find("case-1"), Sample());
  EXPECT_EQ(holds_.Find("case-2"), std::nullopt);
  EXPECT_EQ(holds_.Find("../case-1"), std::nullopt);
  EXPECT_THAT(holds_.Objects(), UnorderedElementsAre(Sha256("1"), Sha256("2")));
}

TEST_F(HoldsTest, NoHoldTakesAnothersPlace) {
  holds_.Add(Sample());
  Hold other = Sample();
  other.objects = {Sha256("3")};
  EXPECT_THROW(holds_.Add(other), UsageError);
  EXPECT_THAT(holds_.List(), ElementsAre(Sample()));
}

TEST_F(HoldsTest, AReleasedHoldIsKeptWithItsRelease) {
  holds_.Add(Sample());
  const std::filesystem::path kept = holds_.Release(Sample(), {{"signed", "by two"}}, 1'800'000'100);
  EXPECT_THAT(holds_.List(), IsEmpty());
  EXPECT_THAT(holds_.Released(), ElementsAre(kept));
  EXPECT_THAT(ReadFile(kept), HasSubstr("by two"));
  EXPECT_EQ(kept.filename(), "case-1-20270115T080140Z.json");
}

TEST_F(HoldsTest, AFileThatIsNoHoldIsNotPassedOver) {
  holds_.Add(Sample());
  std::filesystem::rename(temporary_.path() / "holds" / "case-1.json", temporary_.path() / "holds" / "case-9.json");
  try {
    holds_.List();
    FAIL() << "read";
  } catch (const ParseError& error) {
    EXPECT_THAT(error.what(), HasSubstr("case-9.json: this file has the hold case-1"));
  }
  WriteFileAtomically(temporary_.path() / "holds" / "case-9.json", "{}");
  EXPECT_THROW(holds_.Objects(), ParseError);
}

TEST_F(HoldsTest, FormsAreStrict) {
  const Json good = ToJson(Sample());
  EXPECT_EQ(HoldFromJson(good, "hold"), Sample());
  struct Case {
    const char* pointer;
    Json value;
  };
  const std::vector<Case> cases = {{"/format", "nachbau-hold/2"}, {"/name", "../x"}, {"/objects", {Sha256("1").Hex(), Sha256("1").Hex()}},
                                   {"/objects/0", "abc"},          {"/surplus", 1},   {"/keys/0/name", 7},
                                   {"/added", "yesterday"}};
  for (const Case& one : cases) {
    Json bad = good;
    bad[Json::json_pointer(one.pointer)] = one.value;
    EXPECT_THROW(HoldFromJson(bad, "hold"), ParseError) << one.pointer;
  }
  const Roots roots = {"publish", "published in a directory", {Sha256("1")}};
  EXPECT_EQ(RootsFromJson(ToJson(roots), "roots"), roots);
  Json surplus = ToJson(roots);
  surplus["more"] = 1;
  EXPECT_THROW(RootsFromJson(surplus, "roots"), ParseError);
}

}  // namespace
}  // namespace nachbau
