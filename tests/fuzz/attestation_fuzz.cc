// A bundle from outside: parsed, checked with a key that is trusted, and written again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "tests/fuzz/fuzz_target.h"
#include "verifier/bundle.h"
#include "verifier/verifier.h"

FUZZ_TARGET(attestation) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // RFC 8032, section 7.1, TEST 1. The seed of the corpus is not signed by it.
  static const std::vector<nachbau::verifier::TrustedKey> trusted = {
      {"key",
       "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
       "-----END PUBLIC KEY-----\n"}};
  try {
    const nachbau::Json json = nachbau::ParseJson(text, "bundle");
    for (const nachbau::Finding& finding : nachbau::verifier::VerifyBundle(json, "bundle", trusted)) {
      if (finding.rule != "attestation.shape" && finding.outcome == nachbau::FindingOutcome::kPass) std::abort();
    }
    const nachbau::verifier::Bundle bundle = nachbau::verifier::BundleFromJson(json, "bundle");
    nachbau::verifier::BundleFromJson(nachbau::verifier::ToJson(bundle), "bundle");
  } catch (const nachbau::Error&) {
  }
  return 0;
}
