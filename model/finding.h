// Findings and the decision made of them. docs/formats/decision.md
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/message.h"

namespace nachbau {

// kUnknown (nobody could check) is the zero value and never counts as a pass.
enum class FindingOutcome { kUnknown, kPass, kFail, kWarning, kExcepted, kNotApplicable };
std::string_view Name(FindingOutcome outcome);  // "unknown", "pass", "fail", "warning", "excepted", "not-applicable"

struct Finding {
  std::string rule;     // stable identifier: "inputs.proven"
  std::string subject;  // what was looked at: a package, a file
  FindingOutcome outcome = FindingOutcome::kUnknown;
  Message reason;                     // what was found, with the values
  std::vector<std::string> evidence;  // file names in the evidence folder, or "sha256:…"
  Message remedy;                     // what to do next; empty text when there is nothing to do
  auto operator<=>(const Finding&) const = default;
};

// {"rule", "subject", "outcome", "reason", "evidence", "remedy"}; reason and remedy are {"message": English,
// "template": English with placeholders, "arguments": […]}, so that a reader can show them in another language.
Json ToJson(const Finding& finding);
Finding FindingFromJson(const Json& json, const std::string& place);

enum class Verdict { kUnknown, kAllowed, kDenied };
std::string_view Name(Verdict verdict);  // "unknown", "allowed", "denied"

struct Decision {
  std::string subject;        // "dnsmasq 2.90-4 amd64"
  std::string policy;         // name of the policy
  std::uint64_t policy_version = 0;
  Sha256Digest policy_digest; // of the policy file's bytes
  UnixSeconds time = 0;       // the moment for which it was evaluated
  std::vector<Finding> findings;
  Verdict verdict = Verdict::kUnknown;
};

Json ToJson(const Decision& decision);
Decision DecisionFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
