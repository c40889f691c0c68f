// A statement out of a bundle, for whoever acts on it: nothing comes out unless everything holds.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {

struct SignedStatement {
  Json statement;
  std::string signer;  // name of the trusted key
};

// Throws Error naming `name` and the first check that does not pass: shape, signature by a trusted key, inclusion in
// the log that a trusted key vouches for.
SignedStatement OpenBundle(const Json& bundle, const std::string& name, const std::vector<TrustedKey>& trusted);

}  // namespace nachbau::verifier
