// SPDX expressions and tags from outside. What is accepted has one canonical form; all comparisons end.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sbom/licences/spdx_tags.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(spdx_expression) {
  using namespace nachbau::sbom;
  using namespace nachbau;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto expression = TryParseLicenceExpression(text)) {
    const LicenceExpression canonical = Canonical(*expression);
    const std::string written = FormatLicenceExpression(canonical);
    const LicenceExpression again = Canonical(ParseLicenceExpression(written, "canonical"));
    if (!(again == canonical) || FormatLicenceExpression(again) != written) std::abort();
    if (!Implies(canonical, canonical)) std::abort();
    if (LicencesOf(canonical).empty()) std::abort();
    for (const ExpressionProblem& problem : FindExpressionProblems(canonical)) Describe(problem);
    if (!FindExpressionProblems(WithKnownIdentifiers(canonical, "source")).empty()) std::abort();
  }
  for (const LicenceExpression& expression : FindSpdxTags(text).expressions) {
    if (!TryParseLicenceExpression(FormatLicenceExpression(WithKnownIdentifiers(expression, "source")))) std::abort();
  }
  return 0;
}
