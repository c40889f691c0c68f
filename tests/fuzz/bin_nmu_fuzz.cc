// A changelog that may begin with the entry of a binNMU.
#include <cstdint>
#include <string_view>

#include "mirror/bin_nmu.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(bin_nmu) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto entry = nachbau::mirror::ReadBinNmuEntry(text, "hello", "2.0-1+b1");
  if (!entry) return 0;
  // What was taken is its own entry, and nothing but the beginning of the text.
  if (!text.starts_with(*entry) || nachbau::mirror::ReadBinNmuEntry(*entry, "hello", "2.0-1+b1") != *entry)
    __builtin_trap();
  return 0;
}
