#include "base/error.h"
#include "base/signature.h"
#include "verifier/bundle.h"
#include "verifier/log.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {
namespace {

// Beside the key, one file per log: what the key last signed for it.
std::filesystem::path KeyMemory(const SigningKey& key, const std::string& log_origin) {
  if (key.path.empty()) return {};
  return key.path.native() + "." + Sha256(log_origin).Hex().substr(0, 16) + ".signed.json";
}

}  // namespace

Json Attest(const Json& statement, const SigningKey& key, const std::filesystem::path& log_directory,
            const std::string& log_origin, const Clock& clock) {
  const Ed25519PrivateKey private_key = Ed25519PrivateKey::ParsePem(key.private_pem, "signing key", {});
  Bundle bundle;
  bundle.envelope = SignEnvelope(private_key, kStatementPayloadType, FormatCanonical(statement));
  NACHBAU_CHECK(bundle.envelope.key_id == key.key_id);
  bundle.key_hint = key.key_id;
  bundle.log_key_id = key.key_id;
  bundle.integrated_time = clock.Now();
  bundle.entry = LogEntryOf(bundle.envelope, bundle.integrated_time);
  LogPlace place = AppendToLog(log_directory, log_origin, private_key, KeyMemory(key, log_origin), bundle.entry);
  bundle.log_index = place.index;
  bundle.tree_size = place.size;
  bundle.root = place.root;
  bundle.hashes = std::move(place.proof);
  bundle.checkpoint = std::move(place.checkpoint);
  return ToJson(bundle);
}

std::uint64_t LogIndexOf(const Json& bundle) { return BundleFromJson(bundle, "attestation").log_index; }

}  // namespace nachbau::verifier
