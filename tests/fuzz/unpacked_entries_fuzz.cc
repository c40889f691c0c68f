// The list of a package's files in the cache. What was accepted reads back as the same and stays beneath its directory.
#include <cstdint>

#include "base/error.h"
#include "builder/unpack.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(unpacked_entries) {
  namespace builder = nachbau::builder;
  try {
    const auto entries = builder::ParseEntries({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const builder::UnpackedEntry& entry : entries) {
      if (entry.path.starts_with('/') || entry.path.starts_with("../") || entry.path.find("/../") != entry.path.npos) {
        __builtin_trap();
      }
    }
    if (builder::ParseEntries(builder::FormatEntries(entries), "written") != entries) __builtin_trap();
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
