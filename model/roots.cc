#include "model/roots.h"

namespace nachbau {
namespace {
constexpr const char* kRootsFormat = "nachbau-roots/1";
}  // namespace

Json ToJson(const Roots& roots) {
  Json objects = Json::array();
  for (const Sha256Digest& object : roots.objects) objects.push_back(object.Hex());
  return {{"format", kRootsFormat}, {"name", roots.name}, {"reason", roots.reason}, {"objects", objects}};
}

Roots RootsFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kRootsFormat) reader.Refuse("format", kRootsFormat);
  Roots roots;
  roots.name = reader.Text("name");
  roots.reason = reader.Text("reason");
  for (const std::string& text : reader.Texts("objects")) {
    roots.objects.push_back(ParseSha256(text, reader.PlaceOf("objects")));
  }
  reader.Done();
  return roots;
}

}  // namespace nachbau
