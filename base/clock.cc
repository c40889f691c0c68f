#include "base/clock.h"

#include <chrono>
#include <charconv>
#include <optional>
#include <vector>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"

namespace nachbau {
namespace {

std::optional<int> Number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || text[0] == '-') return std::nullopt;
  return value;
}

std::optional<UnixSeconds> Combine(std::optional<int> year, std::optional<int> month, std::optional<int> day,
                                   std::optional<int> hour, std::optional<int> minute, std::optional<int> second) {
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(days).count() + *hour * 3600 + *minute * 60 + *second;
}

}  // namespace

UnixSeconds SystemClock::Now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string FormatTime(UnixSeconds time) {
  const std::chrono::sys_seconds point{std::chrono::seconds(time)};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(point - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

UnixSeconds ParseTime(std::string_view text, std::string_view name) {
  const bool shape = text.size() == 20 && text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' &&
                     text[16] == ':' && text[19] == 'Z';
  const auto time = shape ? Combine(Number(text.substr(0, 4)), Number(text.substr(5, 2)), Number(text.substr(8, 2)),
                                    Number(text.substr(11, 2)), Number(text.substr(14, 2)), Number(text.substr(17, 2)))
                          : std::nullopt;
  if (!time) throw ParseError(name, 0, Msg("not a UTC time like 2026-11-23T12:00:00Z: {}", Printable(text.substr(0, 60))));
  return *time;
}

UnixSeconds ParseMailDate(std::string_view text, std::string_view name) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::string_view rest = text;
  if (const auto comma = rest.find(','); comma != rest.npos) rest.remove_prefix(comma + 1);
  const auto words = SplitWords(rest);
  std::optional<UnixSeconds> time;
  if (words.size() == 5 && words[1].size() == 3) {
    const auto month = kMonths.find(words[1]);
    const auto clock = SplitTrimmed(words[3], ':');
    if (month != kMonths.npos && month % 3 == 0 && clock.size() == 3 && words[2].size() == 4) {
      time = Combine(Number(words[2]), static_cast<int>(month / 3) + 1, Number(words[0]), Number(clock[0]),
                     Number(clock[1]), Number(clock[2]));
    }
    const std::string_view zone = words[4];
    if (time && zone.size() == 5 && (zone[0] == '+' || zone[0] == '-')) {
      const auto hours = Number(zone.substr(1, 2));
      const auto minutes = Number(zone.substr(3, 2));
      if (hours && minutes) {
        *time -= (zone[0] == '+' ? 1 : -1) * (*hours * 3600 + *minutes * 60);
      } else {
        time.reset();
      }
    } else if (zone != "UTC" && zone != "GMT") {
      time.reset();
    }
  }
  if (!time) throw ParseError(name, 0, Msg("not a date as in RFC 5322: {}", Printable(text.substr(0, 60))));
  return *time;
}

std::uint64_t MonotonicMilliseconds() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace nachbau
