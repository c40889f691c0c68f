// The front door of the policies: facts and a policy in, a decision out. A pure function; no I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "model/build_record.h"
#include "model/comparison.h"
#include "model/finding.h"
#include "model/lock.h"

namespace nachbau::policies {

// A policy file (TOML). Strict: an unknown key is an error with line and a suggestion.
struct Policy {
  struct Rule {
    std::string check;             // "inputs.proven", "licences.free", "binaries.identical" …
    std::string severity;          // "error" or "warning"
    Json parameters;               // object
    std::string title_en, title_de;
  };
  std::string name;
  std::uint64_t version = 0;
  std::string title_en, title_de;
  std::vector<Rule> rules;
  Sha256Digest digest;             // of the text
};
Policy ParsePolicy(std::string_view text, std::string_view name);
// The shipped default policy's text (policies/default.toml, embedded).
std::string_view DefaultPolicyText();

// What a decision may rest on. An absent fact is unknown, never a pass.
struct Facts {
  const Lock* lock = nullptr;
  const BuildRecord* record = nullptr;
  const Comparison* comparison = nullptr;
  const Json* sbom = nullptr;
  std::vector<Finding> proof_findings;        // of the inputs' chains of proof
  bool proofs_checked = false;
  std::vector<Finding> sbom_findings;         // schema and artifacts
  bool sbom_checked = false;
  std::vector<Finding> attestation_findings;  // signature, trust, log inclusion
  bool attestation_checked = false;
};

Decision Evaluate(const Policy& policy, const Facts& facts, UnixSeconds time);

}  // namespace nachbau::policies
