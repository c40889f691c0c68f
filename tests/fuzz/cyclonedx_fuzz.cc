// A CycloneDX document from outside: validation and the comparison with files answer, whatever it holds. The validator's
// own reader takes nothing that the strict one refuses, and both make the same of what they take.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "sbom/sbom.h"
#include "sbom/validation/formats.h"
#include "sbom/validation/validation.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(cyclonedx) {
  using namespace nachbau;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* format : {"date-time", "date", "idn-email", "uri", "iri-reference"}) {
    sbom::CheckFormat(format, text);
  }
  try {
    const sbom::Validation validation = sbom::ValidateText(text, "sbom");
    ToJson(validation);
    const Json document = ParseJson(text, "sbom");
    const sbom::Validation again = sbom::ValidateDocument(document);
    if (again.conforms_to_schema != validation.conforms_to_schema) __builtin_trap();
    sbom::CheckAgainstArtifacts(std::string(text), "/proc/self/fdinfo");
  } catch (const Error&) {
  }
  return 0;
}
