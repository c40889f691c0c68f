#include "base/message.h"

namespace nachbau {

std::string Substitute(std::string_view text, const std::vector<std::string>& arguments) {
  std::string result;
  result.reserve(text.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') {
      const bool plain = i + 1 < text.size() && text[i + 1] == '}';
      const bool numbered =
          i + 2 < text.size() && text[i + 1] >= '1' && text[i + 1] <= '9' && text[i + 2] == '}';
      const std::size_t index = plain ? next : numbered ? static_cast<std::size_t>(text[i + 1] - '1') : 0;
      if ((plain || numbered) && index < arguments.size()) {
        result += arguments[index];
        if (plain) ++next;
        i += plain ? 1 : 2;
        continue;
      }
    }
    result += text[i];
  }
  return result;
}

std::string Render(const Message& message) { return Substitute(message.text, message.arguments); }

}  // namespace nachbau
