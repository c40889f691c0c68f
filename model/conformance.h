// What a guideline asks of an SBOM, clause by clause, and what was found of it. docs/formats/conformance.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/message.h"

namespace nachbau {

// kCannotJudge is the zero value: a clause that nobody could judge is not kept.
enum class ClauseVerdict { kCannotJudge, kPass, kFail, kNotApplicable };
std::string_view Name(ClauseVerdict verdict);  // "cannot-judge", "pass", "fail", "not-applicable"

// kRequired: must be. kAdditional: must be where the information exists. kOptional: may be, and is a note when it is
// wrong.
enum class ClauseSeverity { kRequired, kAdditional, kOptional };
std::string_view Name(ClauseSeverity severity);  // "required", "additional", "optional"

// One thing in the document that does not do, or cannot be judged.
struct ClausePlace {
  std::string pointer;    // JSON pointer into the document
  std::string component;  // "dnsmasq 2.90-4"; foreign text; empty for the document itself
  ClauseVerdict verdict = ClauseVerdict::kCannotJudge;  // kFail or kCannotJudge
  Message found;
  auto operator<=>(const ClausePlace&) const = default;
};

struct ClauseResult {
  std::string clause;   // stable identifier: "component.filename"
  std::string section;  // of the guideline: "5.2.2"
  ClauseSeverity severity = ClauseSeverity::kRequired;
  ClauseVerdict verdict = ClauseVerdict::kCannotJudge;
  Message requirement;  // what is asked, in our words
  Message reason;       // what was found
  Message remedy;       // what to do; empty text where there is nothing to do
  std::uint64_t passed = 0, failed = 0, unjudged = 0;  // of how many things looked at
  std::vector<ClausePlace> places;  // the first kMaxClausePlaces, those that fail first

  // A note is an optional clause that fails: it does not stand in the way of conformity.
  bool Stands() const { return verdict != ClauseVerdict::kFail || severity == ClauseSeverity::kOptional; }
};
inline constexpr std::size_t kMaxClausePlaces = 25;

struct ProfileResult {
  std::string profile;  // "bsi-tr-03183-2", "ntia", "cra"
  std::string title;    // "BSI TR-03183-2"
  std::string version;  // of the guideline: "2.1.0"
  std::string owner;    // who issued it
  std::vector<ClauseResult> clauses;  // in the guideline's order

  std::size_t Count(ClauseVerdict verdict) const;
  std::size_t Notes() const;  // optional clauses that fail
  // No clause fails that must not. What could not be judged is left open; see Count.
  bool Conforms() const;
};

struct Conformance {
  std::string document;  // name of the file, as given
  ContentId content;     // of its bytes
  std::string format;    // "CycloneDX 1.7"
  std::string serial;    // serialNumber, or the document's SPDX identifier; empty when there is none
  std::string product;   // "dnsmasq 2.90-4"; empty when the document does not say what it is about
  std::string timestamp; // as the document states it; empty when it does not
  bool files_at_hand = false;         // the files themselves were looked at
  std::uint64_t files_recognised = 0;  // how many of them the document describes
  std::vector<ProfileResult> profiles;

  bool Conforms() const;
};

Json ToJson(const Conformance& conformance);
Conformance ConformanceFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
