#include "builder/group_testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace nachbau::builder {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// A build that differs when all members of any one of `causes` are switched on.
class FindResponsibleTest : public ::testing::Test {
 protected:
  std::vector<Group> Find(const std::vector<Group>& causes) {
    tests_ = 0;
    return FindResponsible(all_, [&](const Group& group) {
      ++tests_;
      return std::any_of(causes.begin(), causes.end(), [&](const Group& cause) {
        return std::includes(group.begin(), group.end(), cause.begin(), cause.end());
      });
    });
  }
  const std::vector<std::string> all_ = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
  int tests_ = 0;
};

TEST_F(FindResponsibleTest, NothingMattersIsOneTest) {
  EXPECT_THAT(Find({}), IsEmpty());
  EXPECT_EQ(tests_, 1);
}

TEST_F(FindResponsibleTest, EachOneAloneIsFoundWithFewTests) {
  for (const std::string& name : all_) {
    EXPECT_THAT(Find({{name}}), ElementsAre(Group{name}));
    EXPECT_LE(tests_, 7) << name;  // log2(12) rounded up, all, alone, the rest
  }
}

TEST_F(FindResponsibleTest, SeveralThatMatterAloneAreToldApart) {
  EXPECT_THAT(Find({{"b"}, {"h"}, {"l"}}), UnorderedElementsAre(Group{"b"}, Group{"h"}, Group{"l"}));
  EXPECT_LE(tests_, 18);
}

TEST_F(FindResponsibleTest, ThoseThatMatterOnlyTogetherAreFoundTogether) {
  EXPECT_THAT(Find({{"a", "l"}}), ElementsAre(Group{"a", "l"}));
  EXPECT_THAT(Find({{"c", "f", "k"}}), ElementsAre(Group{"c", "f", "k"}));
}

TEST_F(FindResponsibleTest, EveryOneMatters) {
  std::vector<Group> causes;
  for (const std::string& name : all_) causes.push_back({name});
  EXPECT_EQ(Find(causes).size(), all_.size());
}

TEST_F(FindResponsibleTest, OverlappingCausesLeaveARestThatMakesNoDifference) {
  const std::vector<Group> causes = {{"a", "b"}, {"b", "c"}};
  const std::vector<Group> found = Find(causes);
  ASSERT_FALSE(found.empty());
  Group rest(all_.begin(), all_.end());
  for (const Group& group : found) {
    EXPECT_THAT(causes, testing::Contains(group));
    for (const std::string& name : group) rest.erase(name);
  }
  EXPECT_FALSE(rest.contains("b"));
}

}  // namespace
}  // namespace nachbau::builder
