#include "verifier/signed_statement.h"

#include "base/error.h"
#include "verifier/bundle.h"
#include "verifier/bundle_check.h"

namespace nachbau::verifier {

SignedStatement OpenBundle(const Json& bundle, const std::string& name, const std::vector<TrustedKey>& trusted) {
  const std::vector<ParsedKey> keys = ParseTrustedKeys(trusted);
  const BundleCheck check = CheckBundle(bundle, name, keys);
  for (const Finding& finding : check.findings) {
    if (finding.outcome == FindingOutcome::kPass) continue;
    Error error(finding.reason);
    error.AddContext(Msg("{}", name));
    error.SetHint(Msg("trust a key by [[trusted_keys]] in nachbau.toml or --key FILE, when you know whose it is"));
    throw error;
  }
  SignedStatement result;
  result.statement = check.statement.value();
  result.signer = CheckEnvelopeSigner(BundleFromJson(bundle, name).envelope, keys).signer.value().name;
  return result;
}

}  // namespace nachbau::verifier
