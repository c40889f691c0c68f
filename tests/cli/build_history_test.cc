#include "cli/build_history.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "model/build_record.h"

namespace nachbau::cli {
namespace {

class BuildHistoryTest : public testing::Test {
 protected:
  BuildHistoryTest() {
    lock_.source = "hello";
    lock_.version = "1-1";
    lock_.architecture = "amd64";
    record_.source = "hello";
    record_.version = "1-0";
    record_.architecture = "amd64";
    record_.outcome = BuildOutcome::kBuilt;
    record_.exit_code = 0;
    record_.environment = {{"DEB_BUILD_OPTIONS", "nocheck parallel=2"}};
    record_.profile = kMatchProfile;
    record_.log.name = "build.log.zst";
  }
  void Keep(const std::string& folder, std::uint64_t duration) {
    record_.duration_ms = duration;
    WriteFileAtomically(area_.path() / folder / "build.json", FormatPretty(ToJson(record_)));
  }
  BuildHistory Find() const { return FindBuildHistory(area_.path(), lock_); }

  TemporaryDirectory area_{"/var/tmp", "nachbau-history-test-"};
  Lock lock_;
  BuildRecord record_;
};

TEST_F(BuildHistoryTest, IsTheMedianOfTheNewestBuildsAlike) {
  Keep("hello_1-0_amd64_20250101T000000Z", 900'000);  // too long ago: seven are newer
  for (int day = 1; day <= 7; ++day) {
    Keep("hello_1-0_amd64_2026010" + std::to_string(day) + "T000000Z", static_cast<std::uint64_t>(day) * 1000);
  }
  EXPECT_EQ(Find().builds, 7U);
  EXPECT_EQ(Find().typical_ms, 4000U);
  lock_.recipe.build_profiles.clear();
  EXPECT_EQ(Find().builds, 0U);  // with the package's tests it takes longer
}

TEST_F(BuildHistoryTest, PassesOverWhatIsNotAlikeOrCannotBeRead) {
  Keep("hello_1-0_arm64_20260101T000000Z", 1);
  Keep("hello-doc_1-0_amd64_20260101T000000Z", 1);
  record_.outcome = BuildOutcome::kFailed;
  Keep("hello_1-0_amd64_20260102T000000Z", 1);
  WriteFileAtomically(area_.path() / "hello_1-0_amd64_20260103T000000Z" / "build.json", "{");
  EXPECT_EQ(Find().builds, 0U);
  EXPECT_EQ(FindBuildHistory(area_.path() / "none", lock_).builds, 0U);
}

}  // namespace
}  // namespace nachbau::cli
