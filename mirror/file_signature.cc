#include "mirror/file_signature.h"

#include "base/error.h"
#include "mirror/keyring.h"
#include "mirror/minisign.h"
#include "mirror/openpgp_signature.h"
#include "mirror/ssh_signature.h"

namespace nachbau::mirror {
namespace {

enum class Kind { kOpenPgp, kMinisign, kSsh };

Kind KindOfKeys(std::string_view bytes) {
  if (IsMinisignFile(bytes)) return Kind::kMinisign;
  const bool binary = !bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0x80) != 0;
  return binary || bytes.find("-----BEGIN PGP ") != bytes.npos ? Kind::kOpenPgp : Kind::kSsh;
}

Kind KindOfSignature(std::string_view bytes) {
  if (IsMinisignFile(bytes)) return Kind::kMinisign;
  return IsSshSignature(bytes) ? Kind::kSsh : Kind::kOpenPgp;
}

SignatureVerdict Unknown() {
  return {SignatureOutcome::kUnknownKey, "", "", std::nullopt, "no key of this kind is among those given"};
}

// The best of what several keys say of one signature: a key that fits says more than one that does not.
SignatureVerdict CheckWithAll(std::string_view message, const MinisignSignature& signature,
                              const std::vector<const KeyFile*>& keys) {
  SignatureVerdict verdict = Unknown();
  for (const KeyFile* file : keys) {
    const SignatureVerdict found = CheckMinisign(message, signature, ParseMinisignKey(file->bytes, file->name));
    if (found.outcome == SignatureOutcome::kGood) return found;
    if (verdict.outcome == SignatureOutcome::kUnknownKey) verdict = found;
  }
  return verdict;
}

}  // namespace

std::vector<Voucher> CheckFileSignature(std::string_view message, std::string_view signature,
                                        const std::vector<KeyFile>& keys, const std::string& file,
                                        const Sha256Digest& sha256, UnixSeconds now,
                                        const std::filesystem::path& scratch) {
  const Kind kind = KindOfSignature(signature);
  std::vector<const KeyFile*> fitting;
  Voucher voucher;
  voucher.role = "upstream";
  voucher.file = file;
  voucher.sha256 = sha256;
  for (const KeyFile& key : keys) {
    if (KindOfKeys(key.bytes) != kind) continue;
    fitting.push_back(&key);
    voucher.keys += (voucher.keys.empty() ? "" : ", ") + key.name;
  }
  std::vector<SignatureVerdict> verdicts;
  if (kind == Kind::kMinisign) {
    voucher.kind = "minisign";
    try {
      const MinisignSignature parsed = ParseMinisignSignature(signature, file);
      voucher.kind = parsed.IsMinisign() ? "minisign" : "signify";
      verdicts.push_back(CheckWithAll(message, parsed, fitting));
    } catch (const ParseError& error) {
      verdicts.push_back({SignatureOutcome::kBad, "", "", std::nullopt, error.what()});
    }
  } else if (kind == Kind::kSsh) {
    voucher.kind = "ssh";
    SshSigners signers;
    for (const KeyFile* key : fitting) signers.allowed += AllowedSigners(key->bytes, key->name, key->name);
    verdicts.push_back(CheckSshSignature(message, signature, signers, "file", std::nullopt, scratch));
  } else {
    voucher.kind = "openpgp";
    std::string keyring;
    for (const KeyFile* key : fitting) keyring += BinaryKeyring(key->bytes, key->name);
    verdicts = OpenPgpKeys(keyring).CheckDetached(message, signature, now);
  }
  std::vector<Voucher> vouchers;
  for (SignatureVerdict& verdict : verdicts) {
    voucher.verdict = std::move(verdict);
    vouchers.push_back(voucher);
  }
  return vouchers;
}

}  // namespace nachbau::mirror
