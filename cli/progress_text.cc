#include "cli/progress_text.h"

#include <algorithm>
#include <cstdio>

#include "base/encoding.h"

namespace nachbau::cli {
namespace {

std::string WithDecimals(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

bool StartsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }

}  // namespace

std::string FormatDuration(std::uint64_t milliseconds) {
  if (milliseconds < 1000) return std::to_string(milliseconds) + " ms";
  if (milliseconds < 60'000) return WithDecimals(static_cast<double>(milliseconds) / 1000, 1) + " s";
  const unsigned long long seconds = milliseconds / 1000;
  char text[64];
  if (seconds < 3600) {
    std::snprintf(text, sizeof text, "%llu min %02llu s", seconds / 60, seconds % 60);
  } else {
    std::snprintf(text, sizeof text, "%llu h %02llu min", seconds / 3600, seconds / 60 % 60);
  }
  return text;
}

std::string FormatAmount(Unit unit, std::uint64_t done, std::uint64_t total, std::uint64_t elapsed_ms) {
  if (unit == Unit::kNone) return {};
  const auto show = [&](std::uint64_t amount) {
    return unit == Unit::kBytes ? FormatBytes(amount) : std::to_string(amount);
  };
  std::string text = total != 0 ? show(done) + " / " + show(total) : show(done);
  if (unit == Unit::kBytes && elapsed_ms > 500 && done != 0) {
    const std::uint64_t rate = done * 1000 / elapsed_ms;
    text += ", " + FormatBytes(rate) + "/s";
    if (total > done && rate != 0) text += ", ETA " + FormatDuration((total - done + rate - 1) / rate * 1000);
  }
  return text;
}

std::string FormatRoughDuration(std::uint64_t milliseconds) {
  const auto round_up = [](std::uint64_t value, std::uint64_t step) { return (value + step - 1) / step * step; };
  const std::uint64_t seconds = round_up(milliseconds, 5000) / 1000;
  if (seconds < 60) return std::to_string(std::max<std::uint64_t>(seconds, 5)) + " s";
  std::uint64_t minutes = round_up(seconds, 60) / 60;
  if (minutes < 60) return std::to_string(minutes) + " min";
  minutes = round_up(minutes, 5);
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

Message ExpectedText(std::uint64_t elapsed_ms, std::uint64_t expected_ms, std::uint32_t samples) {
  if (samples == 0) return {};
  if (elapsed_ms >= expected_ms) {
    const std::string took = FormatRoughDuration(expected_ms);
    return samples == 1 ? Msg("the one earlier build took {}", took)
                        : Msg("the {} earlier builds took about {}", samples, took);
  }
  const std::string left = FormatRoughDuration(expected_ms - elapsed_ms);
  return samples == 1 ? Msg("about {} left, from one earlier build", left)
                      : Msg("about {} left, from {} earlier builds", left, samples);
}

std::string Fit(std::string_view text, std::size_t columns) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '\t', ' ');
  const std::string safe = Printable(spaced);
  std::string result;
  std::size_t used = 0;
  for (const char c : safe) {
    if (StartsCharacter(c) && used++ == columns) break;
    result += c;
  }
  return result;
}

}  // namespace nachbau::cli
