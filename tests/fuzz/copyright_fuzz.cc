// debian/copyright from outside: every expression that it yields is canonical, and so is what is concluded from it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sbom/elements.h"
#include "sbom/licences/copyright.h"
#include "sbom/licences/licence_index.h"
#include "sbom/licences/licences.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

void MustBeCanonical(const std::string& text) {
  using namespace nachbau;
  using namespace nachbau::sbom;
  const auto expression = TryParseLicenceExpression(text);
  if (!expression || FormatLicenceExpression(Canonical(*expression)) != text) std::abort();
}

}  // namespace

FUZZ_TARGET(copyright) {
  using namespace nachbau;
  using namespace nachbau::sbom;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Copyright copyright = ParseCopyright(text, "copyright", "source");
  if (copyright.machine_readable == copyright.files.empty()) std::abort();
  if (copyright.machine_readable == !copyright.reason.text.empty()) std::abort();
  for (const std::string& expression : copyright.licences) MustBeCanonical(expression);
  for (const auto& [identifier, licence_text] : copyright.texts) MustBeCanonical(identifier);
  const LicenceIndex index = LicenceIndex::Make(text, "source");
  if (copyright.machine_readable) MustBeCanonical(index.Declared());
  const Conclusion conclusion = index.Conclude({"src/a.c", "debian/rules", "x"});
  if (!conclusion.expression.empty()) MustBeCanonical(conclusion.expression);
  if (conclusion.expression.empty() == conclusion.reason.text.empty()) std::abort();
  // A document is made of it: nothing that JSON refuses.
  nachbau::FormatCanonical(ToJson(conclusion));
  nachbau::FormatCanonical(index.Details(conclusion.expression));
  MustBeCanonical(SpdxExpression(text));
  ChangelogDate(text);
  return 0;
}
