// A list from the other side of an air gap: a value that is written the same way, or a ParseError.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "mirror/have_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    if (nachbau::mirror::FormatHaveList(nachbau::mirror::ParseHaveList(text, "fuzz")) != text) std::abort();
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
