#include "mirror/known_keys.h"

#include <map>

#include "base/encoding.h"
#include "mirror/apt_sources.h"
#include "mirror/keyring.h"
#include "mirror/librnp.h"

namespace nachbau::mirror {
namespace {

using RnpIterator =
    std::unique_ptr<std::remove_pointer_t<rnp_identifier_iterator_t>, FreedBy<&rnp_identifier_iterator_destroy>>;

std::string NameOf(rnp_key_handle_t key) {
  std::size_t count = 0;
  char* text = nullptr;
  if (rnp_key_get_uid_count(key, &count) != RNP_SUCCESS || count == 0 ||
      rnp_key_get_uid_at(key, 0, &text) != RNP_SUCCESS) {
    return {};
  }
  return Printable(RnpTake(text).substr(0, 200));
}

std::vector<KnownKey> KeysOf(const std::string& keyring) {
  std::vector<KnownKey> keys;
  const RnpFfi ffi = OpenKeyring(keyring);
  rnp_identifier_iterator_t raw = nullptr;
  RnpRequire(rnp_identifier_iterator_create(ffi.get(), &raw, "fingerprint"), "list keys");
  const RnpIterator iterator(raw);
  const char* fingerprint = nullptr;
  while (rnp_identifier_iterator_next(raw, &fingerprint) == RNP_SUCCESS && fingerprint != nullptr) {
    rnp_key_handle_t handle = nullptr;
    RnpRequire(rnp_locate_key(ffi.get(), "fingerprint", fingerprint, &handle), "look for a key");
    const RnpKey key(handle);
    bool primary = false;
    if (!key || rnp_key_is_primary(handle, &primary) != RNP_SUCCESS || !primary) continue;
    KnownKey known;
    known.fingerprint = RnpFingerprint(handle);
    known.name = NameOf(handle);
    std::uint32_t created = 0, lifetime = 0;
    RnpRequire(rnp_key_get_creation(handle, &created), "look at a key");
    RnpRequire(rnp_key_get_expiration(handle, &lifetime), "look at a key");
    if (lifetime != 0) known.expires = UnixSeconds{created} + lifetime;
    RnpRequire(rnp_key_is_revoked(handle, &known.revoked), "look at a key");
    keys.push_back(std::move(known));
  }
  return keys;
}

}  // namespace

std::vector<KnownKey> FindKnownKeys(const MirrorConfig& config) {
  std::map<std::string, KnownKey> by_fingerprint;
  for (const AptArchive& archive : ReadAptSetup(config.apt_root).archives) {
    if (!archive.problem.empty()) continue;
    for (KnownKey& key : KeysOf(archive.keyring)) {
      if (!Admits(archive.signed_by, key.fingerprint, key.fingerprint)) continue;
      KnownKey& known = by_fingerprint.emplace(key.fingerprint, std::move(key)).first->second;
      known.archives.push_back(archive.uri + " " + archive.suite);
    }
  }
  std::vector<KnownKey> keys;
  for (auto& [fingerprint, key] : by_fingerprint) keys.push_back(std::move(key));
  return keys;
}

}  // namespace nachbau::mirror
