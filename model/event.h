// What somebody did to a mirror: the predicate of the in-toto statements that record it. docs/formats/event.md
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"

namespace nachbau {

inline constexpr const char* kEventPredicateType = "urn:nachbau:predicate:mirror-event:1";

// Who did it. The name is what the account says, or what the person or the workspace says beside it; the account is
// what the machine knows, and stands there in any case.
struct EventActor {
  std::string name;        // "mara", "mirror-keeper of office a"
  std::string role;        // "mirror-keeper"; empty where none was given
  std::string account;     // login name of the real user id, or its number
  std::string sudo_from;   // who called sudo; empty without it
  auto operator<=>(const EventActor&) const = default;
};

// Something that the event is about, by digest.
struct EventSubject {
  std::string name;
  Sha256Digest sha256;
  auto operator<=>(const EventSubject&) const = default;
};

struct MirrorEvent {
  std::string action;      // "mirror.sync", "mirror.key.add"…
  UnixSeconds time = 0;
  EventActor actor;
  Json details = Json::object();         // an object; what else there is to say, by action
  std::vector<EventSubject> subjects;    // at least one; see MakeEvent
  bool repeated = false;                 // recorded again, because the first time may have been cut off
};

// `details` is an object. Its member "subjects", an array of {"name", "sha256"}, is taken out of it and becomes the
// subjects. Without one the details themselves are the subject, named as the action. Throws ParseError for anything else.
MirrorEvent MakeEvent(std::string_view action, UnixSeconds time, EventActor actor, Json details);

// The in-toto Statement v1, and back, strictly. FromJson throws ParseError also for other types of statements.
Json ToJson(const MirrorEvent& event);
MirrorEvent EventFromJson(const Json& statement, const std::string& place);

// "mirror.key.add": words of lower-case letters, digits and '-', with dots between, at most 64 bytes.
bool IsActionName(std::string_view text);
// What may name a person or a role: 1 to 100 bytes of UTF-8 without control characters, not only blanks.
bool IsActorName(std::string_view text);

}  // namespace nachbau
