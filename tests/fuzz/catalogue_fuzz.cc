// Message catalogues of foreign bytes (our own are part of the program, but a reader is a reader).
#include <cstdint>

#include "base/catalogue.h"
#include "base/error.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(catalogue) {
  try {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const nachbau::Catalogue catalogue(nachbau::Language::kGerman, bytes, "fuzz");
    catalogue.Translate(nachbau::Msg("{} of {}", 1, 2));
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
