#include "model/finding.h"

#include <array>

#include "model/message_json.h"

namespace nachbau {
namespace {

constexpr const char* kDecisionFormat = "nachbau-decision/1";
constexpr std::array<std::string_view, 6> kOutcomes = {"unknown",  "pass",     "fail",
                                                       "warning",  "excepted", "not-applicable"};
constexpr std::array<std::string_view, 3> kVerdicts = {"unknown", "allowed", "denied"};

}  // namespace

std::string_view Name(FindingOutcome outcome) { return kOutcomes.at(static_cast<std::size_t>(outcome)); }
std::string_view Name(Verdict verdict) { return kVerdicts.at(static_cast<std::size_t>(verdict)); }

Json ToJson(const Finding& finding) {
  return {{"rule", finding.rule},
          {"subject", finding.subject},
          {"outcome", Name(finding.outcome)},
          {"reason", ToJson(finding.reason)},
          {"evidence", finding.evidence},
          {"remedy", ToJson(finding.remedy)}};
}

Finding FindingFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  Finding finding;
  finding.rule = reader.Text("rule");
  finding.subject = reader.Text("subject");
  finding.outcome = reader.Word<FindingOutcome>("outcome", kOutcomes);
  finding.reason = MessageFromJson(reader.Member("reason"), reader.PlaceOf("reason"));
  finding.evidence = reader.Texts("evidence");
  finding.remedy = MessageFromJson(reader.Member("remedy"), reader.PlaceOf("remedy"));
  reader.Done();
  return finding;
}

Json ToJson(const Decision& decision) {
  Json json = {{"format", kDecisionFormat},
               {"subject", decision.subject},
               {"policy", {{"name", decision.policy},
                           {"version", decision.policy_version},
                           {"sha256", decision.policy_digest.Hex()}}},
               {"time", FormatTime(decision.time)},
               {"verdict", Name(decision.verdict)},
               {"findings", Json::array()}};
  for (const Finding& finding : decision.findings) json["findings"].push_back(ToJson(finding));
  return json;
}

Decision DecisionFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kDecisionFormat) reader.Refuse("format", kDecisionFormat);
  Decision decision;
  decision.subject = reader.Text("subject");
  JsonReader policy = reader.Object("policy");
  decision.policy = policy.Text("name");
  decision.policy_version = policy.Unsigned("version");
  decision.policy_digest = ParseSha256(policy.Text("sha256"), policy.PlaceOf("sha256"));
  policy.Done();
  decision.time = ParseTime(reader.Text("time"), reader.PlaceOf("time"));
  decision.verdict = reader.Word<Verdict>("verdict", kVerdicts);
  for (const Json& item : reader.Array("findings")) {
    decision.findings.push_back(
        FindingFromJson(item, reader.PlaceOf("findings/" + std::to_string(decision.findings.size()))));
  }
  reader.Done();
  return decision;
}

}  // namespace nachbau
