// debian/copyright from outside: every expression it yields joins into one that is not empty and has balanced parentheses.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sbom/elements.h"
#include "sbom/licences/copyright.h"
#include "sbom/licences/licences.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const nachbau::sbom::Copyright copyright = nachbau::sbom::ParseCopyright(text, "copyright");
  if (copyright.machine_readable == copyright.licences.empty()) std::abort();
  for (const std::string& expression : {nachbau::sbom::JoinWithAnd(copyright.licences), nachbau::sbom::SpdxExpression(text)}) {
    if (expression.empty() && copyright.machine_readable) std::abort();
    if (std::count(expression.begin(), expression.end(), '(') != std::count(expression.begin(), expression.end(), ')')) {
      std::abort();
    }
  }
  nachbau::sbom::ChangelogDate(text);
  return 0;
}
