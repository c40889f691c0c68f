// Strict JSON in, canonical JSON out.
//
// Reading: UTF-8, no duplicate keys, no trailing data, bounded depth and size, no numbers outside int64/uint64 or
// finite double. Writing: FormatCanonical is RFC 8785 (JCS) for documents without floats, which ours are;
// FormatPretty is the same content with two-space indentation, sorted keys and a final newline, for files people read.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace nachbau {

using Json = nlohmann::json;  // objects keep their keys sorted

inline constexpr int kMaxJsonDepth = 200;

// Throws ParseError naming `name` and the line.
Json ParseJson(std::string_view text, std::string_view name);

std::string FormatCanonical(const Json& value);  // throws Error for a float or for text that is not UTF-8
std::string FormatPretty(const Json& value);

// For foreign documents that were read but not checked against a schema: the member if `value` is an object and has one
// of the right type, else an empty string or array. Never throws.
std::string TextMember(const Json& value, const char* key);
const Json& ArrayMember(const Json& value, const char* key);

// Reads the members of one object, strictly: a missing member, one of the wrong type, and any member that nobody asked
// for are ParseErrors that name the place as a JSON pointer.
//
//   JsonReader reader(json, "build.json");
//   record.outcome = reader.Text("outcome");
//   reader.Done();
class JsonReader {
 public:
  JsonReader(const Json& object, std::string place);

  const Json& Member(const char* key);                // required
  const Json* FindMember(const char* key);            // nullptr when absent
  std::string Text(const char* key);
  std::string TextOr(const char* key, std::string otherwise);
  std::uint64_t Unsigned(const char* key);
  std::int64_t Integer(const char* key);
  bool Boolean(const char* key);
  std::vector<std::string> Texts(const char* key);  // array of strings
  // A word of `words`, as the enumerator of its position.
  template <typename Enum, std::size_t Size>
  Enum Word(const char* key, const std::array<std::string_view, Size>& words) {
    const std::string text = Text(key);
    const auto found = std::find(words.begin(), words.end(), text);
    if (found == words.end()) Refuse(key, "a known word");
    return static_cast<Enum>(found - words.begin());
  }
  const Json& Array(const char* key);
  JsonReader Object(const char* key);
  // "place/key", for messages about the member.
  std::string PlaceOf(std::string_view key) const;
  [[noreturn]] void Refuse(std::string_view key, const char* expected) const;
  // Throws when a member was never read.
  void Done() const;

 private:
  const Json& object_;
  std::string place_;
  std::vector<std::string> read_;
};

}  // namespace nachbau
