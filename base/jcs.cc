#include "base/jcs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void AppendText(const std::string& text, std::string& out) {
  if (!IsUtf8(text)) throw Error(Msg("a document in canonical form must be UTF-8"));
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += kHex[static_cast<unsigned char>(c) >> 4];
          out += kHex[static_cast<unsigned char>(c) & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

// UTF-8 sorts like code points; UTF-16 puts the surrogates of U+10000 and above (lead bytes F0 to F4) before U+E000 to
// U+FFFF (lead bytes EE and EF). Every other pair of bytes compares alike.
bool LessInUtf16(std::string_view left, std::string_view right) {
  const auto [l, r] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (l == left.end() || r == right.end()) return l == left.end() && r != right.end();
  const auto a = static_cast<unsigned char>(*l), b = static_cast<unsigned char>(*r);
  const bool a_pair = a >= 0xF0, b_pair = b >= 0xF0;
  if (a_pair != b_pair && a >= 0xEE && b >= 0xEE) return a_pair;
  return a < b;
}

void Append(const Json& value, std::string& out) {
  switch (value.type()) {
    case Json::value_t::object: {
      std::vector<const std::string*> keys;
      bool sorted = true;  // by bytes they are already
      for (auto it = value.begin(); it != value.end(); ++it) {
        keys.push_back(&it.key());
        sorted = sorted && std::none_of(it.key().begin(), it.key().end(),
                                        [](char c) { return static_cast<unsigned char>(c) >= 0xEE; });
      }
      if (!sorted)
        std::sort(keys.begin(), keys.end(),
                  [](const auto* left, const auto* right) { return LessInUtf16(*left, *right); });
      out += '{';
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (i != 0) out += ',';
        AppendText(*keys[i], out);
        out += ':';
        Append(value.at(*keys[i]), out);
      }
      out += '}';
      break;
    }
    case Json::value_t::array:
      out += '[';
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (i != 0) out += ',';
        Append(value[i], out);
      }
      out += ']';
      break;
    case Json::value_t::string:
      AppendText(value.get_ref<const std::string&>(), out);
      break;
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      break;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      out += FormatEcmaScriptNumber(value.get<double>());
      break;
    default:
      out += "null";
  }
}

}  // namespace

std::string FormatJcs(const Json& value) {
  std::string out;
  Append(value, out);
  return out;
}

std::string FormatForeign(const Json& value) {
  try {
    return value.dump(2) + "\n";
  } catch (const nlohmann::json::type_error&) {
    throw Error(Msg("a document in canonical form must be UTF-8"));
  }
}

std::string FormatEcmaScriptNumber(double value) {
  if (!std::isfinite(value)) throw Error(Msg("a number in canonical form must be finite"));
  if (value == 0) return "0";
  std::string sign;
  if (value < 0) {
    sign = "-";
    value = -value;
  }
  // The shortest digits that read back as the same number: "d.ddde[+-]xx".
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t mark = text.find('e');
  std::string digits(1, text[0]);
  if (mark > 2) digits += text.substr(2, mark - 2);
  int exponent = 0;
  const char* begin = text.data() + mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(begin, end, exponent);
  // ECMA-262, Number::toString: k digits, and n such that the value is 0.digits times 10^n.
  const int k = static_cast<int>(digits.size());
  const int n = exponent + 1;
  if (k <= n && n <= 21) return sign + digits + std::string(static_cast<std::size_t>(n - k), '0');
  if (0 < n && n <= 21)
    return sign + digits.substr(0, static_cast<std::size_t>(n)) + "." + digits.substr(static_cast<std::size_t>(n));
  if (-6 < n && n <= 0) return sign + "0." + std::string(static_cast<std::size_t>(-n), '0') + digits;
  const std::string power = (n - 1 < 0 ? "e-" : "e+") + std::to_string(std::abs(n - 1));
  return sign + digits[0] + (k == 1 ? "" : "." + digits.substr(1)) + power;
}

}  // namespace nachbau
