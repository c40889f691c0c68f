// A CycloneDX document from outside: validation and the comparison with files answer, whatever it holds.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "sbom/validation/formats.h"
#include "sbom/sbom.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* format : {"date-time", "date", "idn-email", "uri", "iri-reference"}) {
    nachbau::sbom::CheckFormat(format, text);
  }
  try {
    nachbau::sbom::Validate(nachbau::ParseJson(text, "sbom"));
    nachbau::sbom::CheckAgainstArtifacts(std::string(text), "/proc/self/fdinfo");
  } catch (const nachbau::Error&) {
  }
  return 0;
}
