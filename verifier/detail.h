// English text for a document (Difference::detail), put together like a message but not offered for translation:
// documents carry one language, so that their bytes do not depend on who wrote them.
#pragma once

#include <string>

#include "base/message.h"

namespace nachbau::verifier {

template <typename... Arguments>
std::string Detail(const char* text, const Arguments&... arguments) {
  return Substitute(text, {message_internal::ToText(arguments)...});
}

}  // namespace nachbau::verifier
