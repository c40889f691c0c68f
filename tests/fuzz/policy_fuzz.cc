// A policy file: read or refused.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "policies/policies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto policy = nachbau::policies::ParsePolicy({reinterpret_cast<const char*>(data), size}, "policy.toml");
    if (policy.rules.empty()) __builtin_trap();
    nachbau::policies::Evaluate(policy, {}, 0);
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
