// Product files and closures: they come with exports from elsewhere. What is accepted is the same after a round trip.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "model/closure.h"
#include "model/product.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(product) {
  using namespace nachbau;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Json json;
  try {
    json = ParseJson(text, "fuzz");
  } catch (const ParseError&) {
    return 0;
  }
  try {
    NACHBAU_CHECK(ToJson(ClosureFromJson(json, "fuzz")) == json);
  } catch (const ParseError&) {
  }
  try {
    NACHBAU_CHECK(ToJson(ProductFromJson(json, "fuzz")) == json);
  } catch (const ParseError&) {
  }
  return 0;
}
