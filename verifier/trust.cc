#include "verifier/trust.h"

#include <algorithm>

#include "base/encoding.h"

namespace nachbau::verifier {
namespace {

constexpr std::size_t kMaxKeyIdShown = 80;

Message HowToTrust() {
  return Msg("if you know whose key this is, add its public key to the trusted keys in nachbau.toml, or give it with "
             "--key FILE");
}

}  // namespace

std::vector<ParsedKey> ParseTrustedKeys(const std::vector<TrustedKey>& trusted) {
  std::vector<ParsedKey> keys;
  for (const TrustedKey& entry : trusted) {
    const Ed25519PublicKey key = ParsePublicKeyPem(entry.public_pem, entry.name);
    const bool known = std::any_of(keys.begin(), keys.end(), [&](const ParsedKey& other) { return other.key == key; });
    if (!known) keys.push_back({entry.name, key, KeyIdOf(key)});
  }
  return keys;
}

SignerCheck CheckEnvelopeSigner(const Envelope& envelope, const std::vector<ParsedKey>& trusted) {
  const std::string signed_bytes = PreAuthenticationEncoding(envelope.payload_type, envelope.payload);
  const std::string shown = Printable(envelope.key_id.substr(0, kMaxKeyIdShown));
  SignerCheck result;
  for (const ParsedKey& candidate : trusted) {
    if (CheckSignature(candidate.key, signed_bytes, envelope.signature) != SignatureCheck::kGood) continue;
    if (envelope.key_id != candidate.key_id) {
      result.finding.outcome = FindingOutcome::kFail;
      result.finding.reason = Msg("signed by {} (key {}), but it names the key {}", candidate.name, candidate.key_id,
                                  shown);
      return result;
    }
    result.finding.outcome = FindingOutcome::kPass;
    result.finding.reason = Msg("signed by {} (key {})", candidate.name, candidate.key_id);
    result.signer = candidate;
    return result;
  }
  const auto named = std::find_if(trusted.begin(), trusted.end(),
                                  [&](const ParsedKey& key) { return key.key_id == envelope.key_id; });
  if (named != trusted.end()) {
    result.finding.outcome = FindingOutcome::kFail;
    result.finding.reason = Msg("the signature does not fit the content and the key {} ({})", shown, named->name);
    return result;
  }
  result.finding.outcome = FindingOutcome::kUnknown;
  result.finding.reason = Msg("it names the key {}, which is not trusted", shown);
  result.finding.remedy = HowToTrust();
  return result;
}

SignerCheck CheckCheckpointSigner(const Note& note, const Checkpoint& checkpoint,
                                  const std::vector<ParsedKey>& trusted) {
  SignerCheck result;
  for (const ParsedKey& candidate : trusted) {
    switch (CheckNote(note, checkpoint.origin, candidate.key)) {
      case NoteCheck::kNotSignedByKey: continue;
      case NoteCheck::kBadSignature:
        result.finding.outcome = FindingOutcome::kFail;
        result.finding.reason = Msg("the checkpoint's signature does not fit its content and the key {} ({})",
                                    candidate.key_id, candidate.name);
        result.signer.reset();
        return result;
      case NoteCheck::kGood:
        if (result.signer) continue;
        result.finding.outcome = FindingOutcome::kPass;
        result.finding.reason = Msg("checkpoint of {} entries, signed by {} (key {})", checkpoint.size, candidate.name,
                                    candidate.key_id);
        result.signer = candidate;
    }
  }
  if (!result.signer) {
    result.finding.outcome = FindingOutcome::kUnknown;
    result.finding.reason = Msg("no trusted key signed the checkpoint of the log {}",
                                Printable(checkpoint.origin.substr(0, kMaxKeyIdShown)));
    result.finding.remedy = HowToTrust();
  }
  return result;
}

}  // namespace nachbau::verifier
