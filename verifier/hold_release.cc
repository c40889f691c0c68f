#include "verifier/hold_release.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "verifier/dsse.h"
#include "verifier/trust.h"

namespace nachbau::verifier {
namespace {

constexpr const char* kFormat = "nachbau-hold-release/1";
constexpr const char* kPayloadType = "application/vnd.nachbau.hold-release+json";
constexpr std::size_t kMaxEnvelopes = 32;

std::vector<Envelope> ReadEnvelopes(const Json& file, const std::string& place) {
  JsonReader reader(file, place);
  if (reader.Text("format") != kFormat) reader.Refuse("format", kFormat);
  const Json& list = reader.Array("envelopes");
  if (list.empty() || list.size() > kMaxEnvelopes) reader.Refuse("envelopes", "1 to 32 envelopes");
  std::vector<Envelope> envelopes;
  for (const Json& item : list) {
    const std::string where = reader.PlaceOf("envelopes/" + std::to_string(envelopes.size()));
    envelopes.push_back(EnvelopeFromJson(item, where));
    if (envelopes.back().payload_type != kPayloadType || envelopes.back().payload != envelopes.front().payload) {
      throw ParseError(where, 0, Msg("not a signature over the same release as the first one"));
    }
  }
  reader.Done();
  return envelopes;
}

Json ToFile(const std::vector<Envelope>& envelopes) {
  Json list = Json::array();
  for (const Envelope& envelope : envelopes) list.push_back(ToJson(envelope));
  return {{"format", kFormat}, {"envelopes", list}};
}

Envelope Sign(std::string payload, const SigningKey& key) {
  const Ed25519PrivateKey private_key = Ed25519PrivateKey::ParsePem(key.private_pem, key.path.native(), nullptr);
  return SignEnvelope(private_key, kPayloadType, std::move(payload));
}

}  // namespace

Json AskForHoldRelease(const HoldRelease& release, const SigningKey& key) {
  return ToFile({Sign(FormatCanonical(ToJson(release)), key)});
}

Json CosignHoldRelease(const Json& file, const std::string& place, const SigningKey& key) {
  ReadHoldRelease(file, place);  // nobody signs what they could not have read
  std::vector<Envelope> envelopes = ReadEnvelopes(file, place);
  std::string payload = envelopes.front().payload;
  std::erase_if(envelopes, [&](const Envelope& envelope) { return envelope.key_id == key.key_id; });
  envelopes.push_back(Sign(std::move(payload), key));
  return ToFile(envelopes);
}

HoldRelease ReadHoldRelease(const Json& file, const std::string& place) {
  const std::vector<Envelope> envelopes = ReadEnvelopes(file, place);
  return HoldReleaseFromJson(ParseJson(envelopes.front().payload, place), place);
}

HoldReleaseCheck CheckHoldRelease(const Json& file, const std::string& place, const Hold& hold) {
  HoldReleaseCheck check;
  const HoldRelease release = ReadHoldRelease(file, place);
  if (release.name != hold.name || release.hold != DigestOf(hold)) {
    check.problem = Msg("{} is not about the hold {} as it stands", place, hold.name);
    return check;
  }
  std::vector<TrustedKey> trusted;
  for (const HoldKey& key : hold.keys) trusted.push_back({key.name, key.public_pem});
  const std::vector<ParsedKey> keys = ParseTrustedKeys(trusted);
  std::set<std::string> counted;  // key ids: a key counts once, under whatever names
  for (const Envelope& envelope : ReadEnvelopes(file, place)) {
    const SignerCheck signer = CheckEnvelopeSigner(envelope, keys);
    if (signer.finding.outcome != FindingOutcome::kPass || !signer.signer) continue;
    if (counted.insert(signer.signer->key_id).second) check.signers.push_back(signer.signer->name);
  }
  if (check.signers.size() < kHoldReleaseSigners) {
    check.problem = Msg("{} of {} signatures by keys that hold {} names are there", check.signers.size(),
                        kHoldReleaseSigners, hold.name);
  }
  return check;
}

}  // namespace nachbau::verifier
