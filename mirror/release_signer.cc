#include "mirror/release_signer.h"

#include <cstring>
#include <exception>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/error.h"
#include "base/process.h"
#include "mirror/keyring.h"
#include "mirror/librnp.h"

namespace nachbau::mirror {
namespace {

using RnpSigning = std::unique_ptr<std::remove_pointer_t<rnp_op_sign_t>, FreedBy<&rnp_op_sign_destroy>>;
using RnpGeneration = std::unique_ptr<std::remove_pointer_t<rnp_op_generate_t>, FreedBy<&rnp_op_generate_destroy>>;
using RnpIdentifiers =
    std::unique_ptr<std::remove_pointer_t<rnp_identifier_iterator_t>, FreedBy<&rnp_identifier_iterator_destroy>>;

RnpOutput MemoryOutput() {
  rnp_output_t raw = nullptr;
  RnpRequire(rnp_output_to_memory(&raw, 0), "write to memory");
  return RnpOutput(raw);
}

std::string TextOf(const RnpOutput& output) {
  std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  RnpRequire(rnp_output_memory_get_buf(output.get(), &bytes, &size, false), "read the result");
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

// librnp ends the lines of armor with CR LF. Signatures do not depend on it (RFC 4880 section 7.1), but readers do.
std::string WithPlainLines(std::string text) {
  std::erase(text, '\r');
  return text;
}

std::string Exported(rnp_key_handle_t key, std::uint32_t flags) {
  const RnpOutput output = MemoryOutput();
  RnpRequire(rnp_key_export(key, output.get(), flags | RNP_KEY_EXPORT_SUBKEYS), "export a key");
  return TextOf(output);
}

class KeyFileSigner final : public ReleaseSigner {
 public:
  KeyFileSigner(std::string_view text, const std::string& name, const std::function<std::string()>& passphrase)
      : ffi_(OpenKeyring({})), name_(name), passphrase_(passphrase) {
    const RnpInput input = RnpInputFrom(text);
    if (rnp_load_keys(ffi_.get(), "GPG", input.get(), RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_SECRET_KEYS) !=
        RNP_SUCCESS) {
      throw ParseError(name, 0, Msg("not an OpenPGP key"));
    }
    RnpRequire(rnp_ffi_set_pass_provider(ffi_.get(), &KeyFileSigner::GivePassphrase, this), "set the passphrase");
    FindPrimary();
    rnp_key_handle_t raw = nullptr;
    if (rnp_key_get_default_key(primary_.get(), "sign", 0, &raw) != RNP_SUCCESS || raw == nullptr) {
      throw Error(Msg("{}: the key {} cannot sign", name, Fingerprint()));
    }
    signing_ = RnpKey(raw);
  }

  // The last line end belongs to the frame, not to what is signed (RFC 4880 section 7.1); librnp adds one in any case.
  std::string ClearSign(const std::string& text, UnixSeconds time) override {
    return Sign(text.substr(0, text.size() - (text.ends_with('\n') ? 1 : 0)), time, true);
  }
  std::string SignDetached(const std::string& text, UnixSeconds time) override { return Sign(text, time, false); }
  std::string PublicKey() override { return Exported(primary_.get(), RNP_KEY_EXPORT_PUBLIC); }
  std::string PublicKeyArmored() override {
    return WithPlainLines(Exported(primary_.get(), RNP_KEY_EXPORT_PUBLIC | RNP_KEY_EXPORT_ARMORED));
  }
  std::string Fingerprint() override { return RnpFingerprint(primary_.get()); }

 private:
  void FindPrimary() {
    rnp_identifier_iterator_t raw = nullptr;
    RnpRequire(rnp_identifier_iterator_create(ffi_.get(), &raw, "fingerprint"), "list keys");
    const RnpIdentifiers identifiers(raw);
    const char* fingerprint = nullptr;
    while (rnp_identifier_iterator_next(identifiers.get(), &fingerprint) == RNP_SUCCESS && fingerprint != nullptr) {
      rnp_key_handle_t raw_key = nullptr;
      RnpRequire(rnp_locate_key(ffi_.get(), "fingerprint", fingerprint, &raw_key), "look for a key");
      RnpKey key(raw_key);
      bool primary = false, secret = false;
      RnpRequire(rnp_key_is_primary(raw_key, &primary), "look at a key");
      RnpRequire(rnp_key_have_secret(raw_key, &secret), "look at a key");
      if (!primary || !secret) continue;
      if (primary_) throw Error(Msg("{} holds several secret keys", name_));
      primary_ = std::move(key);
    }
    if (!primary_) throw Error(Msg("{} holds no secret key", name_));
  }

  std::string Sign(const std::string& text, UnixSeconds time, bool clear) {
    const RnpInput input = RnpInputFrom(text);
    const RnpOutput output = MemoryOutput();
    rnp_op_sign_t raw = nullptr;
    RnpRequire(clear ? rnp_op_sign_cleartext_create(&raw, ffi_.get(), input.get(), output.get())
                     : rnp_op_sign_detached_create(&raw, ffi_.get(), input.get(), output.get()),
               "start signing");
    const RnpSigning operation(raw);
    if (!clear) RnpRequire(rnp_op_sign_set_armor(raw, true), "set up a signature");
    RnpRequire(rnp_op_sign_set_hash(raw, "SHA512"), "set up a signature");
    RnpRequire(rnp_op_sign_set_creation_time(raw, static_cast<std::uint32_t>(time)), "set up a signature");
    RnpRequire(rnp_op_sign_add_signature(raw, signing_.get(), nullptr), "set up a signature");
    const rnp_result_t result = rnp_op_sign_execute(raw);
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    if (result == RNP_ERROR_BAD_PASSWORD) throw Error(Msg("{}: the passphrase is wrong", name_));
    RnpRequire(result, "sign");
    return WithPlainLines(TextOf(output));
  }

  static bool GivePassphrase(rnp_ffi_t, void* self, rnp_key_handle_t, const char*, char* buffer, std::size_t size) {
    auto* signer = static_cast<KeyFileSigner*>(self);
    std::string text;
    try {
      if (!signer->passphrase_) return false;
      text = signer->passphrase_();
    } catch (...) {  // librnp is C
      signer->failure_ = std::current_exception();
      return false;
    }
    if (text.size() + 1 > size) return false;
    std::memcpy(buffer, text.c_str(), text.size() + 1);
    return true;
  }

  RnpFfi ffi_;
  std::string name_;
  std::function<std::string()> passphrase_;
  RnpKey primary_, signing_;
  std::exception_ptr failure_;  // of passphrase_
};

class GpgSigner final : public ReleaseSigner {
 public:
  GpgSigner(const std::string& fingerprint, const std::map<std::string, std::string>& environment)
      : fingerprint_(fingerprint), environment_(environment) {
    PublicKey();  // says at once when gpg does not know it
  }

  std::string ClearSign(const std::string& text, UnixSeconds) override { return Run({"--clear-sign"}, text); }
  std::string SignDetached(const std::string& text, UnixSeconds) override {
    return Run({"--armor", "--detach-sign"}, text);
  }
  std::string PublicKey() override {
    const std::string key = Run({"--export", fingerprint_}, {});
    if (key.empty()) throw MissingError(Msg("gpg has no key {}", fingerprint_));
    return key;
  }
  std::string PublicKeyArmored() override { return Run({"--armor", "--export", fingerprint_}, {}); }
  std::string Fingerprint() override {
    // A subkey's fingerprint may have been given; what others are to trust is the primary key.
    const std::string keyring = PublicKey();
    const RnpFfi ffi = OpenKeyring(keyring);
    rnp_key_handle_t raw = nullptr;
    RnpRequire(rnp_locate_key(ffi.get(), "fingerprint", fingerprint_.c_str(), &raw), "look for a key");
    const RnpKey key(raw);
    if (!key) throw MissingError(Msg("gpg has no key {}", fingerprint_));
    bool primary = false;
    RnpRequire(rnp_key_is_primary(raw, &primary), "look at a key");
    return primary ? RnpFingerprint(raw) : RnpPrimaryFingerprint(raw);
  }

 private:
  std::string Run(const std::vector<std::string>& arguments, const std::string& input) const {
    ProcessRequest request;
    for (const auto& [name, value] : environment_) request.environment[name] = value;
    request.arguments = {"gpg",           "--batch", "--yes",        "--quiet",   "--no-greeting",
                         "--digest-algo", "SHA512",  "--local-user", fingerprint_};
    request.arguments.insert(request.arguments.end(), arguments.begin(), arguments.end());
    request.standard_input = input;
    const ProcessResult result = RunProcess(request);
    if (result.exit_code != 0) {
      throw Error(Msg("gpg, key {}: {}", fingerprint_, Printable(result.standard_error.substr(0, 1000))));
    }
    return result.standard_output;
  }

  std::string fingerprint_;
  std::map<std::string, std::string> environment_;
};

}  // namespace

std::unique_ptr<ReleaseSigner> OpenReleaseKey(std::string_view text, const std::string& name,
                                              const std::function<std::string()>& passphrase) {
  return std::make_unique<KeyFileSigner>(text, name, passphrase);
}

std::string MakeReleaseKey(const std::string& user_id, const std::string& passphrase) {
  const RnpFfi ffi = OpenKeyring({});
  rnp_op_generate_t raw = nullptr;
  RnpRequire(rnp_op_generate_create(&raw, ffi.get(), "EDDSA"), "make a key");
  const RnpGeneration operation(raw);
  RnpRequire(rnp_op_generate_set_userid(raw, user_id.c_str()), "make a key");
  RnpRequire(rnp_op_generate_add_usage(raw, "sign"), "make a key");
  RnpRequire(rnp_op_generate_set_hash(raw, "SHA512"), "make a key");
  RnpRequire(rnp_op_generate_set_expiration(raw, 0), "make a key");
  if (!passphrase.empty()) {
    RnpRequire(rnp_op_generate_set_protection_password(raw, passphrase.c_str()), "make a key");
  }
  RnpRequire(rnp_op_generate_execute(raw), "make a key");
  rnp_key_handle_t raw_key = nullptr;
  RnpRequire(rnp_op_generate_get_key(raw, &raw_key), "make a key");
  const RnpKey key(raw_key);
  const RnpOutput output = MemoryOutput();
  RnpRequire(rnp_key_export(raw_key, output.get(), RNP_KEY_EXPORT_SECRET | RNP_KEY_EXPORT_ARMORED), "export a key");
  return WithPlainLines(TextOf(output));
}

std::unique_ptr<ReleaseSigner> UseGpg(const std::string& fingerprint,
                                      const std::map<std::string, std::string>& environment) {
  if (!IsFingerprint(fingerprint)) {
    throw UsageError(Msg("not a fingerprint of 40 hexadecimal digits: {}", fingerprint));
  }
  return std::make_unique<GpgSigner>(fingerprint, environment);
}

}  // namespace nachbau::mirror
