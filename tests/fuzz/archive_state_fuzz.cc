// The mirror's own state files, damaged: an answer or a ParseError.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "mirror/archive_state.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(archive_state) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    nachbau::mirror::ParseSeenRelease(text, "fuzz");
  } catch (const nachbau::ParseError&) {
  }
  try {
    const nachbau::mirror::Snapshot snapshot = nachbau::mirror::ParseSnapshot(text, "fuzz");
    for (const auto& index : snapshot.indexes) {
      if (index.proof.release >= snapshot.releases.size()) std::abort();
    }
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
