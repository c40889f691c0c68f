// An SBOM from outside, of any shape: every profile comes to a verdict on every clause, and the declarations of that are
// a document of ours.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "sbom/checks/check.h"
#include "sbom/checks/declarations.h"
#include "sbom/checks/licence_terms.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(conformance) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  nachbau::sbom::ReadLicenceTerms(text);
  nachbau::Conformance conformance;
  try {
    conformance = nachbau::sbom::CheckConformance(text, "sbom", {{"bsi-tr-03183-2", "ntia", "cra"}, {}});
  } catch (const nachbau::Error&) {
    return 0;
  }
  // From here on nothing foreign may be a reason to fail.
  const nachbau::Json declarations = nachbau::sbom::Declare(conformance, "");
  nachbau::ConformanceFromJson(nachbau::ToJson(conformance), "conformance");
  return declarations.is_object() ? 0 : 1;
}
