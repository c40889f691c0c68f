#include "base/encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace nachbau {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

unsigned Byte(char c) { return static_cast<unsigned char>(c); }

// Length of the well-formed UTF-8 sequence at the start of `bytes`, 0 when malformed. Unicode 15, table 3-7.
std::size_t SequenceLength(std::string_view bytes) {
  const unsigned first = Byte(bytes[0]);
  if (first < 0x80) return 1;
  const auto in = [&](std::size_t i, unsigned low, unsigned high) {
    return i < bytes.size() && Byte(bytes[i]) >= low && Byte(bytes[i]) <= high;
  };
  if (first >= 0xC2 && first <= 0xDF) return in(1, 0x80, 0xBF) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return in(1, low, high) && in(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return in(1, low, high) && in(2, 0x80, 0xBF) && in(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string EncodeHex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text += kHex[Byte(c) >> 4];
    text += kHex[Byte(c) & 15];
  }
  return text;
}

std::optional<std::string> DecodeHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::size_t high = kHex.find(text[i]);
    const std::size_t low = kHex.find(text[i + 1]);
    if (high == kHex.npos || low == kHex.npos) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string EncodeBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? Byte(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? kStandard[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::optional<std::string> DecodeBase64(std::string_view text, Base64Alphabet alphabet) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::string_view digits = alphabet == Base64Alphabet::kStandard ? kStandard : kUrlSafe;
  std::array<std::int8_t, 256> value{};
  value.fill(-1);
  for (std::size_t i = 0; i < 64; ++i) value[Byte(digits[i])] = static_cast<std::int8_t>(i);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t padding = !last || text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
    unsigned group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int digit = k >= 4 - padding ? 0 : value[Byte(text[i + k])];
      if (digit < 0) return std::nullopt;
      group = group << 6 | static_cast<unsigned>(digit);
    }
    if (padding != 0 && (group & (padding == 1 ? 0xFFU : 0xFFFFU)) != 0) return std::nullopt;
    for (std::size_t k = 0; k + padding < 3; ++k) bytes += static_cast<char>(group >> (16 - 8 * k) & 255);
  }
  return bytes;
}

std::string PercentEncode(std::string_view text, std::string_view keep) {
  constexpr std::string_view kUpperHex = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const bool unreserved = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved || keep.find(c) != keep.npos) {
      result += c;
    } else {
      result += '%';
      result += kUpperHex[Byte(c) >> 4];
      result += kUpperHex[Byte(c) & 15];
    }
  }
  return result;
}

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = SequenceLength(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string Printable(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t length = SequenceLength(bytes);
    const unsigned first = Byte(bytes[0]);
    // C1 controls (U+0080 to U+009F) are C2 80 … C2 9F.
    const bool control = first < 0x20 || first == 0x7f || (length == 2 && first == 0xC2 && Byte(bytes[1]) < 0xA0);
    if (length == 0 || control) {
      text += "\\x";
      text += EncodeHex(bytes.substr(0, 1));
      bytes.remove_prefix(1);
    } else {
      text.append(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }
  return text;
}

std::string InQuotes(std::string_view bytes) {
  std::size_t end = std::min(bytes.size(), kMaxQuoted);
  while (end < bytes.size() && end > 0 && (Byte(bytes[end]) & 0xc0U) == 0x80) --end;
  return "\"" + Printable(bytes.substr(0, end)) + (end < bytes.size() ? "…\"" : "\"");
}

}  // namespace nachbau
