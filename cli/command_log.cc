// The log: is it whole, and what does it say was done.
#include <algorithm>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "report/summary.h"
#include "verifier/event_journal.h"

namespace nachbau::cli {
namespace {

std::string Who(const EventActor& actor) {
  std::string who = actor.name;
  if (!actor.role.empty()) who += " (" + actor.role + ")";
  if (actor.name != actor.account) who += " [" + actor.account + "]";
  return who;
}

// What a bundle that does not hold was found to be: the first thing that is wrong, else unknown.
const Finding* Trouble(const verifier::RecordedEvent& event) {
  const Finding* trouble = nullptr;
  for (const Finding& finding : event.findings) {
    if (finding.outcome == FindingOutcome::kFail) return &finding;
    if (finding.outcome != FindingOutcome::kPass) trouble = &finding;
  }
  return trouble;
}

Json ToJson(const verifier::RecordedEvent& recorded) {
  Json findings = Json::array();
  for (const Finding& finding : recorded.findings) findings.push_back(nachbau::ToJson(finding));
  Json json = {{"index", recorded.index},
               {"file", recorded.file},
               {"verified", recorded.Verified()},
               {"findings", findings}};
  if (recorded.event) {
    const Json statement = nachbau::ToJson(*recorded.event);
    json["event"] = statement["predicate"];
    json["subject"] = statement["subject"];
  }
  return json;
}

}  // namespace

int RunLogEvents(Context& context) {
  const auto events = verifier::ListEvents(context.EventDirectory(), context.TrustedKeys());
  int code = kGood;
  Json list = Json::array();
  for (const verifier::RecordedEvent& recorded : events) {
    const Finding* trouble = Trouble(recorded);
    if (trouble != nullptr && code != kBad) code = trouble->outcome == FindingOutcome::kFail ? kBad : kCouldNotCheck;
    if (context.arguments().json) {
      list.push_back(ToJson(recorded));
      continue;
    }
    std::string line = std::to_string(recorded.index) + "  ";
    if (recorded.event) {
      const MirrorEvent& event = *recorded.event;
      line += FormatTime(event.time) + "  " + Who(event.actor) + "  " + event.action;
      for (std::size_t i = 0; i < event.subjects.size() && i < 3; ++i) {
        if (event.subjects[i].name != event.action) line += "  " + event.subjects[i].name;
      }
      if (event.subjects.size() > 3) line += "  " + context.Text(Msg("and {} more", event.subjects.size() - 3));
    } else {
      line += recorded.file;
    }
    context.PrintLine(Printable(line) + "  " +
                      (trouble == nullptr ? context.Text(Msg("verified"))
                                          : context.Text(Msg("NOT verified: {}", context.Text(trouble->reason)))));
  }
  if (context.arguments().json) {
    context.PrintJson(list);
  } else if (events.empty()) {
    context.Print(Msg("nothing is on record yet"));
  }
  return code;
}

}  // namespace nachbau::cli
