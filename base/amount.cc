#include "base/amount.h"

#include <cstdio>

namespace nachbau {
namespace {

std::string WithDecimals(double value, int decimals, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f %s", decimals, value, unit);
  return text;
}

}  // namespace

std::string FormatBytes(std::uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1000) return std::to_string(bytes) + " B";
  if (bytes < 999'950) return WithDecimals(value / 1e3, 1, "kB");
  if (bytes < 999'950'000) return WithDecimals(value / 1e6, 1, "MB");
  return WithDecimals(value / 1e9, 2, "GB");
}

}  // namespace nachbau
