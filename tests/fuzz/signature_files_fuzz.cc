// Keys and signatures of minisign and signify, lists of SSH signers, OpenPGP signatures: foreign bytes never vouch.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "mirror/minisign.h"
#include "mirror/openpgp_signature.h"
#include "mirror/ssh_signature.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(signature_files) {
  namespace mirror = nachbau::mirror;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try {
    const mirror::MinisignSignature signature = mirror::ParseMinisignSignature(input, "fuzz");
    if (signature.signature.size() != 64) std::abort();
    mirror::MinisignKey key;
    key.key_id = signature.key_id;
    // Of the key that is all zeros (low order) nothing is ever good.
    if (mirror::CheckMinisign("x", signature, key).outcome == nachbau::SignatureOutcome::kGood) std::abort();
  } catch (const nachbau::ParseError&) {
  }
  try {
    mirror::ParseMinisignKey(input, "fuzz");
  } catch (const nachbau::ParseError&) {
  }
  try {
    const std::string allowed = mirror::AllowedSigners(input, "fuzz", "fuzz");
    if (mirror::AllowedSigners(allowed, "fuzz", "fuzz") != allowed) std::abort();
  } catch (const nachbau::ParseError&) {
  }
  for (const nachbau::SignatureVerdict& verdict : mirror::OpenPgpKeys("").CheckDetached("x", input, 0)) {
    if (verdict.outcome == nachbau::SignatureOutcome::kGood) std::abort();
  }
  return 0;
}
