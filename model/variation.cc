#include "model/variation.h"

#include <algorithm>
#include <array>

namespace nachbau {
namespace {

constexpr const char* kVariationFormat = "nachbau-variation/1";
constexpr std::array<std::string_view, 4> kVerdicts = {"unknown", "independent", "dependent", "unstable"};

VariedBuild BuildFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  VariedBuild build;
  build.variations = reader.Texts("variations");
  build.outcome = BuildOutcomeFromName(reader.Text("outcome"), reader.PlaceOf("outcome"));
  build.failure = reader.Text("failure");
  const Json& artifacts = reader.Member("artifacts");
  if (!artifacts.is_object()) reader.Refuse("artifacts", "an object");
  for (const auto& [name, digest] : artifacts.items()) {
    if (!digest.is_string()) reader.Refuse("artifacts", "an object of strings");
    build.artifacts[name] = ParseSha256(digest.get<std::string>(), reader.PlaceOf("artifacts"));
  }
  build.duration_ms = reader.Unsigned("durationMs");
  reader.Done();
  return build;
}

VariationCause CauseFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  VariationCause cause;
  cause.variations = reader.Texts("variations");
  cause.failure = reader.Text("failure");
  for (const Json& item : reader.Array("artifacts")) {
    JsonReader entry(item, reader.PlaceOf("artifacts/" + std::to_string(cause.artifacts.size())));
    VariationCause::Artifact artifact;
    artifact.name = entry.Text("name");
    artifact.differences = DifferencesFromJson(entry.Array("differences"), entry.PlaceOf("differences"));
    entry.Done();
    cause.artifacts.push_back(std::move(artifact));
  }
  reader.Done();
  return cause;
}

}  // namespace

std::string_view Name(VariationVerdict verdict) { return kVerdicts.at(static_cast<std::size_t>(verdict)); }

Json ToJson(const VariationReport& report) {
  Json json = {{"format", kVariationFormat},
               {"source", report.source},
               {"version", report.version},
               {"architecture", report.architecture},
               {"lock", report.lock.Hex()},
               {"root", report.root.Hex()},
               {"varied", report.varied},
               {"notVaried", report.not_varied},
               {"builds", Json::array()},
               {"causes", Json::array()},
               {"verdict", Name(report.verdict)}};
  for (const VariedBuild& build : report.builds) {
    Json artifacts = Json::object();
    for (const auto& [name, digest] : build.artifacts) artifacts[name] = digest.Hex();
    json["builds"].push_back({{"variations", build.variations},
                              {"outcome", Name(build.outcome)},
                              {"failure", build.failure},
                              {"artifacts", artifacts},
                              {"durationMs", build.duration_ms}});
  }
  for (const VariationCause& cause : report.causes) {
    Json artifacts = Json::array();
    for (const auto& artifact : cause.artifacts) {
      artifacts.push_back({{"name", artifact.name}, {"differences", ToJson(artifact.differences)}});
    }
    json["causes"].push_back({{"variations", cause.variations}, {"failure", cause.failure}, {"artifacts", artifacts}});
  }
  return json;
}

VariationReport VariationReportFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kVariationFormat) reader.Refuse("format", kVariationFormat);
  VariationReport report;
  report.source = reader.Text("source");
  report.version = reader.Text("version");
  report.architecture = reader.Text("architecture");
  report.lock = ParseSha256(reader.Text("lock"), reader.PlaceOf("lock"));
  report.root = ParseSha256(reader.Text("root"), reader.PlaceOf("root"));
  report.varied = reader.Texts("varied");
  const Json& not_varied = reader.Member("notVaried");
  if (!not_varied.is_object()) reader.Refuse("notVaried", "an object");
  for (const auto& [name, reason] : not_varied.items()) {
    if (!reason.is_string()) reader.Refuse("notVaried", "an object of strings");
    report.not_varied[name] = reason.get<std::string>();
  }
  for (const Json& item : reader.Array("builds")) {
    report.builds.push_back(BuildFromJson(item, reader.PlaceOf("builds/" + std::to_string(report.builds.size()))));
  }
  for (const Json& item : reader.Array("causes")) {
    report.causes.push_back(CauseFromJson(item, reader.PlaceOf("causes/" + std::to_string(report.causes.size()))));
  }
  const std::string verdict = reader.Text("verdict");
  const auto known = std::find(kVerdicts.begin(), kVerdicts.end(), verdict);
  if (known == kVerdicts.end()) reader.Refuse("verdict", "a known verdict");
  report.verdict = static_cast<VariationVerdict>(known - kVerdicts.begin());
  reader.Done();
  return report;
}

}  // namespace nachbau
