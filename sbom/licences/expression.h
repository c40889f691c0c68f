// SPDX licence expressions by SPDX's lists: one form for what means the same, what follows from what, and what SPDX does not
// have. The grammar: model/licence_expression.h.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/message.h"
#include "model/licence_expression.h"

namespace nachbau::sbom {

// One form for what means the same: identifiers in SPDX's spelling, deprecated ones replaced where the replacement says
// exactly the same (GPL-2.0+ → GPL-2.0-or-later), nested operators of one kind flattened, parts sorted, each once.
// Nothing is absorbed: "A AND (A OR B)" tells that B is offered for a part.
LicenceExpression Canonical(LicenceExpression expression);

// All of them apply, canonical. `expressions` must not be empty.
LicenceExpression AllOf(std::vector<LicenceExpression> expressions);

// Whoever keeps to `stronger` keeps to `weaker` too, as far as AND and OR tell: "A AND B" implies "A OR C". Both canonical.
bool Implies(const LicenceExpression& stronger, const LicenceExpression& weaker);

// Levels of parentheses that it is written with.
int DepthOf(const LicenceExpression& expression);

// The licences in it, each with its exception: "GPL-2.0-only WITH Classpath-exception-2.0".
std::set<std::string> LicencesOf(const LicenceExpression& expression);

// True for identifiers of SPDX's list of exceptions, in any case.
bool IsSpdxException(std::string_view identifier);

struct ExpressionProblem {
  enum class Kind { kUnknownLicence, kUnknownException, kDeprecated, kExceptionAsLicence };
  Kind kind = Kind::kUnknownLicence;
  std::string identifier;
  std::string suggestion;  // what to write instead; "" when not known
};
// Sorted by identifier, each once.
std::vector<ExpressionProblem> FindExpressionProblems(const LicenceExpression& expression);
Message Describe(const ExpressionProblem& problem);

}  // namespace nachbau::sbom
