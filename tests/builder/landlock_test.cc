#include "builder/sandbox/landlock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "builder/sandbox/limits.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;

TEST(LandlockPlanTest, TakesWhatTheKernelHasAndSaysWhatIsMissing) {
  for (const int abi : {0, 1}) {
    EXPECT_EQ(MakeLandlockPlan(abi).abi, 0);
    EXPECT_EQ(MakeLandlockPlan(abi).file_rights, 0U);
    EXPECT_THAT(MakeLandlockPlan(abi).description, HasSubstr("reduced: "));
  }
  EXPECT_EQ(MakeLandlockPlan(2).description, "ABI 2: no making of devices");
  EXPECT_EQ(MakeLandlockPlan(5).description, "ABI 5: no making of devices, control of terminals and /dev/null only");
  EXPECT_EQ(MakeLandlockPlan(5).scopes, 0U);
  EXPECT_THAT(MakeLandlockPlan(6).description, HasSubstr("no signals and no abstract sockets to outside"));
  EXPECT_EQ(MakeLandlockPlan(70).file_rights, MakeLandlockPlan(6).file_rights) << "rights of later kernels are not guessed";
}

TEST(JudgeCoreDumpsTest, AdmitsThatAHandlerCannotBeKeptAway) {
  EXPECT_TRUE(JudgeCoreDumps("core\n", 0).prevented);
  EXPECT_TRUE(JudgeCoreDumps("|/usr/lib/handler %P\n", RLIM_INFINITY).prevented);
  EXPECT_THAT(JudgeCoreDumps("|/usr/lib/handler %P\n", 0).description, HasSubstr("reduced: "));
  EXPECT_FALSE(JudgeCoreDumps("@/run/handler.socket\n", RLIM_INFINITY).prevented);
}

}  // namespace
}  // namespace nachbau::builder
