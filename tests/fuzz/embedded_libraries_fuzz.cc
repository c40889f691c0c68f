// The table of embedded libraries from outside, and a search with it in its own bytes. What is understood can be
// searched for, and no text is longer than it may be.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "sbom/origin/embedded_copies.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(embedded_libraries) {
  using namespace nachbau::sbom;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    for (const EmbeddedLibrary& library : ParseEmbeddedLibraries(bytes, "table")) {
      if (library.name.empty() || library.source.empty() == library.source_pattern.empty()) std::abort();
    }
    for (const EmbeddedCopy& copy : EmbeddedCopyFinder(bytes, "table").Find(bytes)) {
      if (copy.text.size() > 200) std::abort();
      copy.MayComeFrom(copy.key);
    }
  } catch (const nachbau::ParseError&) {
  }
  // Printable strings have no others inside of them.
  const std::string strings = PrintableStrings(bytes);
  if (PrintableStrings(strings) != strings) std::abort();
  return 0;
}
