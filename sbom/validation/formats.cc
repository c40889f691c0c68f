#include "sbom/validation/formats.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/encoding.h"

namespace nachbau::sbom {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool IsOneOf(char c, std::string_view set) { return set.find(c) != set.npos; }

// Takes exactly `digits` digits from the front.
std::optional<int> TakeNumber(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (!IsDigit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool Take(std::string_view& text, std::string_view set) {
  if (text.empty() || !IsOneOf(text.front(), set)) return false;
  text.remove_prefix(1);
  return true;
}

bool TakeDate(std::string_view& text) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const auto year = TakeNumber(text, 4);
  if (!year || !Take(text, "-")) return false;
  const auto month = TakeNumber(text, 2);
  if (!month || *month < 1 || *month > 12 || !Take(text, "-")) return false;
  const auto day = TakeNumber(text, 2);
  const bool leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
  const int days = kDays[*month - 1] + (leap && *month == 2 ? 1 : 0);
  return day && *day >= 1 && *day <= days;
}

// The code points outside ASCII that RFC 3987 lets into an IRI (`ucschar`); `iprivate` only into its query.
bool IsIriCharacter(char32_t c, bool query) {
  if (query && ((c >= 0xe000 && c <= 0xf8ff) || (c >= 0xf0000 && c <= 0xffffd) || (c >= 0x100000 && c <= 0x10fffd))) {
    return true;
  }
  if (c >= 0xe1000) return c <= 0xefffd;
  if (c >= 0x10000) return (c & 0xffff) <= 0xfffd && c <= 0xdfffd;
  return (c >= 0xa0 && c <= 0xd7ff) || (c >= 0xf900 && c <= 0xfdcf) || (c >= 0xfdf0 && c <= 0xffef);
}

// The next code point of well-formed UTF-8.
char32_t TakeCodePoint(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t size = byte(0) < 0x80 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
  char32_t value = size == 1 ? byte(0) : byte(0) & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size && i < text.size(); ++i) value = value << 6 | (byte(i) & 0x3fU);
  text.remove_prefix(std::min(size, text.size()));
  return value;
}

enum class Alphabet { kUri, kIri };

// Only unreserved characters, percent-encodings, sub-delims and those of `also`.
bool IsMadeOf(std::string_view text, std::string_view also, Alphabet alphabet, bool query = false) {
  while (!text.empty()) {
    const char c = text.front();
    if (!IsAscii(c)) {
      if (alphabet == Alphabet::kUri || !IsIriCharacter(TakeCodePoint(text), query)) return false;
      continue;
    }
    if (c == '%') {
      if (text.size() < 3 || !IsHex(text[1]) || !IsHex(text[2])) return false;
      text.remove_prefix(3);
      continue;
    }
    if (!IsAlpha(c) && !IsDigit(c) && !IsOneOf(c, "-._~!$&'()*+,;=") && !IsOneOf(c, also)) return false;
    text.remove_prefix(1);
  }
  return true;
}

bool IsIpLiteral(std::string_view text) {
  if (!text.empty() && (text.front() == 'v' || text.front() == 'V')) {
    const std::size_t dot = text.find('.');
    return dot != text.npos && dot > 1 && dot + 1 < text.size() &&
           std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(dot), IsHex) &&
           IsMadeOf(text.substr(dot + 1), ":", Alphabet::kUri) && text.find('%') == text.npos;
  }
  return std::count(text.begin(), text.end(), ':') >= 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsHex(c) || c == ':' || c == '.'; });
}

bool IsAuthority(std::string_view text, Alphabet alphabet) {
  if (const std::size_t at = text.rfind('@'); at != text.npos) {
    if (!IsMadeOf(text.substr(0, at), ":", alphabet)) return false;
    text.remove_prefix(at + 1);
  }
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos || !IsIpLiteral(text.substr(1, end - 1))) return false;
    port = text.substr(end + 1);
    if (!port.empty() && port.front() != ':') return false;
    port.remove_prefix(port.empty() ? 0 : 1);
    return std::all_of(port.begin(), port.end(), IsDigit);
  }
  if (const std::size_t colon = text.find(':'); colon != text.npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  return IsMadeOf(host, "", alphabet) && std::all_of(port.begin(), port.end(), IsDigit);
}

// The length of the scheme, without its colon; 0 when there is none.
std::size_t SchemeLength(std::string_view text) {
  if (text.empty() || !IsAlpha(text.front())) return 0;
  const auto end = std::find_if(text.begin(), text.end(), [](char c) {
    return !IsAlpha(c) && !IsDigit(c) && !IsOneOf(c, "+-.");
  });
  return end != text.end() && *end == ':' ? static_cast<std::size_t>(end - text.begin()) : 0;
}

bool IsReference(std::string_view text, Alphabet alphabet, bool scheme_required) {
  const std::size_t scheme = SchemeLength(text);
  if (scheme_required && scheme == 0) return false;
  if (scheme > 0) text.remove_prefix(scheme + 1);
  if (const std::size_t hash = text.find('#'); hash != text.npos) {
    if (!IsMadeOf(text.substr(hash + 1), ":@/?", alphabet)) return false;
    text = text.substr(0, hash);
  }
  if (const std::size_t mark = text.find('?'); mark != text.npos) {
    if (!IsMadeOf(text.substr(mark + 1), ":@/?", alphabet, true)) return false;
    text = text.substr(0, mark);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const std::size_t slash = std::min(text.find('/'), text.size());
    if (!IsAuthority(text.substr(0, slash), alphabet)) return false;
    text.remove_prefix(slash);
  } else if (scheme == 0) {
    // Without a scheme the first segment must not look as if it had one: "git@host:path" is no reference.
    const std::string_view first = text.substr(0, text.find('/'));
    if (first.find(':') != first.npos) return false;
  }
  return IsMadeOf(text, ":@/", alphabet);
}

bool IsAtomText(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return !IsAscii(c) || IsAlpha(c) || IsDigit(c) || IsOneOf(c, "!#$%&'*+-/=?^_`{|}~");
  });
}

// Parts between dots, none empty.
template <typename Part>
bool IsDotted(std::string_view text, const Part& is_part) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_part(text.substr(0, dot))) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool IsQuoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && ++i == text.size()) return false;
    else if (text[i] == '"' && (i == 0 || text[i - 1] != '\\')) return false;
    if (IsAscii(text[i]) && (text[i] < ' ' || text[i] == 0x7f)) return false;
  }
  return true;
}

bool IsDomainLabel(std::string_view text) {
  return !text.empty() && text.front() != '-' && text.back() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
    return !IsAscii(c) || IsAlpha(c) || IsDigit(c) || c == '-';
  });
}

}  // namespace

bool IsDate(std::string_view text) { return TakeDate(text) && text.empty(); }

bool IsDateTime(std::string_view text) {
  if (!TakeDate(text) || !Take(text, "Tt")) return false;
  const auto hour = TakeNumber(text, 2);
  if (!hour || *hour > 23 || !Take(text, ":")) return false;
  const auto minute = TakeNumber(text, 2);
  if (!minute || *minute > 59 || !Take(text, ":")) return false;
  const auto second = TakeNumber(text, 2);
  if (!second || *second > 60) return false;
  if (Take(text, ".")) {
    if (!TakeNumber(text, 1)) return false;
    while (TakeNumber(text, 1)) continue;
  }
  int offset = 0;  // minutes east of UTC
  if (!Take(text, "Zz")) {
    const bool west = text.starts_with('-');
    if (!Take(text, "+-")) return false;
    const auto hours = TakeNumber(text, 2);
    if (!hours || *hours > 23 || !Take(text, ":")) return false;
    const auto minutes = TakeNumber(text, 2);
    if (!minutes || *minutes > 59) return false;
    offset = (*hours * 60 + *minutes) * (west ? -1 : 1);
  }
  const int utc_minute = ((*hour * 60 + *minute - offset) % 1440 + 1440) % 1440;
  return text.empty() && (*second < 60 || utc_minute == 1439);
}

bool IsEmail(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == text.npos || at == 0 || at > 64 || text.size() - at > 256 || !IsUtf8(text)) return false;
  const std::string_view local = text.substr(0, at), domain = text.substr(at + 1);
  if (!IsDotted(local, IsAtomText) && !IsQuoted(local)) return false;
  if (domain.size() > 2 && domain.front() == '[' && domain.back() == ']') {
    const std::string_view address = domain.substr(1, domain.size() - 2);
    return std::all_of(address.begin(), address.end(), [](char c) { return c > ' ' && c < 0x7f && !IsOneOf(c, "[]\\"); });
  }
  return IsDotted(domain, IsDomainLabel);
}

bool IsUri(std::string_view text) { return IsReference(text, Alphabet::kUri, true); }

bool IsIriReference(std::string_view text) { return IsUtf8(text) && IsReference(text, Alphabet::kIri, false); }

Format CheckFormat(std::string_view format, std::string_view text) {
  const auto answer = [](bool conforms) { return conforms ? Format::kConforms : Format::kViolated; };
  if (format == "date-time") return answer(IsDateTime(text));
  if (format == "date") return answer(IsDate(text));
  if (format == "email" || format == "idn-email") return answer(IsEmail(text));
  if (format == "uri") return answer(IsUri(text));
  if (format == "iri-reference") return answer(IsIriReference(text));
  return Format::kNotAsserted;
}

}  // namespace nachbau::sbom
