#include "verifier/byte_difference.h"

#include <algorithm>

#include "base/encoding.h"
#include "verifier/detail.h"

namespace nachbau::verifier {
namespace {

constexpr std::size_t kMaxLineShown = 160;  // bytes
constexpr std::size_t kMaxNameShown = 4096;  // bytes, as PATH_MAX

std::string Hex(std::size_t value) {
  std::string text;
  do {
    text.insert(text.begin(), "0123456789abcdef"[value & 15]);
    value >>= 4;
  } while (value != 0);
  return "0x" + text;
}

// The line that starts at `begin`, made safe to show. Around `difference` when the line is long.
std::string Line(std::string_view text, std::size_t begin, std::size_t difference) {
  if (begin >= text.size()) return Detail("(end of file)");
  std::string_view line = text.substr(begin, text.substr(begin).find('\n'));
  std::string_view before;
  std::string_view after;
  const std::size_t column = difference - begin;
  if (column > kMaxLineShown / 2) {
    std::size_t cut = std::min(line.size(), column - kMaxLineShown / 2);
    while (cut < line.size() && (static_cast<unsigned char>(line[cut]) & 0xC0) == 0x80) ++cut;
    line.remove_prefix(cut);
    before = "…";
  }
  if (line.size() > kMaxLineShown) {
    std::size_t cut = kMaxLineShown;
    while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xC0) == 0x80) --cut;
    line = line.substr(0, cut);
    after = "…";
  }
  return "\"" + std::string(before) + Printable(line) + std::string(after) + "\"";
}

}  // namespace

std::string ShownName(std::string_view name) {
  return name.size() <= kMaxNameShown ? Printable(name) : Printable(name.substr(0, kMaxNameShown)) + "…";
}

std::string DescribeBytes(std::string_view built, std::string_view reference) {
  const std::size_t common = std::min(built.size(), reference.size());
  std::size_t first = common;
  std::size_t count = 0;
  for (std::size_t i = 0; i < common; ++i) {
    if (built[i] == reference[i]) continue;
    if (count++ == 0) first = i;
  }
  if (built.size() == reference.size()) {
    return Detail("first at offset {}: {} of {} bytes differ", Hex(first), count, common);
  }
  if (count == 0) {
    return Detail("{} bytes, reference {}; the first {} are the same", built.size(), reference.size(), common);
  }
  return Detail("first at offset {}: {} of the first {} bytes differ; {} bytes, reference {}", Hex(first), count, common,
                built.size(), reference.size());
}

bool IsText(std::string_view bytes) {
  const bool control = std::any_of(bytes.begin(), bytes.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f') || c == 0x7f;
  });
  return !control && IsUtf8(bytes);
}

std::string DescribeText(std::string_view built, std::string_view reference) {
  const auto [left, right] = std::mismatch(built.begin(), built.end(), reference.begin(), reference.end());
  const auto difference = static_cast<std::size_t>(left - built.begin());
  const std::size_t newline = built.substr(0, difference).rfind('\n');
  const std::size_t begin = newline == built.npos ? 0 : newline + 1;
  const auto number = std::count(built.begin(), built.begin() + static_cast<std::ptrdiff_t>(begin), '\n') + 1;
  return Detail("line {}: {}, reference {}", number, Line(built, begin, difference),
                Line(reference, begin, difference));
}

}  // namespace nachbau::verifier
