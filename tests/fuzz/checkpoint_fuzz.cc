// A signed note from outside: what parses is written again as it was.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "tests/fuzz/fuzz_target.h"
#include "verifier/checkpoint.h"
#include "verifier/tiles.h"

FUZZ_TARGET(checkpoint) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const nachbau::verifier::Note note = nachbau::verifier::ParseNote(text, "note");
    if (nachbau::verifier::FormatNote(note) != text) std::abort();
    nachbau::verifier::ParseCheckpoint(note, "note");
  } catch (const nachbau::Error&) {
  }
  try {
    const auto entries = nachbau::verifier::ParseEntries(text, "bundle");
    if (nachbau::verifier::FormatEntries(entries) != text) std::abort();
  } catch (const nachbau::Error&) {
  }
  return 0;
}
