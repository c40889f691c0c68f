#include "model/artifact.h"

namespace nachbau {
namespace {

ContentId ReadContentId(JsonReader& reader) {
  ContentId content;
  content.size = reader.Unsigned("size");
  content.sha256 = ParseSha256(reader.Text("sha256"), reader.PlaceOf("sha256"));
  content.sha512 = ParseSha512(reader.Text("sha512"), reader.PlaceOf("sha512"));
  return content;
}

}  // namespace

Json ToJson(const ContentId& content) {
  return {{"size", content.size}, {"sha256", content.sha256.Hex()}, {"sha512", content.sha512.Hex()}};
}

ContentId ContentIdFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  const ContentId content = ReadContentId(reader);
  reader.Done();
  return content;
}

Json ToJson(const Artifact& artifact) {
  Json json = ToJson(artifact.content);
  json["name"] = artifact.name;
  return json;
}

Artifact ArtifactFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  Artifact artifact;
  artifact.name = reader.Text("name");
  artifact.content = ReadContentId(reader);
  reader.Done();
  return artifact;
}

}  // namespace nachbau
