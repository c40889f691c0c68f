// DSSE envelopes (Dead Simple Signing Envelope, v1.0.2): what is signed is the pre-authentication encoding
//
//   "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body      (lengths in bytes, ASCII decimal)
//
// so that the type is signed with the body and neither can be mistaken for the other.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/signature.h"

namespace nachbau::verifier {

inline constexpr const char* kStatementPayloadType = "application/vnd.in-toto+json";

std::string PreAuthenticationEncoding(std::string_view payload_type, std::string_view payload);

// An envelope with exactly one signature, as sigstore bundles demand.
struct Envelope {
  std::string payload_type;
  std::string payload;    // decoded
  std::string key_id;     // a hint that nobody signed; may be empty
  std::string signature;  // decoded
};

Envelope SignEnvelope(const Ed25519PrivateKey& key, std::string payload_type, std::string payload);
Json ToJson(const Envelope& envelope);
// Accepts the standard and the URL-safe base64 alphabet. Throws ParseError.
Envelope EnvelopeFromJson(const Json& json, const std::string& place);

}  // namespace nachbau::verifier
