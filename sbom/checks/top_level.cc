#include "sbom/checks/top_level.h"

#include <algorithm>
#include <string_view>

namespace nachbau::sbom {

void JudgeTopLevel(const CheckInput& input, Clause& clause) {
  if (input.sheet.primary == kNoComponent) {
    clause.Fail("/metadata", "", Msg("there is no primary component to start from"));
    return;
  }
  const Subject& product = input.sheet.subjects[input.sheet.primary];
  const auto says = [&](std::string_view word) {
    return std::any_of(product.completeness.values.begin(), product.completeness.values.end(),
                       [&](const Stated& stated) { return stated.value == word; });
  };
  if (!product.dangling.empty()) {
    clause.Fail(product.dangling[0].pointer, Shown(product), Msg("a dependency of it is not in the document"));
  } else if (product.needs.empty() && !(product.has_entry && says("complete"))) {
    clause.Fail(product, Msg("no dependency of it is listed"));
  } else if (says("incomplete")) {
    clause.Fail(product, Msg("the document itself says that its list is incomplete"));
  } else if (says("complete")) {
    clause.Pass();
  } else {
    clause.Unjudged(product, Msg("the document does not say that its list is complete"));
  }
}

}  // namespace nachbau::sbom
