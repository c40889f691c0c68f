#include "builder/sandbox/forked_error.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace nachbau::builder {
namespace {

Json MessagesToJson(const std::vector<Message>& messages) {
  Json all = Json::array();
  for (const Message& message : messages) all.push_back({{"text", message.text}, {"arguments", message.arguments}});
  return all;
}

std::vector<Message> MessagesFromJson(const Json& json) {
  std::vector<Message> messages;
  for (const Json& one : json) {
    messages.push_back({one.at("text").get<std::string>(), one.at("arguments").get<std::vector<std::string>>()});
  }
  return messages;
}

// Throws `error` after putting back the outer contexts: all of `parts` but the last `own`, which its constructor made.
template <typename E>
[[noreturn]] void ThrowWith(E error, const std::vector<Message>& parts, std::size_t own, const std::vector<Message>& hints) {
  for (std::size_t i = parts.size() - std::min(own, parts.size()); i-- > 0;) error.AddContext(parts[i]);
  for (const Message& hint : hints) error.SetHint(hint);
  throw error;
}

}  // namespace

std::string FormatError(const std::exception& error) {
  Json json = {{"kind", "error"}, {"number", 0}, {"hints", Json::array()}};
  if (const auto* own = dynamic_cast<const Error*>(&error)) {
    json["parts"] = MessagesToJson(own->parts());
    json["hints"] = MessagesToJson(own->hints());
    if (const auto* system = dynamic_cast<const SystemError*>(own)) {
      json["kind"] = "system";
      json["number"] = system->error_number();
    } else if (dynamic_cast<const MissingError*>(own) != nullptr) {
      json["kind"] = "missing";
    } else if (dynamic_cast<const ParseError*>(own) != nullptr) {
      json["kind"] = "parse";
    } else if (dynamic_cast<const IntegrityError*>(own) != nullptr) {
      json["kind"] = "integrity";
    } else if (dynamic_cast<const CancelledError*>(own) != nullptr) {
      json["kind"] = "cancelled";
    }
  } else {
    json["parts"] = MessagesToJson({Msg("{}", std::string_view(error.what()))});
  }
  // Foreign file names may not be UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void ThrowFormattedError(std::string_view bytes, std::string_view fallback) {
  if (bytes.empty()) throw Error(Msg("{}", fallback));
  const Json json = ParseJson(bytes, "error of a child process");
  const std::string kind = json.at("kind");
  const int number = json.at("number");
  const std::vector<Message> parts = MessagesFromJson(json.at("parts"));
  const std::vector<Message> hints = MessagesFromJson(json.at("hints"));
  NACHBAU_CHECK(!parts.empty());
  const Message& last = parts.back();
  if (kind == "system" && parts.size() >= 2) ThrowWith(SystemError(number, parts[parts.size() - 2]), parts, 2, hints);
  if (kind == "missing") ThrowWith(MissingError(last), parts, 1, hints);
  if (kind == "cancelled") ThrowWith(CancelledError(), parts, 1, hints);
  if (kind == "parse" && parts.size() >= 2) {
    ThrowWith(ParseError(Render(parts[parts.size() - 2]), 0, last), parts, 2, hints);
  }
  if (kind == "integrity" && last.arguments.size() == 3) {
    ThrowWith(IntegrityError(last.arguments[0], last.arguments[1], last.arguments[2]), parts, 1, hints);
  }
  ThrowWith(Error(last), parts, 1, hints);
}

}  // namespace nachbau::builder
