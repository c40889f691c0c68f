#include "base/clock.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace nachbau {
namespace {

// date -u -d @N +%FT%TZ
TEST(TimeTest, FormatsAndParses) {
  const std::pair<UnixSeconds, const char*> kTimes[] = {{0, "1970-01-01T00:00:00Z"},
                                                        {951782399, "2000-02-28T23:59:59Z"},
                                                        {951782400, "2000-02-29T00:00:00Z"},
                                                        {4102444800, "2100-01-01T00:00:00Z"},
                                                        {-1, "1969-12-31T23:59:59Z"}};
  for (const auto& [time, text] : kTimes) {
    EXPECT_EQ(FormatTime(time), text);
    EXPECT_EQ(ParseTime(text, "x"), time);
  }
}

TEST(TimeTest, RefusesAllOtherForms) {
  for (const char* text :
       {"", "2026-11-23", "2026-11-23T12:00:00", "2026-11-23T12:00:00+00:00", "2026-11-23t12:00:00Z",
        "2026-11-23T12:00:00.0Z", "2026-02-29T12:00:00Z", "2026-13-01T12:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T12:60:00Z", "+026-11-23T12:00:00Z", "2026-11-23T-1:00:00Z", "2026-11-23T12:00:00Zz"}) {
    EXPECT_THROW(ParseTime(text, "x"), ParseError) << text;
  }
}

TEST(MailDateTest, ParsesWhatDebianWrites) {
  const struct {
    const char* text;
    const char* utc;
  } kDates[] = {{"Sat, 10 May 2025 09:16:24 UTC", "2025-05-10T09:16:24Z"},
                {"Sat, 10 May 2025 09:16:24 GMT", "2025-05-10T09:16:24Z"},
                {"Sat, 10 May 2025 09:16:24 +0200", "2025-05-10T07:16:24Z"},
                {"Sat, 10 May 2025 09:16:24 -0330", "2025-05-10T12:46:24Z"},
                {" 1 Jan 2026 00:00:00 +0100", "2025-12-31T23:00:00Z"},
                {"Nonsense, 29 Feb 2024 00:00:00 +0000", "2024-02-29T00:00:00Z"}};
  for (const auto& date : kDates) EXPECT_EQ(FormatTime(ParseMailDate(date.text, "x")), date.utc) << date.text;
}

TEST(MailDateTest, RefusesAllOtherForms) {
  for (const char* text : {"", "Sat, 10 May 2025", "Sat, 10 May 2025 09:16:24", "Sat, 10 Mai 2025 09:16:24 UTC",
                           "Sat, 10 anF 2025 09:16:24 UTC", "Sat, 31 Apr 2025 09:16:24 UTC", "Sat, 10 May 2025 09:16 UTC",
                           "Sat, 10 May 2025 09:16:24 CEST", "Sat, 10 May 2025 09:16:24 +2", "Sat, 10 May 2025 09:16:24 +aabb",
                           "Sat, 10 May 2025 09:16:24 UTC more"}) {
    EXPECT_THROW(ParseMailDate(text, "Release"), ParseError) << text;
  }
}

TEST(ClockTest, FixedClockStandsStillAndTheMonotonicOneDoesNotGoBack) {
  EXPECT_EQ(FixedClock(12).Now(), 12);
  EXPECT_GT(SystemClock().Now(), 1'700'000'000);
  const std::uint64_t before = MonotonicMilliseconds();
  EXPECT_LE(before, MonotonicMilliseconds());
}

}  // namespace
}  // namespace nachbau
