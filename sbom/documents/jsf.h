// Signatures inside a CycloneDX document: JSON Signature Format (JSF) 0.82 over the canonical form of RFC 8785.
//
//   "signature": {"algorithm": …, "publicKey": {…}, "value": …}      over the object it stands in, all but "value"
//   "signature": {"signers": [ … ]}     each over the object with itself alone in the list
//   "signature": {"chain": [ … ]}       each over the object with itself and those before it in the list
//
// "excludes" names members of the object that are not signed; it is itself not signed (JSF 0.82, section 5).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/message.h"

namespace nachbau::sbom {

inline constexpr std::size_t kMaxSignatures = 256;  // in one document; more is refused

struct KnownKey {
  std::string name;  // who
  std::string pem;   // public key or certificate
};

// kNotChecked is the zero value; only kGood says that the bytes are signed by that key.
enum class JsfOutcome {
  kNotChecked,   // no key at hand
  kUnsupported,  // an algorithm, an extension or a shared secret that says nothing about who signed
  kMalformed,
  kBad,  // the document is not what was signed
  kGood,
};
std::string_view Name(JsfOutcome outcome);  // "not checked", "unsupported", "malformed", "bad", "good"

struct JsfSignature {
  std::string pointer;  // of the signature: "/signature", "/components/3/signature/signers/1"
  std::string algorithm;
  std::string key_id;       // as claimed
  std::string key_kind;     // "Ed25519", "RSA 3072" …
  std::string fingerprint;  // of the key that was used
  std::string signer;       // name of the known key that signed; empty: nobody known
  std::string subject;      // as a certificate claims; its issuer was not checked
  std::vector<std::string> excludes;
  // False for signatures over the document without its signature object, as some programs make them in place of JSF's:
  // the document is signed, algorithm and key that stand beside it are not.
  bool covers_itself = true;
  JsfOutcome outcome = JsfOutcome::kNotChecked;
  Message reason;  // unless good
};

// All signatures in the document, in document order; empty for none. Throws ParseError for more than kMaxSignatures,
// and for a known key that is none.
std::vector<JsfSignature> VerifyJsf(const Json& document, const std::vector<KnownKey>& known);

struct JsfSigner {
  std::string algorithm;  // "Ed25519"
  Json public_key;        // JWK
  std::string key_id;     // may be empty
  std::function<std::string(std::string_view message)> sign;
};
JsfSigner Ed25519Signer(std::string_view raw_public_key, std::string key_id,
                        std::function<std::string(std::string_view)> sign);

enum class SignMode {
  kNew,      // the document is unsigned
  kReplace,  // takes a signature away that is there
  kSigners,  // one of several: appended to "signers", or the first of them
  kChain,    // appended to "chain", or its first
};
// The signed document. Throws Error where the mode does not fit what is there; MissingError when it is no CycloneDX.
Json SignJsf(Json document, const JsfSigner& signer, SignMode mode);

// What is signed by the signature at that place: exposed for tests. `index` counts in a list.
std::string JsfSigningInput(const Json& object, std::size_t index);

}  // namespace nachbau::sbom
