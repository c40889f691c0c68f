#include "mirror/clear_signed.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "mirror/keyring.h"
#include "mirror/librnp.h"

namespace nachbau::mirror {
namespace {

constexpr std::string_view kBegin = "-----BEGIN PGP SIGNED MESSAGE-----";
constexpr std::string_view kSignature = "-----BEGIN PGP SIGNATURE-----";
constexpr std::string_view kEnd = "-----END PGP SIGNATURE-----";
constexpr UnixSeconds kTolerance = 300;  // seconds a signer's clock may be ahead of ours

// Blanks at the end of a line are not covered by the signature (RFC 4880 section 7.1).
std::string_view Covered(std::string_view line) { return line.substr(0, line.find_last_not_of(" \t") + 1); }

bool IsBase64(std::string_view line) {
  return std::all_of(line.begin(), line.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
           c == '=';
  });
}

bool HasExpired(rnp_key_handle_t key, UnixSeconds moment) {
  std::uint32_t created = 0, lifetime = 0;
  RnpRequire(rnp_key_get_creation(key, &created), "look at a key");
  RnpRequire(rnp_key_get_expiration(key, &lifetime), "look at a key");
  return lifetime != 0 && UnixSeconds{created} + lifetime < moment;
}

bool IsRevoked(rnp_key_handle_t key) {
  bool revoked = true;
  RnpRequire(rnp_key_is_revoked(key, &revoked), "look at a key");
  return revoked;
}

// RSA below 2048 bits, and DSA, which Debian gave up with SHA-1.
bool IsWeak(rnp_key_handle_t key) {
  char* text = nullptr;
  std::uint32_t bits = 0;
  RnpRequire(rnp_key_get_alg(key, &text), "look at a key");
  const std::string algorithm = RnpTake(text);
  RnpRequire(rnp_key_get_bits(key, &bits), "look at a key");
  return algorithm == "DSA" || (algorithm == "RSA" && bits < 2048);
}

// One signature as judged. `reason` (English) is empty where it counts.
struct Judged {
  std::string fingerprint;  // of the primary key; empty when the key is not known
  std::string reason;
  bool bad = false;  // does not fit the text, though the key is known: no other signature makes up for that
};

Judged Judge(rnp_ffi_t ffi, rnp_op_verify_signature_t signature, std::optional<UnixSeconds> now,
             const std::vector<std::string>& signed_by) {
  Judged judged;
  rnp_key_handle_t raw_key = nullptr;
  if (rnp_op_verify_signature_get_key(signature, &raw_key) != RNP_SUCCESS || raw_key == nullptr) {
    judged.reason = "made by a key that is not in the keyring";
    return judged;
  }
  const RnpKey key(raw_key);
  judged.fingerprint = RnpPrimaryFingerprint(raw_key);
  rnp_key_handle_t raw_primary = nullptr;
  RnpRequire(rnp_locate_key(ffi, "fingerprint", judged.fingerprint.c_str(), &raw_primary), "look for a key");
  const RnpKey primary(raw_primary);
  if (!primary) {
    judged.reason = "made by a subkey whose primary key is not in the keyring";
    return judged;
  }
  std::uint32_t created = 0, lifetime = 0;
  RnpRequire(rnp_op_verify_signature_get_times(signature, &created, &lifetime), "look at a signature");
  char* digest = nullptr;
  RnpRequire(rnp_op_verify_signature_get_hash(signature, &digest), "look at a signature");
  const std::string digest_name = RnpTake(digest);
  const UnixSeconds moment = now.value_or(created);
  // What librnp itself calls expired is so by the machine's clock; here only `moment` counts.
  const rnp_result_t status = rnp_op_verify_signature_get_status(signature);
  const bool fits = status == RNP_SUCCESS || status == RNP_ERROR_SIGNATURE_EXPIRED;
  if (IsRevoked(raw_key) || IsRevoked(raw_primary)) {
    judged.reason = "made by a key that was revoked";
  } else if (IsWeak(raw_key)) {
    judged.reason = "made by a key that is too weak";
  } else if (digest_name == "SHA1" || digest_name == "MD5" || digest_name == "RIPEMD160") {
    judged.reason = "uses the weak digest " + digest_name;
  } else if (HasExpired(raw_key, std::max<UnixSeconds>(moment, created)) ||
             HasExpired(raw_primary, std::max<UnixSeconds>(moment, created))) {
    judged.reason = "made by a key that has expired";
  } else if (!fits) {
    judged.reason = "does not fit the text";
    judged.bad = status == RNP_ERROR_SIGNATURE_INVALID;
  } else if (created > moment + kTolerance) {
    judged.reason = "made in the future, at " + FormatTime(created);
  } else if (lifetime != 0 && UnixSeconds{created} + lifetime < moment) {
    judged.reason = "expired at " + FormatTime(UnixSeconds{created} + lifetime);
  } else if (!Admits(signed_by, RnpFingerprint(raw_key), judged.fingerprint)) {
    judged.reason = "made by a key that Signed-By does not name";
  }
  return judged;
}

}  // namespace

std::string SplitClearSigned(std::string_view message, std::string_view name) {
  enum class Part { kBegin, kHeaders, kText, kArmorHeaders, kSignature, kAfter } part = Part::kBegin;
  std::string text;
  std::uint64_t number = 0;
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    const std::string_view line = message.substr(0, end);
    message.remove_prefix(std::min(end + 1, message.size()));
    ++number;
    const auto refuse = [&](Message detail) { throw ParseError(name, number, std::move(detail)); };
    const auto control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
    if (std::any_of(line.begin(), line.end(), control)) refuse(Msg("control byte"));
    switch (part) {
      case Part::kBegin:
        if (line != kBegin) refuse(Msg("not a clear-signed message"));
        part = Part::kHeaders;
        break;
      case Part::kHeaders:
        if (line.empty()) {
          part = Part::kText;
        } else if (!line.starts_with("Hash: ")) {
          refuse(Msg("unsigned header: {}", Printable(line.substr(0, 80))));
        }
        break;
      case Part::kText:
        if (line == kSignature) {
          part = Part::kArmorHeaders;
        } else if (line.starts_with("- ")) {
          text.append(Covered(line.substr(2))) += '\n';
        } else if (line.starts_with("-")) {
          refuse(Msg("line with an unescaped dash"));
        } else {
          text.append(Covered(line)) += '\n';
        }
        break;
      case Part::kArmorHeaders:
        if (line.empty()) {
          part = Part::kSignature;
        } else if (line.find(": ") == line.npos || line.starts_with("-")) {
          refuse(Msg("not a signature: {}", Printable(line.substr(0, 80))));
        }
        break;
      case Part::kSignature:
        if (line == kEnd) {
          part = Part::kAfter;
        } else if (!IsBase64(line)) {
          refuse(Msg("not a signature: {}", Printable(line.substr(0, 80))));
        }
        break;
      case Part::kAfter: refuse(Msg("text after the signature"));
    }
  }
  if (part != Part::kAfter) throw ParseError(name, number, Msg("the signature is missing or cut off"));
  return text;
}

SignatureReport CheckClearSigned(std::string_view message, std::string_view keyring, std::string_view name,
                                 std::optional<UnixSeconds> now, const std::vector<std::string>& signed_by) {
  SignatureReport report;
  report.text = SplitClearSigned(message, name);
  const RnpFfi ffi = OpenKeyring(keyring);
  const RnpInput input = RnpInputFrom(message);
  rnp_output_t raw_output = nullptr;
  RnpRequire(rnp_output_to_memory(&raw_output, 0), "write to memory");
  const RnpOutput output(raw_output);
  rnp_op_verify_t raw = nullptr;
  RnpRequire(rnp_op_verify_create(&raw, ffi.get(), input.get(), output.get()), "start verifying");
  const RnpVerification verification(raw);
  rnp_op_verify_execute(raw);  // one valid signature is enough for its result; each is looked at below instead
  std::size_t count = 0;
  RnpRequire(rnp_op_verify_get_signature_count(raw, &count), "count signatures");
  std::set<std::string> signers;
  for (std::size_t i = 0; i < count; ++i) {
    rnp_op_verify_signature_t signature = nullptr;
    RnpRequire(rnp_op_verify_get_signature_at(raw, i, &signature), "look at a signature");
    const Judged judged = Judge(ffi.get(), signature, now, signed_by);
    if (judged.reason.empty()) {
      signers.insert(judged.fingerprint);
      continue;
    }
    report.reasons += (report.reasons.empty() ? "" : "; ") +
                      (judged.fingerprint.empty() ? "" : judged.fingerprint + ": ") + judged.reason;
    if (judged.bad) {
      report.bad = report.reasons;
      return report;
    }
  }
  if (signers.empty()) return report;
  // What librnp took for the text must be what is read from here on.
  std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  RnpRequire(rnp_output_memory_get_buf(raw_output, &bytes, &size, false), "read the text");
  if (std::string_view(reinterpret_cast<const char*>(bytes), size) != report.text) {
    throw Error(Msg("{}: the signed text can be read in two ways", name));
  }
  report.signers.assign(signers.begin(), signers.end());
  return report;
}

VerifiedText VerifyClearSigned(std::string_view message, std::string_view keyring, std::string_view name,
                               std::optional<UnixSeconds> now, const std::vector<std::string>& signed_by) {
  SignatureReport report = CheckClearSigned(message, keyring, name, now, signed_by);
  if (!report.bad.empty()) throw Error(Msg("{}: bad signature: {}", name, report.bad));
  if (report.signers.empty()) {
    throw Error(Msg("{}: no good signature: {}", name,
                    report.reasons.empty() ? std::string("there is none") : report.reasons));
  }
  return {std::move(report.text), std::move(report.signers)};
}

}  // namespace nachbau::mirror
