// An expression in which nothing is allowed is never allowed; one in which everything is allowed is, or is malformed.
#include <cstdint>
#include <string>

#include "policies/licence_expression.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(licence_expression) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  using nachbau::policies::NotAllowed;
  if (NotAllowed(text, [](const std::string&) { return false; }).empty()) __builtin_trap();
  const auto refused = NotAllowed(text, [](const std::string&) { return true; });
  if (!refused.empty() && (refused.size() != 1 || *refused.begin() != text)) __builtin_trap();
  return 0;
}
