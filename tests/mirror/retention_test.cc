#include "mirror/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nachbau::mirror {
namespace {

using ::testing::ElementsAre;

UnixSeconds At(const char* time) { return ParseTime(time, "test"); }

std::vector<std::string> Kept(const std::vector<const char*>& times, const Retention& retention, const char* now) {
  std::vector<UnixSeconds> moments;
  for (const char* time : times) moments.push_back(At(time));
  const std::vector<bool> expired = ExpiredSnapshots(moments, retention, At(now));
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (!expired[i]) kept.emplace_back(std::string(times[i]).substr(5, 8));
  }
  return kept;
}

TEST(RetentionTest, KeepsAllSnapshotsUnlessToldOtherwise) {
  EXPECT_THAT(Kept({"2001-01-01T00:00:00Z", "2026-06-01T00:00:00Z"}, {}, "2026-06-02T00:00:00Z"),
              ElementsAre("01-01T00", "06-01T00"));
}

TEST(RetentionTest, ThinsSnapshotsToOneADayThenOneAWeekThenNone) {
  Retention retention;
  retention.snapshots_all_days = 2;
  retention.snapshots_daily_days = 10;
  retention.snapshots_weekly_days = 30;
  EXPECT_THAT(Kept({"2026-04-20T10:00:00Z",                          // older than 30 days
                    "2026-05-11T10:00:00Z", "2026-05-17T10:00:00Z",  // one week, Monday and Sunday
                    "2026-05-18T10:00:00Z",                          // the next week
                    "2026-05-28T08:00:00Z", "2026-05-28T20:00:00Z",  // one day
                    "2026-05-31T08:00:00Z", "2026-05-31T09:00:00Z"},
                   retention, "2026-06-01T00:00:00Z"),
              ElementsAre("05-17T10", "05-18T10", "05-28T20", "05-31T08", "05-31T09"));
}

TEST(RetentionTest, TheNewestSnapshotStaysHoweverOld) {
  Retention retention;
  retention.snapshots_all_days = retention.snapshots_daily_days = retention.snapshots_weekly_days = 0;
  EXPECT_THAT(Kept({"2001-01-01T00:00:00Z", "2001-01-02T00:00:00Z"}, retention, "2026-06-01T00:00:00Z"),
              ElementsAre("01-02T00"));
}

Product Sample() {
  Product product;
  product.name = "hello";
  product.current.version = "5";
  product.current.added = At("2026-05-30T00:00:00Z");
  for (const auto& [version, added] : {std::pair{"4", "2026-05-20T00:00:00Z"}, std::pair{"3", "2026-05-10T00:00:00Z"},
                                       std::pair{"2", "2026-01-01T00:00:00Z"}}) {
    ProductVersion earlier;
    earlier.version = version;
    earlier.added = At(added);
    product.earlier.push_back(earlier);
  }
  return product;
}

std::string Versions(const Retention& retention) {
  const Product product = WithoutExpired(Sample(), retention, At("2026-06-01T00:00:00Z"));
  std::string versions = product.current.version;
  for (const ProductVersion& version : product.earlier) versions += " " + version.version;
  return versions;
}

TEST(RetentionTest, EarlierVersionsStayByNumberOrByTheDayTheyWereReplaced) {
  EXPECT_EQ(Versions({}), "5 4 3 2");
  Retention retention;
  retention.product_versions = 2;
  EXPECT_EQ(Versions(retention), "5 4");
  retention.product_versions = 0;
  EXPECT_EQ(Versions(retention), "5");
  retention.product_days = 20;  // 3 was replaced by 4 on May 20th, 2 by 3 on May 10th
  EXPECT_EQ(Versions(retention), "5 4 3");
  retention.product_versions = 4;
  EXPECT_EQ(Versions(retention), "5 4 3 2");
}

}  // namespace
}  // namespace nachbau::mirror
