#include "model/event.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau {
namespace {

constexpr const char* kStatementType = "https://in-toto.io/Statement/v1";

EventSubject SubjectFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  EventSubject subject;
  subject.name = reader.Text("name");
  if (subject.name.empty()) reader.Refuse("name", "a name");
  subject.sha256 = ParseSha256(reader.Text("sha256"), reader.PlaceOf("sha256"));
  reader.Done();
  return subject;
}

Json ToJson(const EventActor& actor) {
  Json json = {{"name", actor.name}, {"account", actor.account}};
  if (!actor.role.empty()) json["role"] = actor.role;
  if (!actor.sudo_from.empty()) json["sudoFrom"] = actor.sudo_from;
  return json;
}

EventActor ActorFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  EventActor actor;
  actor.name = reader.Text("name");
  actor.account = reader.Text("account");
  actor.role = reader.TextOr("role", "");
  actor.sudo_from = reader.TextOr("sudoFrom", "");
  if (!IsActorName(actor.name)) reader.Refuse("name", "the name of a person");
  if (!actor.role.empty() && !IsActorName(actor.role)) reader.Refuse("role", "the name of a role");
  reader.Done();
  return actor;
}

}  // namespace

bool IsActionName(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.front() == '.' || text.back() == '.' || text.find("..") != text.npos) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

bool IsActorName(std::string_view text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !text.empty() && text.size() <= 100 && text.find_first_not_of(' ') != text.npos && IsUtf8(text) &&
         std::none_of(text.begin(), text.end(), control);
}

MirrorEvent MakeEvent(std::string_view action, UnixSeconds time, EventActor actor, Json details) {
  const std::string place = "event " + std::string(action);
  if (!details.is_object()) throw ParseError(place, 0, Msg("the details must be an object"));
  MirrorEvent event;
  event.action = action;
  event.time = time;
  event.actor = std::move(actor);
  if (const auto subjects = details.find("subjects"); subjects != details.end()) {
    JsonReader reader(details, place);
    for (const Json& subject : reader.Array("subjects")) {
      event.subjects.push_back(
          SubjectFromJson(subject, place + "/subjects/" + std::to_string(event.subjects.size())));
    }
    details.erase("subjects");
  }
  event.details = std::move(details);
  if (event.subjects.empty()) event.subjects.push_back({event.action, Sha256(FormatCanonical(event.details))});
  return event;
}

Json ToJson(const MirrorEvent& event) {
  Json subjects = Json::array();
  for (const EventSubject& subject : event.subjects) {
    subjects.push_back({{"name", subject.name}, {"digest", {{"sha256", subject.sha256.Hex()}}}});
  }
  Json predicate = {{"action", event.action},
                    {"time", FormatTime(event.time)},
                    {"actor", ToJson(event.actor)},
                    {"details", event.details}};
  if (event.repeated) predicate["repeated"] = true;
  return {{"_type", kStatementType},
          {"subject", subjects},
          {"predicateType", kEventPredicateType},
          {"predicate", predicate}};
}

MirrorEvent EventFromJson(const Json& statement, const std::string& place) {
  JsonReader reader(statement, place);
  if (reader.Text("_type") != kStatementType) reader.Refuse("_type", kStatementType);
  if (reader.Text("predicateType") != kEventPredicateType) reader.Refuse("predicateType", kEventPredicateType);
  MirrorEvent event;
  for (const Json& item : reader.Array("subject")) {
    JsonReader entry(item, reader.PlaceOf("subject/" + std::to_string(event.subjects.size())));
    EventSubject subject;
    subject.name = entry.Text("name");
    JsonReader digest = entry.Object("digest");
    subject.sha256 = ParseSha256(digest.Text("sha256"), digest.PlaceOf("sha256"));
    digest.Done();
    entry.Done();
    event.subjects.push_back(std::move(subject));
  }
  if (event.subjects.empty()) reader.Refuse("subject", "at least one subject");
  JsonReader predicate = reader.Object("predicate");
  event.action = predicate.Text("action");
  if (!IsActionName(event.action)) predicate.Refuse("action", "the name of an action");
  event.time = ParseTime(predicate.Text("time"), predicate.PlaceOf("time"));
  event.actor = ActorFromJson(predicate.Member("actor"), predicate.PlaceOf("actor"));
  event.details = predicate.Member("details");
  if (!event.details.is_object()) predicate.Refuse("details", "an object");
  if (predicate.FindMember("repeated") != nullptr) event.repeated = predicate.Boolean("repeated");
  predicate.Done();
  reader.Done();
  return event;
}

}  // namespace nachbau
