// Messages in documents: English for everybody, and the template with its arguments, so that a reader can show them in
// another language.
#pragma once

#include <string>

#include "base/json.h"
#include "base/message.h"

namespace nachbau {

// {"message": English, "template": English with placeholders, "arguments": […]}
Json ToJson(const Message& message);
// Throws ParseError where the sentence is not what its template says.
Message MessageFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
