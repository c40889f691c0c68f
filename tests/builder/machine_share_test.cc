#include "builder/machine_share.h"

#include <gtest/gtest.h>

#include <fstream>
#include <future>

#include "base/error.h"

namespace nachbau::builder {
namespace {

class MemoryShareTest : public testing::Test {
 protected:
  std::unique_ptr<MemoryShare> Take(std::uint64_t bytes, const std::atomic<bool>* cancelled = nullptr) {
    return std::make_unique<MemoryShare>(area_.path(), bytes, 100, cancelled, progress_);
  }
  TemporaryDirectory area_{"/var/tmp", "nachbau-share-test-"};
  SilentProgress progress_;
};

TEST_F(MemoryShareTest, IsGrantedAtOnceWhileTheSumFits) {
  const auto first = Take(60);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));  // the names hold the time
  const auto second = Take(40);
  SUCCEED();
}

TEST_F(MemoryShareTest, WaitsUntilAnotherBuildEnds) {
  auto first = Take(60);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  auto second = std::async(std::launch::async, [&] { return Take(60); });
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(400)), std::future_status::timeout);
  first.reset();
  EXPECT_NE(second.get(), nullptr);
}

TEST_F(MemoryShareTest, OfMoreThanThereIsIsGrantedToOneAlone) {
  const auto greedy = Take(1000);
  std::atomic<bool> cancelled{true};
  EXPECT_THROW(Take(1, &cancelled), CancelledError);
}

TEST_F(MemoryShareTest, LeftByAKilledProcessCountsNothing) {
  std::ofstream(area_.path() / "memory-1-1.share") << "100";
  std::ofstream(area_.path() / "memory-1-2.share") << "many";
  const auto share = Take(100);
  EXPECT_FALSE(std::filesystem::exists(area_.path() / "memory-1-1.share"));
}

TEST_F(MemoryShareTest, LeavesNoFile) {
  Take(10).reset();
  for (const auto& entry : std::filesystem::directory_iterator(area_.path())) {
    EXPECT_EQ(entry.path().filename(), "memory.lock");
  }
}

}  // namespace
}  // namespace nachbau::builder
