#include "model/conformance.h"

#include <algorithm>
#include <array>

#include "model/message_json.h"

namespace nachbau {
namespace {

constexpr const char* kConformanceFormat = "nachbau-conformance/1";
constexpr std::array<std::string_view, 4> kVerdicts = {"cannot-judge", "pass", "fail", "not-applicable"};
constexpr std::array<std::string_view, 3> kSeverities = {"required", "additional", "optional"};

Json ToJson(const ClausePlace& place) {
  return {{"pointer", place.pointer},
          {"component", place.component},
          {"verdict", Name(place.verdict)},
          {"found", ToJson(place.found)}};
}

ClausePlace PlaceFromJson(const Json& json, const std::string& where) {
  JsonReader reader(json, where);
  ClausePlace place;
  place.pointer = reader.Text("pointer");
  place.component = reader.Text("component");
  place.verdict = reader.Word<ClauseVerdict>("verdict", kVerdicts);
  place.found = MessageFromJson(reader.Member("found"), reader.PlaceOf("found"));
  reader.Done();
  return place;
}

Json ToJson(const ClauseResult& clause) {
  Json places = Json::array();
  for (const ClausePlace& place : clause.places) places.push_back(ToJson(place));
  return {{"clause", clause.clause},
          {"section", clause.section},
          {"severity", Name(clause.severity)},
          {"verdict", Name(clause.verdict)},
          {"requirement", ToJson(clause.requirement)},
          {"reason", ToJson(clause.reason)},
          {"remedy", ToJson(clause.remedy)},
          {"passed", clause.passed},
          {"failed", clause.failed},
          {"unjudged", clause.unjudged},
          {"places", places}};
}

ClauseResult ClauseFromJson(const Json& json, const std::string& where) {
  JsonReader reader(json, where);
  ClauseResult clause;
  clause.clause = reader.Text("clause");
  clause.section = reader.Text("section");
  clause.severity = reader.Word<ClauseSeverity>("severity", kSeverities);
  clause.verdict = reader.Word<ClauseVerdict>("verdict", kVerdicts);
  clause.requirement = MessageFromJson(reader.Member("requirement"), reader.PlaceOf("requirement"));
  clause.reason = MessageFromJson(reader.Member("reason"), reader.PlaceOf("reason"));
  clause.remedy = MessageFromJson(reader.Member("remedy"), reader.PlaceOf("remedy"));
  clause.passed = reader.Unsigned("passed");
  clause.failed = reader.Unsigned("failed");
  clause.unjudged = reader.Unsigned("unjudged");
  for (const Json& item : reader.Array("places")) {
    clause.places.push_back(PlaceFromJson(item, reader.PlaceOf("places/" + std::to_string(clause.places.size()))));
  }
  reader.Done();
  return clause;
}

Json ToJson(const ProfileResult& profile) {
  Json clauses = Json::array();
  for (const ClauseResult& clause : profile.clauses) clauses.push_back(ToJson(clause));
  return {{"profile", profile.profile}, {"title", profile.title},         {"version", profile.version},
          {"owner", profile.owner},     {"conforms", profile.Conforms()}, {"clauses", clauses}};
}

ProfileResult ProfileFromJson(const Json& json, const std::string& where) {
  JsonReader reader(json, where);
  ProfileResult profile;
  profile.profile = reader.Text("profile");
  profile.title = reader.Text("title");
  profile.version = reader.Text("version");
  profile.owner = reader.Text("owner");
  for (const Json& item : reader.Array("clauses")) {
    profile.clauses.push_back(ClauseFromJson(item, reader.PlaceOf("clauses/" + std::to_string(profile.clauses.size()))));
  }
  if (reader.Boolean("conforms") != profile.Conforms()) reader.Refuse("conforms", "what the clauses come to");
  reader.Done();
  return profile;
}

}  // namespace

std::string_view Name(ClauseVerdict verdict) { return kVerdicts.at(static_cast<std::size_t>(verdict)); }
std::string_view Name(ClauseSeverity severity) { return kSeverities.at(static_cast<std::size_t>(severity)); }

std::size_t ProfileResult::Count(ClauseVerdict verdict) const {
  return static_cast<std::size_t>(
      std::count_if(clauses.begin(), clauses.end(), [&](const ClauseResult& clause) { return clause.verdict == verdict; }));
}

std::size_t ProfileResult::Notes() const {
  return static_cast<std::size_t>(std::count_if(clauses.begin(), clauses.end(), [](const ClauseResult& clause) {
    return clause.verdict == ClauseVerdict::kFail && clause.Stands();
  }));
}

bool ProfileResult::Conforms() const {
  return !clauses.empty() && std::all_of(clauses.begin(), clauses.end(), [](const auto& clause) { return clause.Stands(); });
}

bool Conformance::Conforms() const {
  return !profiles.empty() &&
         std::all_of(profiles.begin(), profiles.end(), [](const auto& profile) { return profile.Conforms(); });
}

Json ToJson(const Conformance& conformance) {
  Json profiles = Json::array();
  for (const ProfileResult& profile : conformance.profiles) profiles.push_back(ToJson(profile));
  return {{"format", kConformanceFormat},
          {"document",
           {{"name", conformance.document},
            {"size", conformance.content.size},
            {"sha256", conformance.content.sha256.Hex()},
            {"sha512", conformance.content.sha512.Hex()},
            {"format", conformance.format},
            {"serial", conformance.serial},
            {"product", conformance.product},
            {"timestamp", conformance.timestamp}}},
          {"files", {{"atHand", conformance.files_at_hand}, {"recognised", conformance.files_recognised}}},
          {"profiles", profiles}};
}

Conformance ConformanceFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kConformanceFormat) reader.Refuse("format", kConformanceFormat);
  Conformance conformance;
  JsonReader document = reader.Object("document");
  conformance.document = document.Text("name");
  conformance.content.size = document.Unsigned("size");
  conformance.content.sha256 = ParseSha256(document.Text("sha256"), document.PlaceOf("sha256"));
  conformance.content.sha512 = ParseSha512(document.Text("sha512"), document.PlaceOf("sha512"));
  conformance.format = document.Text("format");
  conformance.serial = document.Text("serial");
  conformance.product = document.Text("product");
  conformance.timestamp = document.Text("timestamp");
  document.Done();
  JsonReader files = reader.Object("files");
  conformance.files_at_hand = files.Boolean("atHand");
  conformance.files_recognised = files.Unsigned("recognised");
  files.Done();
  for (const Json& item : reader.Array("profiles")) {
    conformance.profiles.push_back(
        ProfileFromJson(item, reader.PlaceOf("profiles/" + std::to_string(conformance.profiles.size()))));
  }
  reader.Done();
  return conformance;
}

}  // namespace nachbau
