// The syntax of SPDX licence expressions (SPDX 2.3, annex D; operators also in lower case as SPDX 3.0 allows).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/message.h"

namespace nachbau::sbom {

struct LicenceExpression {
  std::optional<Message> error;  // why it is no expression
  // As written, in order, without '+': licences, exceptions, LicenseRef-…
  std::vector<std::string_view> identifiers;
};
// The identifiers point into `text`. Never throws.
LicenceExpression ParseLicenceExpression(std::string_view text);

// "LicenseRef-x", "DocumentRef-d:LicenseRef-x", "AdditionRef-x": names that the document itself gives.
bool IsOwnLicence(std::string_view identifier);

}  // namespace nachbau::sbom
