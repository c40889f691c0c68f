// Collects what is found of one clause, and comes to its verdict.
#pragma once

#include <string>
#include <vector>

#include "model/conformance.h"
#include "sbom/checks/sheet.h"

namespace nachbau::sbom {

class Clause {
 public:
  Clause(const char* name, const char* section, ClauseSeverity severity, Message requirement, Message remedy);

  // One thing each: does, does not, cannot be told from the document.
  void Pass() { ++result_.passed; }
  void Fail(std::string pointer, std::string component, Message found);
  void Unjudged(std::string pointer, std::string component, Message found);
  // Of a component.
  void Fail(const Subject& subject, Message found) { Fail(subject.pointer, Shown(subject), std::move(found)); }
  void Unjudged(const Subject& subject, Message found) { Unjudged(subject.pointer, Shown(subject), std::move(found)); }

  // What to say when it passes, or when there was nothing to look at; without it, general words.
  void SayOnPass(Message reason) { on_pass_ = std::move(reason); }
  void SayOnNothing(Message reason) { on_nothing_ = std::move(reason); }

  ClauseSeverity severity() const { return result_.severity; }

  // One failure fails it, else one thing that cannot be judged leaves it open.
  ClauseResult Settle() &&;

 private:
  ClauseResult result_;
  std::vector<ClausePlace> failures_, open_;
  Message on_pass_, on_nothing_;
};

}  // namespace nachbau::sbom
