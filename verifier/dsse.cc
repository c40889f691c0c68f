#include "verifier/dsse.h"

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::verifier {
namespace {

std::string DecodeAnyBase64(const std::string& text, const std::string& place) {
  auto bytes = DecodeBase64(text);
  if (!bytes) bytes = DecodeBase64(text, Base64Alphabet::kUrlSafe);
  if (!bytes) throw ParseError(place, 0, Msg("not base64"));
  return *bytes;
}

}  // namespace

std::string PreAuthenticationEncoding(std::string_view payload_type, std::string_view payload) {
  std::string encoding = "DSSEv1 ";
  encoding.append(std::to_string(payload_type.size())).append(" ").append(payload_type);
  encoding.append(" ").append(std::to_string(payload.size())).append(" ").append(payload);
  return encoding;
}

Envelope SignEnvelope(const Ed25519PrivateKey& key, std::string payload_type, std::string payload) {
  Envelope envelope;
  envelope.signature = key.Sign(PreAuthenticationEncoding(payload_type, payload));
  envelope.payload_type = std::move(payload_type);
  envelope.payload = std::move(payload);
  envelope.key_id = KeyIdOf(key.PublicKey());
  return envelope;
}

Json ToJson(const Envelope& envelope) {
  Json signature = {{"keyid", envelope.key_id}, {"sig", EncodeBase64(envelope.signature)}};
  return {{"payloadType", envelope.payload_type},
          {"payload", EncodeBase64(envelope.payload)},
          {"signatures", Json::array({std::move(signature)})}};
}

Envelope EnvelopeFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  Envelope envelope;
  envelope.payload_type = reader.Text("payloadType");
  envelope.payload = DecodeAnyBase64(reader.Text("payload"), reader.PlaceOf("payload"));
  const Json& signatures = reader.Array("signatures");
  if (signatures.size() != 1) reader.Refuse("signatures", "an array of exactly one signature");
  JsonReader signature(signatures.front(), reader.PlaceOf("signatures/0"));
  envelope.key_id = signature.TextOr("keyid", "");
  envelope.signature = DecodeAnyBase64(signature.Text("sig"), signature.PlaceOf("sig"));
  signature.Done();
  reader.Done();
  return envelope;
}

}  // namespace nachbau::verifier
