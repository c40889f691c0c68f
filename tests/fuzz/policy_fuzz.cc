// A policy file: read or refused.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "policies/policies.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(policy) {
  try {
    const auto policy = nachbau::policies::ParsePolicy({reinterpret_cast<const char*>(data), size}, "policy.toml");
    if (policy.rules.empty()) __builtin_trap();
    nachbau::policies::Evaluate(policy, {}, 0);
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
