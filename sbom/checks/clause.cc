#include "sbom/checks/clause.h"

#include <iterator>
#include <utility>

namespace nachbau::sbom {
namespace {

// Of the verdict `places` are about: the one thing itself, or how many.
Message Reason(const std::vector<ClausePlace>& places, std::uint64_t count, std::uint64_t all, ClauseVerdict verdict) {
  if (count == 1 && all == 1) return places.front().found;
  return verdict == ClauseVerdict::kFail ? Msg("{} of {} do not keep to it", count, all)
                                         : Msg("{} of {} cannot be judged", count, all);
}

}  // namespace

Clause::Clause(const char* name, const char* section, ClauseSeverity severity, Message requirement, Message remedy) {
  result_.clause = name;
  result_.section = section;
  result_.severity = severity;
  result_.requirement = std::move(requirement);
  result_.remedy = std::move(remedy);
}

void Clause::Fail(std::string pointer, std::string component, Message found) {
  ++result_.failed;
  if (failures_.size() >= kMaxClausePlaces) return;
  failures_.push_back({std::move(pointer), std::move(component), ClauseVerdict::kFail, std::move(found)});
}

void Clause::Unjudged(std::string pointer, std::string component, Message found) {
  ++result_.unjudged;
  if (open_.size() >= kMaxClausePlaces) return;
  open_.push_back({std::move(pointer), std::move(component), ClauseVerdict::kCannotJudge, std::move(found)});
}

ClauseResult Clause::Settle() && {
  const std::uint64_t all = result_.passed + result_.failed + result_.unjudged;
  if (result_.failed != 0) {
    result_.verdict = ClauseVerdict::kFail;
    result_.reason = Reason(failures_, result_.failed, all, result_.verdict);
  } else if (result_.unjudged != 0) {
    result_.verdict = ClauseVerdict::kCannotJudge;
    result_.reason = Reason(open_, result_.unjudged, all, result_.verdict);
  } else if (result_.passed != 0) {
    result_.verdict = ClauseVerdict::kPass;
    result_.reason = !on_pass_.text.empty() ? on_pass_ : all == 1 ? Msg("is so") : Msg("all {} keep to it", all);
  } else {
    result_.verdict = ClauseVerdict::kNotApplicable;
    result_.reason = !on_nothing_.text.empty() ? on_nothing_ : Msg("there is nothing in the document that it is about");
  }
  if (result_.verdict == ClauseVerdict::kPass || result_.verdict == ClauseVerdict::kNotApplicable) result_.remedy = {};
  result_.places = std::move(failures_);
  for (ClausePlace& place : open_) {
    if (result_.places.size() == kMaxClausePlaces) break;
    result_.places.push_back(std::move(place));
  }
  return std::move(result_);
}

}  // namespace nachbau::sbom
