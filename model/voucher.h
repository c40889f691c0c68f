// Who vouches for a source: signatures over it, each with what was found. docs/formats/vouchers.md
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"

namespace nachbau {

// Only kGood vouches for anything. kBad: the key is known and the signature is not of these bytes.
enum class SignatureOutcome { kNotChecked, kGood, kUnknownKey, kRevokedKey, kExpiredKey, kWeakDigest, kBad };
std::string_view Name(SignatureOutcome outcome);  // "not-checked", "good", "unknown-key", "revoked-key", "expired-key",
                                                  // "weak-digest", "bad"

// One signature as found.
struct SignatureVerdict {
  SignatureOutcome outcome = SignatureOutcome::kNotChecked;
  std::string signer;               // the key: OpenPGP fingerprint (or key id), "SHA256:…" of SSH, key id of minisign
  std::string name;                 // of whom, as the key or the list of keys has it: foreign text; may be empty
  std::optional<UnixSeconds> time;  // when it was made, as it says itself
  std::string detail;               // English: why it is not good, or what is worth knowing of a good one; may be empty
  auto operator<=>(const SignatureVerdict&) const = default;
};

struct Voucher {
  std::string role;    // "maintainer": of a Debian source package; "upstream": of what that was made from
  std::string kind;    // "openpgp", "minisign", "signify", "ssh"
  std::string file;    // file name of what is signed
  Sha256Digest sha256; // of that file
  std::string keys;    // where the keys come from: a file, or "debian/upstream/signing-key.asc"
  SignatureVerdict verdict;
  auto operator<=>(const Voucher&) const = default;
};

struct Vouchers {
  std::string source;   // source package, or product
  std::string version;
  std::vector<Voucher> vouchers;      // sorted
  std::vector<std::string> problems;  // English: what could not be looked at, and why

  std::size_t Count(SignatureOutcome outcome) const;
};

Json ToJson(const SignatureVerdict& verdict);
Json ToJson(const Vouchers& vouchers);
Vouchers VouchersFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
