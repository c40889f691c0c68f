// A package URL from outside: what can be read has a canonical form, which reads as the same.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "sbom/purl/purl.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(purl) {
  using namespace nachbau::sbom;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Purl purl = ParsePurl(text);
    CheckPurl(purl);
    if (ParsePurl(FormatPurl(purl)) != purl || MakePurl(purl) != purl) __builtin_trap();
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
