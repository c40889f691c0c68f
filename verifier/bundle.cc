#include "verifier/bundle.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::verifier {
namespace {

constexpr std::size_t kMaxHashes = 64;

// Protocol Buffers write 64-bit integers as decimal text in JSON.
template <typename Integer>
Integer ReadDecimal(JsonReader& reader, const char* key) {
  const std::string text = reader.Text(key);
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text != std::to_string(value)) {
    reader.Refuse(key, "a decimal integer as a string");
  }
  return value;
}

std::string ReadBase64(JsonReader& reader, const char* key) {
  auto bytes = DecodeBase64(reader.Text(key));
  if (!bytes) reader.Refuse(key, "base64");
  return *bytes;
}

Sha256Digest ToDigest(const std::string& bytes, const JsonReader& reader, const char* key) {
  Sha256Digest digest;
  if (bytes.size() != digest.bytes.size()) reader.Refuse(key, "base64 of 32 bytes");
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(digest.bytes.data()));
  return digest;
}

void ReadLogEntry(const Json& json, const std::string& place, Bundle& bundle) {
  JsonReader reader(json, place);
  bundle.log_index = ReadDecimal<std::uint64_t>(reader, "logIndex");
  JsonReader log_id = reader.Object("logId");
  bundle.log_key_id = ToDigest(ReadBase64(log_id, "keyId"), log_id, "keyId").Hex();
  log_id.Done();
  JsonReader kind = reader.Object("kindVersion");
  if (kind.Text("kind") != kEntryKind) kind.Refuse("kind", kEntryKind);
  if (kind.Text("version") != kEntryVersion) kind.Refuse("version", kEntryVersion);
  kind.Done();
  bundle.integrated_time = ReadDecimal<UnixSeconds>(reader, "integratedTime");
  bundle.entry = ReadBase64(reader, "canonicalizedBody");

  JsonReader proof = reader.Object("inclusionProof");
  if (ReadDecimal<std::uint64_t>(proof, "logIndex") != bundle.log_index) proof.Refuse("logIndex", "the entry's logIndex");
  bundle.tree_size = ReadDecimal<std::uint64_t>(proof, "treeSize");
  bundle.root = ToDigest(ReadBase64(proof, "rootHash"), proof, "rootHash");
  const Json& hashes = proof.Array("hashes");
  if (hashes.size() > kMaxHashes) proof.Refuse("hashes", "at most 64 hashes");
  for (const Json& item : hashes) {
    const auto bytes = item.is_string() ? DecodeBase64(item.get<std::string>()) : std::nullopt;
    if (!bytes) proof.Refuse("hashes", "an array of base64");
    bundle.hashes.push_back(ToDigest(*bytes, proof, "hashes"));
  }
  JsonReader checkpoint = proof.Object("checkpoint");
  bundle.checkpoint = checkpoint.Text("envelope");
  checkpoint.Done();
  proof.Done();
  reader.Done();
}

}  // namespace

Json ToJson(const Bundle& bundle) {
  Json hashes = Json::array();
  for (const Sha256Digest& hash : bundle.hashes) hashes.push_back(EncodeBase64(hash.View()));
  const std::string index = std::to_string(bundle.log_index);
  Json proof = {{"logIndex", index},
                {"treeSize", std::to_string(bundle.tree_size)},
                {"rootHash", EncodeBase64(bundle.root.View())},
                {"hashes", std::move(hashes)},
                {"checkpoint", {{"envelope", bundle.checkpoint}}}};
  Json entry = {
      {"logIndex", index},
      {"logId", {{"keyId", EncodeBase64(ParseSha256(bundle.log_key_id, "log key id").View())}}},
      {"kindVersion", {{"kind", kEntryKind}, {"version", kEntryVersion}}},
      {"integratedTime", std::to_string(bundle.integrated_time)},
      {"inclusionProof", std::move(proof)},
      {"canonicalizedBody", EncodeBase64(bundle.entry)}};
  return {{"mediaType", kBundleMediaType},
          {"verificationMaterial",
           {{"publicKey", {{"hint", bundle.key_hint}}}, {"tlogEntries", Json::array({std::move(entry)})}}},
          {"dsseEnvelope", ToJson(bundle.envelope)}};
}

Bundle BundleFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("mediaType") != kBundleMediaType) reader.Refuse("mediaType", kBundleMediaType);
  Bundle bundle;
  JsonReader material = reader.Object("verificationMaterial");
  JsonReader key = material.Object("publicKey");
  bundle.key_hint = key.Text("hint");
  key.Done();
  const Json& entries = material.Array("tlogEntries");
  if (entries.size() != 1) material.Refuse("tlogEntries", "an array of exactly one entry");
  ReadLogEntry(entries.front(), material.PlaceOf("tlogEntries/0"), bundle);
  material.Done();
  bundle.envelope = EnvelopeFromJson(reader.Member("dsseEnvelope"), reader.PlaceOf("dsseEnvelope"));
  reader.Done();
  return bundle;
}

std::string LogEntryOf(const Envelope& envelope, UnixSeconds time) {
  return FormatCanonical({{"kind", kEntryKind},
                          {"version", kEntryVersion},
                          {"envelopeSha256", Sha256(FormatCanonical(ToJson(envelope))).Hex()},
                          {"payloadSha256", Sha256(envelope.payload).Hex()},
                          {"payloadType", envelope.payload_type},
                          {"keyId", envelope.key_id},
                          {"time", FormatTime(time)}});
}

}  // namespace nachbau::verifier
