// Time comes in as a value, so that each run can be replayed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nachbau {

using UnixSeconds = std::int64_t;  // since 1970-01-01T00:00:00Z, leap seconds not counted

class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixSeconds Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  UnixSeconds Now() const override;
};

// Always the same moment: tests, and --now on the command line.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(UnixSeconds now) : now_(now) {}
  UnixSeconds Now() const override { return now_; }

 private:
  UnixSeconds now_;
};

// "2026-11-23T12:00:00Z" (RFC 3339, UTC, whole seconds).
std::string FormatTime(UnixSeconds time);
// The inverse, and nothing else. Throws ParseError.
UnixSeconds ParseTime(std::string_view text, std::string_view name);
// RFC 5322 date as in Debian's Release files and changelogs: "Sat, 10 May 2025 09:16:24 UTC" or "… +0200".
// The name of the day is not checked. Throws ParseError.
UnixSeconds ParseMailDate(std::string_view text, std::string_view name);

// Milliseconds on a clock that never goes back; only for durations.
std::uint64_t MonotonicMilliseconds();

}  // namespace nachbau
