#include "verifier/bundle_check.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/merkle.h"
#include "verifier/bundle.h"
#include "verifier/checkpoint.h"
#include "verifier/statement.h"

namespace nachbau::verifier {
namespace {

Finding MakeFinding(const char* rule, const std::string& name, FindingOutcome outcome, Message reason) {
  Finding finding;
  finding.rule = rule;
  finding.subject = name;
  finding.outcome = outcome;
  finding.reason = std::move(reason);
  finding.evidence = {name};
  return finding;
}

Message Describe(Inclusion inclusion) {
  switch (inclusion) {
    case Inclusion::kIndexOutOfRange: return Msg("the entry's position lies outside of the tree");
    case Inclusion::kWrongPathLength: return Msg("the proof of inclusion has the wrong length");
    case Inclusion::kRootMismatch: return Msg("the proof of inclusion leads to another tree hash");
    case Inclusion::kProven: break;
  }
  return Msg("the entry is in the log");
}

// Everything about the log: the entry speaks of this envelope, the tree has the entry, and the log's key signed the tree.
Finding CheckLogged(const Bundle& bundle, const std::string& name, const std::vector<ParsedKey>& trusted) {
  const auto fail = [&](Message reason) {
    return MakeFinding("attestation.logged", name, FindingOutcome::kFail, std::move(reason));
  };
  // FormatTime knows four-digit years.
  constexpr UnixSeconds kLatest = 253402300799;
  if (bundle.integrated_time < 0 || bundle.integrated_time > kLatest) {
    return fail(Msg("the time of the log entry is out of range"));
  }
  if (bundle.entry != LogEntryOf(bundle.envelope, bundle.integrated_time)) {
    return fail(Msg("the log entry speaks of another envelope, key or time"));
  }
  const Note note = ParseNote(bundle.checkpoint, name + ": checkpoint");
  const Checkpoint checkpoint = ParseCheckpoint(note, name + ": checkpoint");
  if (checkpoint.size != bundle.tree_size || checkpoint.root != bundle.root) {
    return fail(Msg("the checkpoint is of another tree than the proof of inclusion"));
  }
  const Inclusion inclusion =
      CheckInclusion(bundle.log_index, bundle.tree_size, HashLeaf(bundle.entry), bundle.hashes, bundle.root);
  if (inclusion != Inclusion::kProven) return fail(Describe(inclusion));
  SignerCheck signer = CheckCheckpointSigner(note, checkpoint, trusted);
  if (signer.signer && signer.signer->key_id != bundle.log_key_id) {
    return fail(Msg("the checkpoint is signed by the key {}, but the log is said to have the key {}",
                    signer.signer->key_id, bundle.log_key_id));
  }
  const bool log_key_known = std::any_of(trusted.begin(), trusted.end(), [&](const ParsedKey& key) {
    return key.key_id == bundle.log_key_id;
  });
  if (signer.finding.outcome == FindingOutcome::kUnknown && log_key_known) {
    return fail(Msg("the checkpoint is not signed by the log's key {}", bundle.log_key_id));
  }
  Finding finding = std::move(signer.finding);
  if (finding.outcome == FindingOutcome::kPass) {
    finding.reason = Msg("entry {} of the log {}, whose tree of {} entries is signed by {}", bundle.log_index,
                         Printable(checkpoint.origin), checkpoint.size, signer.signer->name);
  }
  finding.rule = "attestation.logged";
  finding.subject = name;
  finding.evidence = {name};
  return finding;
}

}  // namespace

BundleCheck CheckBundle(const Json& json, const std::string& name, const std::vector<ParsedKey>& trusted) {
  BundleCheck result;
  Bundle bundle;
  try {
    bundle = BundleFromJson(json, name);
    if (bundle.envelope.payload_type != kStatementPayloadType) {
      throw ParseError(name, 0, Msg("the payload type is not {}", std::string_view(kStatementPayloadType)));
    }
    Json statement = ParseJson(bundle.envelope.payload, name + ": payload");
    JsonReader reader(statement, name + ": payload");
    if (reader.Text("_type") != kStatementType) reader.Refuse("_type", kStatementType);
    result.statement = std::move(statement);
    result.findings.push_back(
        MakeFinding("attestation.shape", name, FindingOutcome::kPass, Msg("a bundle with one in-toto statement")));
  } catch (const Error& error) {
    result.findings.push_back(
        MakeFinding("attestation.shape", name, FindingOutcome::kFail, Msg("{}", Printable(error.what()))));
    return result;
  }

  Finding trust = CheckEnvelopeSigner(bundle.envelope, trusted).finding;
  if (bundle.key_hint != bundle.envelope.key_id) {
    trust = {};
    trust.outcome = FindingOutcome::kFail;
    trust.reason = Msg("the bundle's key hint is not the key id of its envelope");
  }
  trust.rule = "attestation.trusted";
  trust.subject = name;
  trust.evidence = {name};
  result.findings.push_back(std::move(trust));

  try {
    result.findings.push_back(CheckLogged(bundle, name, trusted));
  } catch (const Error& error) {
    result.findings.push_back(
        MakeFinding("attestation.logged", name, FindingOutcome::kFail, Msg("{}", Printable(error.what()))));
  }
  return result;
}

std::vector<Finding> VerifyBundle(const Json& bundle, const std::string& name, const std::vector<TrustedKey>& trusted) {
  return CheckBundle(bundle, name, ParseTrustedKeys(trusted)).findings;
}

}  // namespace nachbau::verifier
