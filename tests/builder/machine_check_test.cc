#include "builder/machine_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "tests/builder/as_user.h"

namespace nachbau::builder {
namespace {

using State = MachineCheck::State;
using testing::HasSubstr;

class MachineCheckTest : public EachUser {};

// The other tests of this program build sandboxes here, so this machine must be found good.
TEST_P(MachineCheckTest, FindsThisMachineGoodAndLeavesNothing) {
  Run([] {
    TemporaryDirectory area("/var/tmp", "nachbau-sandbox-test-");
    BuilderConfig config;
    config.work_directory = area.path() / "work";
    const std::vector<MachineCheck> checks = CheckMachine(config);
    std::vector<std::string> names;
    for (const MachineCheck& check : checks) {
      names.push_back(check.name);
      if (check.name != "control groups" && check.name != "disk" && check.name != "memory") {
        EXPECT_EQ(check.state, State::kGood) << check.name << ": " << Render(check.found);
      }
      EXPECT_EQ(check.state == State::kGood, check.remedy.text.empty()) << check.name;
      EXPECT_FALSE(check.found.text.empty());
    }
    EXPECT_THAT(names, testing::ElementsAre("user namespaces", "subordinate ids", "id mapping", "overlayfs",
                                            "process files", "system call filter", "control groups", "disk", "memory"));
    EXPECT_TRUE(std::filesystem::is_empty(config.work_directory));
  });
}

TEST_P(MachineCheckTest, NamesAWorkDirectoryThatCannotCarryAnOverlay) {
  Run([] {
    const MachineCheck check = CheckOverlay("/proc/nachbau");
    EXPECT_EQ(check.state, State::kBad);
    EXPECT_THAT(Render(check.found), HasSubstr("/proc/nachbau"));
    EXPECT_THAT(Render(check.remedy), HasSubstr("Put the work directory on ext4, xfs or btrfs"));
  });
}

INSTANTIATE_TEST_SUITE_P(Sandbox, MachineCheckTest, testing::Values(Who::kRoot, Who::kUser), WhoName);

TEST(JudgeDiskTest, HasThreeAnswers) {
  EXPECT_EQ(JudgeDisk("/w", 3221225471).state, State::kBad);
  EXPECT_EQ(Render(JudgeDisk("/w", 3221225471).found), "2.9 GiB free in /w");
  EXPECT_EQ(JudgeDisk("/w", 3221225472).state, State::kReduced);
  EXPECT_EQ(JudgeDisk("/w", 40ULL << 30).state, State::kGood);
}

TEST(JudgeMemoryTest, HasThreeAnswers) {
  EXPECT_EQ(JudgeMemory(1000).state, State::kBad);
  EXPECT_EQ(JudgeMemory(2ULL << 30).state, State::kReduced);
  EXPECT_EQ(JudgeMemory(5ULL << 30).state, State::kGood);
}

}  // namespace
}  // namespace nachbau::builder
