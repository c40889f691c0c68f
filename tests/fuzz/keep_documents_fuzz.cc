// Documents that decide what may be deleted, which others may have written: holds, wishes to release them, roots files.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "model/roots.h"
#include "tests/fuzz/fuzz_target.h"
#include "verifier/hold_release.h"

FUZZ_TARGET(keep_documents) {
  using namespace nachbau;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Json json = ParseJson(text, "fuzz");
    try {
      const Hold hold = HoldFromJson(json, "fuzz");
      if (HoldFromJson(ToJson(hold), "fuzz") != hold) std::abort();
    } catch (const ParseError&) {
    }
    try {
      const Roots roots = RootsFromJson(json, "fuzz");
      if (RootsFromJson(ToJson(roots), "fuzz") != roots) std::abort();
    } catch (const ParseError&) {
    }
    try {
      const HoldRelease release = verifier::ReadHoldRelease(json, "fuzz");
      Hold hold;
      hold.name = release.name;
      if (verifier::CheckHoldRelease(json, "fuzz", hold).Released()) std::abort();  // it names no keys
    } catch (const ParseError&) {
    }
  } catch (const ParseError&) {
  }
  return 0;
}
