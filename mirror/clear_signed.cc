#include "mirror/clear_signed.h"

#include <rnp/rnp.h>
#include <rnp/rnp_err.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::mirror {
namespace {

constexpr std::string_view kBegin = "-----BEGIN PGP SIGNED MESSAGE-----";
constexpr std::string_view kSignature = "-----BEGIN PGP SIGNATURE-----";
constexpr std::string_view kEnd = "-----END PGP SIGNATURE-----";
constexpr UnixSeconds kTolerance = 300;  // seconds a signer's clock may be ahead of ours

template <auto Destroy>
struct RnpDeleter {
  template <typename T>
  void operator()(T* object) const {
    Destroy(object);
  }
};
using Ffi = std::unique_ptr<std::remove_pointer_t<rnp_ffi_t>, RnpDeleter<&rnp_ffi_destroy>>;
using Input = std::unique_ptr<std::remove_pointer_t<rnp_input_t>, RnpDeleter<&rnp_input_destroy>>;
using Output = std::unique_ptr<std::remove_pointer_t<rnp_output_t>, RnpDeleter<&rnp_output_destroy>>;
using Verification = std::unique_ptr<std::remove_pointer_t<rnp_op_verify_t>, RnpDeleter<&rnp_op_verify_destroy>>;
using Key = std::unique_ptr<std::remove_pointer_t<rnp_key_handle_t>, RnpDeleter<&rnp_key_handle_destroy>>;

void Require(rnp_result_t result, const char* what) {
  if (result != RNP_SUCCESS) {
    throw Error(Msg("librnp: {}: {}", std::string_view(what), std::string_view(rnp_result_to_string(result))));
  }
}

std::string Take(char* text) {
  std::string result = text == nullptr ? "" : text;
  rnp_buffer_destroy(text);
  return result;
}

Input InputFrom(std::string_view bytes) {
  rnp_input_t raw = nullptr;
  Require(rnp_input_from_memory(&raw, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), false),
          "read from memory");
  return Input(raw);
}

Ffi OpenKeyring(std::string_view keyring) {
  rnp_ffi_t raw = nullptr;
  Require(rnp_ffi_create(&raw, "GPG", "GPG"), "start");
  Ffi ffi(raw);
  FILE* nowhere = ::fopen("/dev/null", "we");  // it writes warnings to stderr otherwise
  if (nowhere != nullptr) rnp_ffi_set_log_fd(raw, ::dup(::fileno(nowhere)));
  if (nowhere != nullptr) ::fclose(nowhere);
  for (const char* weak : {"SHA1", "MD5"}) {
    Require(rnp_add_security_rule(raw, RNP_FEATURE_HASH_ALG, weak, RNP_SECURITY_OVERRIDE, 0, RNP_SECURITY_INSECURE),
            "set a rule");
  }
  const Input input = InputFrom(keyring);
  char* results = nullptr;
  const rnp_result_t result =
      rnp_import_keys(raw, input.get(), RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_PERMISSIVE, &results);
  rnp_buffer_destroy(results);
  Require(result, "load the keyring");
  return ffi;
}

// The fingerprint of the primary key that made the signature; a subkey is its primary key's.
std::string PrimaryFingerprint(rnp_ffi_t ffi, rnp_op_verify_signature_t signature) {
  rnp_key_handle_t raw = nullptr;
  if (rnp_op_verify_signature_get_key(signature, &raw) != RNP_SUCCESS || raw == nullptr) return {};
  const Key key(raw);
  char* text = nullptr;
  bool primary = false;
  rnp_key_is_primary(raw, &primary);
  if (!primary && rnp_key_get_primary_fprint(raw, &text) == RNP_SUCCESS) return Take(text);
  (void)ffi;
  return rnp_key_get_fprint(raw, &text) == RNP_SUCCESS ? Take(text) : std::string();
}

std::string ShortReason(rnp_result_t status) {
  switch (status) {
    case RNP_ERROR_KEY_NOT_FOUND: return "made by a key that is not in the keyring";
    case RNP_ERROR_SIGNATURE_EXPIRED: return "the signature or its key has expired";
    case RNP_ERROR_SIGNATURE_INVALID: return "does not fit the text, or uses a weak digest or a revoked key";
    default: return rnp_result_to_string(status);
  }
}

}  // namespace

std::string SplitClearSigned(std::string_view message, std::string_view name) {
  enum class Part { kBegin, kHeaders, kText, kSignature, kAfter } part = Part::kBegin;
  std::string text;
  std::uint64_t number = 0;
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    const std::string_view line = message.substr(0, end);
    message.remove_prefix(std::min(end + 1, message.size()));
    ++number;
    const auto refuse = [&](Message detail) { throw ParseError(name, number, std::move(detail)); };
    if (std::any_of(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; })) {
      refuse(Msg("control byte"));
    }
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
          part = Part::kSignature;
        } else if (line.starts_with("- ")) {
          text += std::string(line.substr(2)) + "\n";
        } else if (line.starts_with("-")) {
          refuse(Msg("line with an unescaped dash"));
        } else {
          text += std::string(line) + "\n";
        }
        break;
      case Part::kSignature:
        if (line == kEnd) part = Part::kAfter;
        break;
      case Part::kAfter: refuse(Msg("text after the signature"));
    }
  }
  if (part != Part::kAfter) throw ParseError(name, number, Msg("the signature is missing or cut off"));
  return text;
}

VerifiedText VerifyClearSigned(std::string_view message, std::string_view keyring, std::string_view name,
                               UnixSeconds now) {
  VerifiedText verified;
  verified.text = SplitClearSigned(message, name);
  const Ffi ffi = OpenKeyring(keyring);
  const Input input = InputFrom(message);
  rnp_output_t raw_output = nullptr;
  Require(rnp_output_to_memory(&raw_output, 0), "write to memory");
  const Output output(raw_output);
  rnp_op_verify_t raw = nullptr;
  Require(rnp_op_verify_create(&raw, ffi.get(), input.get(), output.get()), "start verifying");
  const Verification verification(raw);
  rnp_op_verify_execute(raw);  // one valid signature is enough for its result; each is looked at below instead
  std::size_t count = 0;
  Require(rnp_op_verify_get_signature_count(raw, &count), "count signatures");
  std::set<std::string> signers;
  std::string reasons;
  for (std::size_t i = 0; i < count; ++i) {
    rnp_op_verify_signature_t signature = nullptr;
    Require(rnp_op_verify_get_signature_at(raw, i, &signature), "look at a signature");
    const rnp_result_t status = rnp_op_verify_signature_get_status(signature);
    std::uint32_t created = 0, expires = 0;
    rnp_op_verify_signature_get_times(signature, &created, &expires);
    const std::string who = PrimaryFingerprint(ffi.get(), signature);
    std::string reason;
    if (status != RNP_SUCCESS) {
      reason = ShortReason(status);
    } else if (static_cast<UnixSeconds>(created) > now + kTolerance) {
      reason = "made in the future, at " + FormatTime(created);
    } else if (who.empty()) {
      reason = "made by a key without fingerprint";
    }
    if (reason.empty()) {
      signers.insert(who);
      continue;
    }
    reasons += (reasons.empty() ? "" : "; ") + (who.empty() ? std::string() : who + ": ") + reason;
    if (status != RNP_ERROR_KEY_NOT_FOUND && !who.empty() && status == RNP_ERROR_SIGNATURE_INVALID) {
      throw Error(Msg("{}: bad signature: {}", name, reasons));
    }
  }
  if (signers.empty()) {
    throw Error(Msg("{}: no good signature: {}", name, reasons.empty() ? std::string("there is none") : reasons));
  }
  verified.signers.assign(signers.begin(), signers.end());
  return verified;
}

}  // namespace nachbau::mirror
