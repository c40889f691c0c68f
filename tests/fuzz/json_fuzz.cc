// JSON of foreign bytes. What was accepted and has a canonical form reads back from it as the same value, and its form
// is the same again.
#include <cstdint>

#include "base/error.h"
#include "base/json.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(json) {
  try {
    const nachbau::Json value = nachbau::ParseJson({reinterpret_cast<const char*>(data), size}, "fuzz");
    const std::string canonical = nachbau::FormatCanonical(value);
    if (nachbau::FormatCanonical(nachbau::ParseJson(canonical, "canonical")) != canonical) __builtin_trap();
    if (nachbau::ParseJson(nachbau::FormatPretty(value), "pretty") != value) __builtin_trap();
  } catch (const nachbau::Error&) {
  }
  return 0;
}
