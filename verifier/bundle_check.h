// Checks one bundle and hands out the statement in it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/finding.h"
#include "verifier/trust.h"

namespace nachbau::verifier {

struct BundleCheck {
  std::vector<Finding> findings;
  // The payload, parsed strictly. Set when the shape is good, whether or not anybody trusted signed it: the caller says
  // which, by `findings`.
  std::optional<Json> statement;
};

// Does not throw for the bundle's content.
BundleCheck CheckBundle(const Json& bundle, const std::string& name, const std::vector<ParsedKey>& trusted);

}  // namespace nachbau::verifier
