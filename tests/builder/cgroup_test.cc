#include "builder/sandbox/cgroup.h"

#include <gtest/gtest.h>

namespace nachbau::builder {
namespace {

TEST(FindGroupDirectoriesTest, FindsVersionTwo) {
  const GroupDirectories found = FindGroupDirectories(
      "0::/user.slice/user-1000.slice/session-3.scope\n",
      "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  EXPECT_EQ(found.unified, "/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope");
  EXPECT_FALSE(found.memory);
  EXPECT_FALSE(found.pids);
}

TEST(FindGroupDirectoriesTest, FindsVersionOneByController) {
  const GroupDirectories found = FindGroupDirectories(
      "8:pids:/\n4:memory,hugetlb:/a/b\n1:name=systemd:/\n0::/\n",
      "35 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory,hugetlb\n"
      "39 31 0:36 / /sys/fs/cgroup/pids rw shared:1 - cgroup cgroup rw,pids\n");
  EXPECT_EQ(found.memory, "/sys/fs/cgroup/memory/a/b");
  EXPECT_EQ(found.pids, "/sys/fs/cgroup/pids/");
  EXPECT_FALSE(found.unified);
}

TEST(FindGroupDirectoriesTest, MountOfAPartShowsOnlyWhatIsBeneath) {
  const char* mount = "35 31 0:29 /docker/x /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
  EXPECT_EQ(FindGroupDirectories("0::/docker/x/y\n", mount).unified, "/sys/fs/cgroup/y");
  EXPECT_FALSE(FindGroupDirectories("0::/docker/other\n", mount).unified);
  EXPECT_FALSE(FindGroupDirectories("0::/docker\n", mount).unified);
}

TEST(FindGroupDirectoriesTest, SurvivesNonsense) {
  for (const char* text : {"", "\n\n", "0", "0:", "::", "a b c d e f - g", "1 2 3 4 5 6 7 -", "- - - - - - - - -"}) {
    EXPECT_FALSE(FindGroupDirectories(text, text).unified);
    EXPECT_FALSE(FindGroupDirectories("0::/\n", text).unified);
  }
}

TEST(ParseGroupNameTest, TakesOnlyItsOwnNames) {
  const auto owner = ParseGroupName("nachbau-123-456789-0");
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->pid, 123);
  EXPECT_EQ(owner->start_time, 456789U);
  for (const char* name : {"nachbau", "nachbau-1-2", "nachbau-1-2-3-4", "nachbau-x-2-3", "nachbau-1--3", "init.scope",
                           "nachbau-1234567890123456789-2-3", "other-1-2-3"}) {
    EXPECT_FALSE(ParseGroupName(name)) << name;
  }
}

}  // namespace
}  // namespace nachbau::builder
