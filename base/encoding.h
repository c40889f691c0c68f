// Hexadecimal and base64 (RFC 4648). Decoders are strict: one text per value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nachbau {

std::string EncodeHex(std::string_view bytes);  // lower case
// Nothing for odd length or any character outside 0-9a-f.
std::optional<std::string> DecodeHex(std::string_view text);

std::string EncodeBase64(std::string_view bytes);  // RFC 4648 section 4, padded
// Section 4 (or section 5 where url_safe), padding required, trailing bits zero, no white space.
enum class Base64Alphabet { kStandard, kUrlSafe };
std::optional<std::string> DecodeBase64(std::string_view text, Base64Alphabet alphabet = Base64Alphabet::kStandard);

// Percent-encodes everything outside the unreserved characters of RFC 3986 section 2.3 and those in `keep`.
std::string PercentEncode(std::string_view text, std::string_view keep = "");

// True for well-formed UTF-8 (no surrogates, no overlong forms).
bool IsUtf8(std::string_view bytes);
// Foreign text made safe for a terminal or a log line: control and malformed bytes become \xNN.
std::string Printable(std::string_view bytes);
inline constexpr std::size_t kMaxQuoted = 120;  // bytes of a foreign text in a message
// The same in quotes, cut at kMaxQuoted.
std::string InQuotes(std::string_view bytes);

}  // namespace nachbau
