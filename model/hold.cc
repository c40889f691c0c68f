#include "model/hold.h"

#include <algorithm>

#include "base/error.h"
#include "model/product.h"

namespace nachbau {
namespace {

constexpr const char* kHoldFormat = "nachbau-hold/1";
constexpr const char* kReleaseFormat = "nachbau-hold-release-statement/1";

std::string ReadName(JsonReader& reader) {
  std::string name = reader.Text("name");
  if (!IsProductName(name)) reader.Refuse("name", "the name of a hold");
  return name;
}

}  // namespace

Json ToJson(const Hold& hold) {
  Json objects = Json::array();
  for (const Sha256Digest& object : hold.objects) objects.push_back(object.Hex());
  Json keys = Json::array();
  for (const HoldKey& key : hold.keys) keys.push_back({{"name", key.name}, {"publicKey", key.public_pem}});
  return {{"format", kHoldFormat},    {"name", hold.name},
          {"reason", hold.reason},    {"added", FormatTime(hold.added)},
          {"addedBy", hold.added_by}, {"subjects", hold.subjects},
          {"objects", objects},       {"keys", keys}};
}

Hold HoldFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kHoldFormat) reader.Refuse("format", kHoldFormat);
  Hold hold;
  hold.name = ReadName(reader);
  hold.reason = reader.Text("reason");
  hold.added = ParseTime(reader.Text("added"), reader.PlaceOf("added"));
  hold.added_by = reader.Text("addedBy");
  hold.subjects = reader.Texts("subjects");
  for (const std::string& text : reader.Texts("objects")) {
    hold.objects.push_back(ParseSha256(text, reader.PlaceOf("objects")));
  }
  if (std::adjacent_find(hold.objects.begin(), hold.objects.end(), std::greater_equal<>()) != hold.objects.end()) {
    reader.Refuse("objects", "sorted digests, each once");
  }
  for (const Json& item : reader.Array("keys")) {
    JsonReader key(item, reader.PlaceOf("keys/" + std::to_string(hold.keys.size())));
    hold.keys.push_back({key.Text("name"), key.Text("publicKey")});
    key.Done();
  }
  reader.Done();
  return hold;
}

Sha256Digest DigestOf(const Hold& hold) { return Sha256(FormatCanonical(ToJson(hold))); }

Json ToJson(const HoldRelease& release) {
  return {{"format", kReleaseFormat},         {"name", release.name},
          {"hold", release.hold.Hex()},       {"reason", release.reason},
          {"time", FormatTime(release.time)}, {"askedBy", release.asked_by}};
}

HoldRelease HoldReleaseFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kReleaseFormat) reader.Refuse("format", kReleaseFormat);
  HoldRelease release;
  release.name = ReadName(reader);
  release.hold = ParseSha256(reader.Text("hold"), reader.PlaceOf("hold"));
  release.reason = reader.Text("reason");
  release.time = ParseTime(reader.Text("time"), reader.PlaceOf("time"));
  release.asked_by = reader.Text("askedBy");
  reader.Done();
  return release;
}

}  // namespace nachbau
