// Text for people, kept apart from its values so that it can be shown in any language later.
//
//   Msg("{} of {} binary packages are bit-identical", 4, 4)
//
// The English text is also the key into the translations (po/de.po). Rooms make messages, only cli/ and report/ show
// them. JSON documents carry the English text; see ToJson in model/finding.h for findings, which keep the values too.
#pragma once

#include <concepts>
#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace nachbau {

struct Message {
  std::string text;                    // English, with one {} per argument, or {1}, {2}… to reorder
  std::vector<std::string> arguments;  // already formatted; never translated

  auto operator<=>(const Message&) const = default;
};

// The message with its arguments put in, in English.
std::string Render(const Message& message);

// Puts arguments into any text with {} or {N} placeholders. A placeholder without argument stays as it is.
std::string Substitute(std::string_view text, const std::vector<std::string>& arguments);

namespace message_internal {
inline std::string ToText(std::string_view value) { return std::string(value); }
template <std::integral T>
  requires(!std::same_as<T, bool>)
std::string ToText(T value) {
  return std::to_string(value);
}
}  // namespace message_internal

// Makes a message. `text` must be a literal: xgettext collects it (keyword Msg).
template <typename... Arguments>
Message Msg(const char* text, const Arguments&... arguments) {
  return Message{text, {message_internal::ToText(arguments)...}};
}

}  // namespace nachbau
