// SPDX licence expressions (SPDX specification 2.3 Annex D, 3.0.1 Annex B).
//
//   expression = term *( "OR" term )       term = factor *( "AND" factor )      AND binds more strongly than OR
//   factor     = simple [ "WITH" exception ] / "(" expression ")"
//   simple     = identifier [ "+" ] / [ "DocumentRef-" idstring ":" ] "LicenseRef-" idstring
//
// Operators are all upper or all lower case (3.0.1); what is written here has them in upper case.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/message.h"

namespace nachbau::sbom {

struct Expression {
  enum class Kind { kLicence, kAnd, kOr };
  Kind kind = Kind::kLicence;
  std::string licence;            // kLicence: "MIT", "MPL-1.1+", "LicenseRef-x", "DocumentRef-y:LicenseRef-x"
  std::string exception;          // kLicence: what follows WITH; "" for none
  std::vector<Expression> parts;  // kAnd, kOr: two or more

  bool operator==(const Expression& other) const;
};

inline constexpr std::size_t kMaxExpression = 256 << 10;  // bytes
inline constexpr int kMaxExpressionDepth = 100;           // parentheses within parentheses

// Grammar only: whether SPDX knows the identifiers is FindExpressionProblems' question. Throws ParseError.
Expression ParseExpression(std::string_view text, std::string_view name);
// The same; nothing where there would be an error.
std::optional<Expression> TryParseExpression(std::string_view text);
// Parentheses wherever AND and OR meet, so that nobody has to know which binds more strongly.
std::string FormatExpression(const Expression& expression);

// One form for what means the same: identifiers in SPDX's spelling, deprecated ones replaced where the replacement says
// exactly the same (GPL-2.0+ → GPL-2.0-or-later), nested operators of one kind flattened, parts sorted, each once.
// Nothing is absorbed: "A AND (A OR B)" tells that B is offered for a part.
Expression Canonical(Expression expression);

// All of them apply, canonical. `expressions` must not be empty.
Expression AllOf(std::vector<Expression> expressions);

// Whoever keeps to `stronger` keeps to `weaker` too, as far as AND and OR tell: "A AND B" implies "A OR C". Both canonical.
bool Implies(const Expression& stronger, const Expression& weaker);

// Levels of parentheses that it is written with.
int DepthOf(const Expression& expression);

// The licences in it, each with its exception: "GPL-2.0-only WITH Classpath-exception-2.0".
std::set<std::string> LicencesOf(const Expression& expression);

// True for identifiers of SPDX's list of exceptions, in any case.
bool IsSpdxException(std::string_view identifier);

struct ExpressionProblem {
  enum class Kind { kUnknownLicence, kUnknownException, kDeprecated, kExceptionAsLicence };
  Kind kind = Kind::kUnknownLicence;
  std::string identifier;
  std::string suggestion;  // what to write instead; "" when not known
};
// Sorted by identifier, each once.
std::vector<ExpressionProblem> FindExpressionProblems(const Expression& expression);
Message Describe(const ExpressionProblem& problem);

}  // namespace nachbau::sbom
