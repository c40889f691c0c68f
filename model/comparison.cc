#include "model/comparison.h"

#include <algorithm>
#include <array>

namespace nachbau {
namespace {

constexpr const char* kComparisonFormat = "nachbau-comparison/1";
constexpr std::array<std::string_view, 6> kOutcomes = {"not-built", "identical", "code-identical",
                                                       "explained", "differs",   "no-reference"};

}  // namespace

Json ToJson(const std::vector<Difference>& differences) {
  Json json = Json::array();
  for (const Difference& difference : differences) {
    json.push_back({{"place", difference.place}, {"kind", difference.kind}, {"detail", difference.detail}});
    if (!difference.inside.empty()) json.back()["inside"] = ToJson(difference.inside);
  }
  return json;
}

// ParseJson bounds the depth of what comes in, and so of this recursion.
std::vector<Difference> DifferencesFromJson(const Json& json, const std::string& place) {
  std::vector<Difference> differences;
  for (const Json& item : json) {
    const std::string here = place + "/" + std::to_string(differences.size());
    JsonReader reader(item, here);
    Difference difference;
    difference.place = reader.Text("place");
    difference.kind = reader.Text("kind");
    difference.detail = reader.Text("detail");
    if (reader.FindMember("inside") != nullptr) {
      difference.inside = DifferencesFromJson(reader.Array("inside"), here + "/inside");
    }
    reader.Done();
    differences.push_back(std::move(difference));
  }
  return differences;
}

std::string_view Name(ComparisonOutcome outcome) { return kOutcomes.at(static_cast<std::size_t>(outcome)); }

std::size_t Comparison::Count(ComparisonOutcome outcome) const {
  return static_cast<std::size_t>(std::count_if(artifacts.begin(), artifacts.end(),
                                                [&](const auto& artifact) { return artifact.outcome == outcome; }));
}

Json ToJson(const Comparison& comparison) {
  Json json = {{"format", kComparisonFormat},
               {"source", comparison.source},
               {"version", comparison.version},
               {"architecture", comparison.architecture},
               {"artifacts", Json::array()}};
  for (const ArtifactComparison& artifact : comparison.artifacts) {
    Json entry = {{"name", artifact.name},
                  {"package", artifact.package},
                  {"architecture", artifact.architecture},
                  {"outcome", Name(artifact.outcome)},
                  {"referenceOrigin", artifact.reference_origin},
                  {"differences", ToJson(artifact.differences)}};
    if (artifact.built) entry["built"] = ToJson(*artifact.built);
    if (artifact.reference) entry["reference"] = ToJson(*artifact.reference);
    json["artifacts"].push_back(std::move(entry));
  }
  return json;
}

Comparison ComparisonFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kComparisonFormat) reader.Refuse("format", kComparisonFormat);
  Comparison comparison;
  comparison.source = reader.Text("source");
  comparison.version = reader.Text("version");
  comparison.architecture = reader.Text("architecture");
  for (const Json& item : reader.Array("artifacts")) {
    JsonReader entry(item, reader.PlaceOf("artifacts/" + std::to_string(comparison.artifacts.size())));
    ArtifactComparison artifact;
    artifact.name = entry.Text("name");
    artifact.package = entry.Text("package");
    artifact.architecture = entry.Text("architecture");
    const std::string outcome = entry.Text("outcome");
    const auto known = std::find(kOutcomes.begin(), kOutcomes.end(), outcome);
    if (known == kOutcomes.end()) entry.Refuse("outcome", "a known outcome");
    artifact.outcome = static_cast<ComparisonOutcome>(known - kOutcomes.begin());
    artifact.reference_origin = entry.Text("referenceOrigin");
    if (const Json* built = entry.FindMember("built")) {
      artifact.built = ContentIdFromJson(*built, entry.PlaceOf("built"));
    }
    if (const Json* reference = entry.FindMember("reference")) {
      artifact.reference = ContentIdFromJson(*reference, entry.PlaceOf("reference"));
    }
    artifact.differences = DifferencesFromJson(entry.Array("differences"), entry.PlaceOf("differences"));
    entry.Done();
    comparison.artifacts.push_back(std::move(artifact));
  }
  reader.Done();
  return comparison;
}

}  // namespace nachbau
