#include "mirror/openpgp_signature.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/fd.h"
#include "mirror/clear_signed.h"
#include "mirror/keyring.h"
#include "mirror/librnp.h"

namespace nachbau::mirror {
namespace {

constexpr UnixSeconds kTolerance = 300;  // seconds a signer's clock may be ahead of ours
constexpr std::size_t kMaxSignatures = 64;

// Debian's librnp writes what it thinks of keys and signatures to standard error, whatever it is told. What is wrong with
// them stands in the verdicts. Progress of other threads is lost meanwhile, which is less than a second.
class Quiet {
 public:
  Quiet() : lock_(mutex()), saved_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    const FileDescriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (saved_.valid() && nowhere.valid()) ::dup2(nowhere.get(), STDERR_FILENO);
  }
  ~Quiet() {
    if (saved_.valid()) ::dup2(saved_.get(), STDERR_FILENO);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
  std::lock_guard<std::mutex> lock_;
  FileDescriptor saved_;
};

// When a key ends; nothing for one that does not.
std::optional<UnixSeconds> EndOf(rnp_key_handle_t key) {
  std::uint32_t created = 0, lifetime = 0;
  RnpRequire(rnp_key_get_creation(key, &created), "look at a key");
  RnpRequire(rnp_key_get_expiration(key, &lifetime), "look at a key");
  if (lifetime == 0) return std::nullopt;
  return UnixSeconds{created} + lifetime;
}

bool IsRevoked(rnp_key_handle_t key) {
  bool revoked = true;
  RnpRequire(rnp_key_is_revoked(key, &revoked), "look at a key");
  return revoked;
}

bool IsValid(rnp_key_handle_t key) {
  bool valid = false;
  return rnp_key_is_valid(key, &valid) == RNP_SUCCESS && valid;
}

// Fingerprint of the key that made it, or its key id where the signature has no more; upper-case hex.
std::string IssuerOf(rnp_op_verify_signature_t signature) {
  rnp_signature_handle_t handle = nullptr;
  if (rnp_op_verify_signature_get_handle(signature, &handle) != RNP_SUCCESS || handle == nullptr) return {};
  char* text = nullptr;
  std::string issuer;
  if (rnp_signature_get_key_fprint(handle, &text) == RNP_SUCCESS) issuer = RnpTake(text);
  if (issuer.empty() && rnp_signature_get_keyid(handle, &text) == RNP_SUCCESS) issuer = RnpTake(text);
  rnp_signature_handle_destroy(handle);
  return issuer;
}

std::string UserIdOf(rnp_key_handle_t primary) {
  char* text = nullptr;
  if (rnp_key_get_primary_uid(primary, &text) != RNP_SUCCESS) {
    if (rnp_key_get_uid_at(primary, 0, &text) != RNP_SUCCESS) return {};
  }
  return Printable(RnpTake(text));
}

SignatureVerdict Judge(rnp_ffi_t ffi, rnp_op_verify_signature_t signature, UnixSeconds now) {
  SignatureVerdict verdict;
  verdict.signer = IssuerOf(signature);
  std::uint32_t created = 0, lifetime = 0;
  RnpRequire(rnp_op_verify_signature_get_times(signature, &created, &lifetime), "look at a signature");
  verdict.time = created;
  rnp_key_handle_t raw_key = nullptr;
  if (rnp_op_verify_signature_get_key(signature, &raw_key) != RNP_SUCCESS || raw_key == nullptr) {
    verdict.outcome = SignatureOutcome::kUnknownKey;
    verdict.detail = "made by a key that is not among those given";
    return verdict;
  }
  const RnpKey key(raw_key);
  rnp_key_handle_t raw_primary = nullptr;
  const std::string fingerprint = RnpPrimaryFingerprint(raw_key);
  RnpRequire(rnp_locate_key(ffi, "fingerprint", fingerprint.c_str(), &raw_primary), "look for a key");
  const RnpKey primary(raw_primary);
  if (!primary) {
    verdict.outcome = SignatureOutcome::kUnknownKey;
    verdict.detail = "made by a subkey whose primary key is not among those given";
    return verdict;
  }
  verdict.signer = fingerprint;
  verdict.name = UserIdOf(raw_primary);
  char* digest = nullptr;
  RnpRequire(rnp_op_verify_signature_get_hash(signature, &digest), "look at a signature");
  const std::string digest_name = RnpTake(digest);
  // What librnp itself calls expired is so by the machine's clock.
  const rnp_result_t status = rnp_op_verify_signature_get_status(signature);
  const bool fits = status == RNP_SUCCESS || status == RNP_ERROR_SIGNATURE_EXPIRED;
  std::optional<UnixSeconds> end = EndOf(raw_key);
  if (const auto other = EndOf(raw_primary); other && (!end || *other < *end)) end = other;
  if (IsRevoked(raw_key) || IsRevoked(raw_primary)) {
    verdict.outcome = SignatureOutcome::kRevokedKey;
    verdict.detail = "made by a key that was revoked";
  } else if (digest_name == "SHA1" || digest_name == "MD5" || digest_name == "RIPEMD160") {
    verdict.outcome = SignatureOutcome::kWeakDigest;
    verdict.detail = "uses the weak digest " + digest_name;
  } else if (end && *end < UnixSeconds{created}) {
    // librnp does not look at what such a key has signed. Often the keyring is merely older than the key's new end.
    verdict.outcome = SignatureOutcome::kExpiredKey;
    verdict.detail = "made after the key's end, " + FormatTime(*end) + ", as the keyring has it; a newer keyring may have a later one";
  } else if (!fits && !IsValid(raw_key)) {
    verdict.outcome = SignatureOutcome::kNotChecked;
    verdict.detail = "the key itself cannot be relied on: nothing but weak digests certifies it";
  } else if (!fits) {
    verdict.outcome = SignatureOutcome::kBad;
    verdict.detail = "does not fit the bytes that it should be for";
  } else if (created > now + kTolerance) {
    verdict.outcome = SignatureOutcome::kBad;
    verdict.detail = "made in the future";
  } else if (lifetime != 0 && UnixSeconds{created} + lifetime < now) {
    verdict.outcome = SignatureOutcome::kExpiredKey;
    verdict.detail = "the signature itself ended at " + FormatTime(UnixSeconds{created} + lifetime);
  } else {
    verdict.outcome = SignatureOutcome::kGood;
    if (end && *end < now) verdict.detail = "the key has expired since, at " + FormatTime(*end);
  }
  return verdict;
}

// Calls `look` for each signature of a finished operation.
template <typename Look>
std::size_t ForEachSignature(rnp_op_verify_t operation, const Look& look) {
  std::size_t count = 0;
  if (rnp_op_verify_get_signature_count(operation, &count) != RNP_SUCCESS) return 0;
  count = std::min(count, kMaxSignatures);
  for (std::size_t i = 0; i < count; ++i) {
    rnp_op_verify_signature_t signature = nullptr;
    RnpRequire(rnp_op_verify_get_signature_at(operation, i, &signature), "look at a signature");
    look(signature);
  }
  return count;
}

SignatureVerdict NoSignature() {
  return {SignatureOutcome::kBad, "", "", std::nullopt, "there is no OpenPGP signature in it"};
}

std::vector<SignatureVerdict> JudgeAll(rnp_ffi_t ffi, rnp_op_verify_t operation, UnixSeconds now) {
  std::vector<SignatureVerdict> verdicts;
  ForEachSignature(operation, [&](rnp_op_verify_signature_t signature) {
    verdicts.push_back(Judge(ffi, signature, now));
  });
  if (verdicts.empty()) verdicts.push_back(NoSignature());
  return verdicts;
}

}  // namespace

struct OpenPgpKeys::State {
  RnpFfi ffi;
};

OpenPgpKeys::OpenPgpKeys(std::string_view keyring) : state_(std::make_unique<State>()) {
  const Quiet quiet;
  state_->ffi = OpenKeyring(keyring);
}
OpenPgpKeys::~OpenPgpKeys() = default;
OpenPgpKeys::OpenPgpKeys(OpenPgpKeys&&) noexcept = default;
OpenPgpKeys& OpenPgpKeys::operator=(OpenPgpKeys&&) noexcept = default;

std::vector<SignatureVerdict> OpenPgpKeys::CheckDetached(std::string_view message, std::string_view signature,
                                                         UnixSeconds now) const {
  if (message.empty() || signature.empty()) return {NoSignature()};  // librnp takes no input without bytes
  const Quiet quiet;
  const RnpInput signed_bytes = RnpInputFrom(message);
  const RnpInput signature_bytes = RnpInputFrom(signature);
  rnp_op_verify_t raw = nullptr;
  RnpRequire(rnp_op_verify_detached_create(&raw, state_->ffi.get(), signed_bytes.get(), signature_bytes.get()),
             "start verifying");
  const RnpVerification verification(raw);
  rnp_op_verify_execute(raw);  // its result sums up what is looked at one by one below
  return JudgeAll(state_->ffi.get(), raw, now);
}

std::vector<SignatureVerdict> OpenPgpKeys::CheckClearSigned(std::string_view message, std::string_view name,
                                                            UnixSeconds now) const {
  SplitClearSigned(message, name);
  const Quiet quiet;
  const RnpInput input = RnpInputFrom(message);
  rnp_output_t raw_output = nullptr;
  RnpRequire(rnp_output_to_null(&raw_output), "write to nowhere");
  const RnpOutput output(raw_output);
  rnp_op_verify_t raw = nullptr;
  RnpRequire(rnp_op_verify_create(&raw, state_->ffi.get(), input.get(), output.get()), "start verifying");
  const RnpVerification verification(raw);
  rnp_op_verify_execute(raw);
  return JudgeAll(state_->ffi.get(), raw, now);
}

std::string KeysForClearSigned(std::string_view message, std::string_view keyring, std::string_view name) {
  const Quiet quiet;
  const RnpFfi ffi = OpenKeyring("");
  const RnpInput input = RnpInputFrom(message);
  rnp_output_t raw_output = nullptr;
  RnpRequire(rnp_output_to_null(&raw_output), "write to nowhere");
  const RnpOutput output(raw_output);
  rnp_op_verify_t raw = nullptr;
  RnpRequire(rnp_op_verify_create(&raw, ffi.get(), input.get(), output.get()), "start verifying");
  const RnpVerification verification(raw);
  rnp_op_verify_execute(raw);
  std::set<std::string> ids;  // the last eight bytes of a fingerprint
  ForEachSignature(raw, [&](rnp_op_verify_signature_t signature) {
    std::string issuer = IssuerOf(signature);
    if (issuer.size() < 16) return;
    issuer = issuer.substr(issuer.size() - 16);
    std::transform(issuer.begin(), issuer.end(), issuer.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
    ids.insert(DecodeHex(issuer).value_or(""));
  });
  ids.erase("");
  std::string selected;
  for (const std::string_view key : SplitKeys(keyring, name)) {
    // Every key, and every subkey that signs, has its id in the signatures that it made over itself.
    if (std::any_of(ids.begin(), ids.end(), [&](const std::string& id) { return key.find(id) != key.npos; })) {
      selected += key;
    }
  }
  return selected;
}

}  // namespace nachbau::mirror
