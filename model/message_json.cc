#include "model/message_json.h"

namespace nachbau {

Json ToJson(const Message& message) {
  return {{"message", Render(message)}, {"template", message.text}, {"arguments", message.arguments}};
}

Message MessageFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  Message message{reader.Text("template"), reader.Texts("arguments")};
  if (reader.Text("message") != Render(message)) reader.Refuse("message", "its template with the arguments put in");
  reader.Done();
  return message;
}

}  // namespace nachbau
