#include "model/build_record.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace nachbau {
namespace {
constexpr const char* kBuildRecordFormat = "nachbau-build/1";
constexpr std::array<std::string_view, 5> kOutcomes = {"failed", "built", "timed-out", "over-limit", "cancelled"};
}  // namespace

std::string_view Name(BuildOutcome outcome) { return kOutcomes.at(static_cast<std::size_t>(outcome)); }

BuildOutcome BuildOutcomeFromName(std::string_view name, const std::string& place) {
  const auto known = std::find(kOutcomes.begin(), kOutcomes.end(), name);
  if (known == kOutcomes.end()) throw ParseError(place, 0, Msg("must be {}", "a known outcome"));
  return static_cast<BuildOutcome>(known - kOutcomes.begin());
}

Json ToJson(const BuildRecord& record) {
  Json json = {{"format", kBuildRecordFormat},
               {"source", record.source},
               {"version", record.version},
               {"architecture", record.architecture},
               {"lock", record.lock.Hex()},
               {"root", record.root.Hex()},
               {"recipe", record.recipe},
               {"profile", record.profile},
               {"command", record.command},
               {"environment", record.environment},
               {"buildPath", record.build_path},
               {"variations", record.variations},
               {"sandbox", Json::array()},
               {"kernel", record.kernel},
               {"builder", record.builder},
               {"outcome", Name(record.outcome)},
               {"exitCode", record.exit_code},
               {"failure", record.failure},
               {"started", FormatTime(record.started)},
               {"durationMs", record.duration_ms},
               {"cpuMs", record.cpu_ms},
               {"peakMemory", record.peak_memory},
               {"outputs", Json::array()},
               {"log", ToJson(record.log)}};
  for (const Guarantee& guarantee : record.sandbox) {
    json["sandbox"].push_back(
        {{"name", guarantee.name}, {"inForce", guarantee.in_force}, {"detail", guarantee.detail}});
  }
  if (record.trace) json["trace"] = ToJson(*record.trace);
  for (const Artifact& output : record.outputs) json["outputs"].push_back(ToJson(output));
  return json;
}

BuildRecord BuildRecordFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kBuildRecordFormat) reader.Refuse("format", kBuildRecordFormat);
  BuildRecord record;
  record.source = reader.Text("source");
  record.version = reader.Text("version");
  record.architecture = reader.Text("architecture");
  record.lock = ParseSha256(reader.Text("lock"), reader.PlaceOf("lock"));
  record.root = ParseSha256(reader.Text("root"), reader.PlaceOf("root"));
  record.recipe = reader.Text("recipe");
  record.profile = reader.Text("profile");
  record.command = reader.Texts("command");
  const Json& environment = reader.Member("environment");
  if (!environment.is_object()) reader.Refuse("environment", "an object");
  for (const auto& [key, value] : environment.items()) {
    if (!value.is_string()) reader.Refuse("environment", "an object of strings");
    record.environment[key] = value.get<std::string>();
  }
  record.build_path = reader.Text("buildPath");
  record.variations = reader.Texts("variations");
  for (const Json& item : reader.Array("sandbox")) {
    JsonReader entry(item, reader.PlaceOf("sandbox/" + std::to_string(record.sandbox.size())));
    Guarantee guarantee;
    guarantee.name = entry.Text("name");
    guarantee.in_force = entry.Boolean("inForce");
    guarantee.detail = entry.Text("detail");
    entry.Done();
    record.sandbox.push_back(std::move(guarantee));
  }
  record.kernel = reader.Text("kernel");
  record.builder = reader.Text("builder");
  record.outcome = BuildOutcomeFromName(reader.Text("outcome"), reader.PlaceOf("outcome"));
  const std::int64_t exit_code = reader.Integer("exitCode");
  if (exit_code < -1 || exit_code > 255) reader.Refuse("exitCode", "an exit code");
  record.exit_code = static_cast<int>(exit_code);
  record.failure = reader.Text("failure");
  record.started = ParseTime(reader.Text("started"), reader.PlaceOf("started"));
  record.duration_ms = reader.Unsigned("durationMs");
  record.cpu_ms = reader.Unsigned("cpuMs");
  record.peak_memory = reader.Unsigned("peakMemory");
  for (const Json& item : reader.Array("outputs")) {
    record.outputs.push_back(
        ArtifactFromJson(item, reader.PlaceOf("outputs/" + std::to_string(record.outputs.size()))));
  }
  record.log = ArtifactFromJson(reader.Member("log"), reader.PlaceOf("log"));
  if (const Json* trace = reader.FindMember("trace")) record.trace = ArtifactFromJson(*trace, reader.PlaceOf("trace"));
  reader.Done();
  return record;
}

}  // namespace nachbau
