// The sigstore bundle v0.3 in which an attestation travels: envelope, hint at the key, and proof that a log has it.
// docs/formats/attestation.md says where ours differ from those of the public sigstore instance.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "verifier/dsse.h"

namespace nachbau::verifier {

inline constexpr const char* kBundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
inline constexpr const char* kEntryKind = "nachbau-dsse";
inline constexpr const char* kEntryVersion = "0.0.1";

struct Bundle {
  Envelope envelope;
  std::string key_hint;            // key id
  std::string log_key_id;          // hex SHA-256 of the log key's SubjectPublicKeyInfo
  std::uint64_t log_index = 0;
  UnixSeconds integrated_time = 0; // claimed by the log, not proven
  std::uint64_t tree_size = 0;
  Sha256Digest root;
  std::vector<Sha256Digest> hashes;  // leaf to root
  std::string checkpoint;            // signed note
  std::string entry;                 // canonicalizedBody: what was hashed into the tree
};

Json ToJson(const Bundle& bundle);
// Exactly one transparency log entry with an inclusion proof. Throws ParseError.
Bundle BundleFromJson(const Json& json, const std::string& place);

// What goes into the log: canonical JSON, a few hundred bytes. Digest of the canonical JSON of the envelope (so that the
// signature is bound too), digest and type of the payload, key id, and the time the log claims.
std::string LogEntryOf(const Envelope& envelope, UnixSeconds time);

}  // namespace nachbau::verifier
