// A list from the other side of an air gap: a value that is written the same way, or a ParseError.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "mirror/have_list.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(have_list) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    if (nachbau::mirror::FormatHaveList(nachbau::mirror::ParseHaveList(text, "fuzz")) != text) std::abort();
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
