// Files of pinned keys: an answer or a ParseError, and what was read is the same when written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "model/archive_keys.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(archive_keys) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const nachbau::ArchiveKeys keys = nachbau::ParseArchiveKeys(text, "fuzz");
    for (const nachbau::ArchiveKey& key : keys.keys) {
      if (nachbau::NormalFingerprint(key.fingerprint) != key.fingerprint) std::abort();
    }
    if (!keys.keys.empty() && keys.signatures > keys.keys.size()) std::abort();
    if (keys.keys.empty()) return 0;  // the number asked for is not written without keys to give them
    if (nachbau::ParseArchiveKeys(nachbau::FormatArchiveKeys(keys), "again").keys != keys.keys) std::abort();
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
