// Trusted keys at work: who signed an envelope, who signed a checkpoint.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/signature.h"
#include "model/finding.h"
#include "verifier/checkpoint.h"
#include "verifier/dsse.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {

struct ParsedKey {
  std::string name;
  Ed25519PublicKey key;
  std::string key_id;
};

// Throws ParseError naming the key that is none. A key given twice counts once, under its first name.
std::vector<ParsedKey> ParseTrustedKeys(const std::vector<TrustedKey>& trusted);

struct SignerCheck {
  Finding finding;                  // outcome, reason and remedy; rule, subject and evidence are the caller's
  std::optional<ParsedKey> signer;  // set only for a good signature
};

// The key id in the envelope is only a hint: all keys are tried, and a good signature under a wrong hint is a failure.
SignerCheck CheckEnvelopeSigner(const Envelope& envelope, const std::vector<ParsedKey>& trusted);
SignerCheck CheckCheckpointSigner(const Note& note, const Checkpoint& checkpoint, const std::vector<ParsedKey>& trusted);

}  // namespace nachbau::verifier
