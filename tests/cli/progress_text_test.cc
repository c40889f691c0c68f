#include "cli/progress_text.h"

#include <gtest/gtest.h>

namespace nachbau::cli {
namespace {

TEST(FormatBytesTest, UsesDecimalUnits) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1500), "1.5 kB");
  EXPECT_EQ(FormatBytes(999'999), "1.0 MB");
  EXPECT_EQ(FormatBytes(12'345'678), "12.3 MB");
  EXPECT_EQ(FormatBytes(2'500'000'000), "2.50 GB");
}

TEST(FormatDurationTest, ChoosesTheUnitBySize) {
  EXPECT_EQ(FormatDuration(850), "850 ms");
  EXPECT_EQ(FormatDuration(3'240), "3.2 s");
  EXPECT_EQ(FormatDuration(245'000), "4 min 05 s");
  EXPECT_EQ(FormatDuration(3'720'000), "1 h 02 min");
}

TEST(FormatAmountTest, ShowsRateAndTimeLeftOnceTheyAreKnown) {
  EXPECT_EQ(FormatAmount(Unit::kNone, 5, 10, 1000), "");
  EXPECT_EQ(FormatAmount(Unit::kItems, 5, 10, 1000), "5 / 10");
  EXPECT_EQ(FormatAmount(Unit::kBytes, 5'000'000, 0, 100), "5.0 MB");
  EXPECT_EQ(FormatAmount(Unit::kBytes, 5'000'000, 10'000'000, 1000), "5.0 MB / 10.0 MB, 5.0 MB/s, ETA 1.0 s");
  EXPECT_EQ(FormatAmount(Unit::kBytes, 9'999'999, 10'000'000, 1000), "10.0 MB / 10.0 MB, 10.0 MB/s, ETA 1.0 s");
}

TEST(ExpectedTextTest, NamesWhatItRestsOnAndNeverPromisesPastTimes) {
  EXPECT_EQ(Render(ExpectedText(10'000, 70'000, 3)), "about 1 min left, from 3 earlier builds");
  EXPECT_EQ(Render(ExpectedText(0, 8'000, 1)), "about 10 s left, from one earlier build");
  EXPECT_EQ(Render(ExpectedText(90'000, 70'000, 3)), "the 3 earlier builds took about 2 min");
  EXPECT_EQ(Render(ExpectedText(90'000, 0, 0)), "");
}

TEST(FormatRoughDurationTest, IsNoMoreExactThanAnEstimate) {
  EXPECT_EQ(FormatRoughDuration(1), "5 s");
  EXPECT_EQ(FormatRoughDuration(21'000), "25 s");
  EXPECT_EQ(FormatRoughDuration(61'000), "2 min");
  EXPECT_EQ(FormatRoughDuration(4'000'000), "1 h 10 min");
}

TEST(FitTest, CountsCharactersAndDisarmsTerminalEscapes) {
  EXPECT_EQ(Fit("gr\xC3\xBC\xC3\x9F" "e", 4), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(Fit("\x1b[2Jx", 20), "\\x1b[2Jx");
  EXPECT_EQ(Fit("abc", 0), "");
  EXPECT_EQ(Fit("\tmake", 20), " make");
}

}  // namespace
}  // namespace nachbau::cli
