// SPDX licence expressions (SPDX specification 2.3 Annex D, 3.0.1 Annex B): the grammar. Which identifiers SPDX knows is
// another question (sbom/licences/expression.h).
//
//   expression = term *( "OR" term )       term = factor *( "AND" factor )      AND binds more strongly than OR
//   factor     = simple [ "WITH" exception ] / "(" expression ")"
//   simple     = identifier [ "+" ] / [ "DocumentRef-" idstring ":" ] "LicenseRef-" idstring
//   exception  = identifier / [ "DocumentRef-" idstring ":" ] "AdditionRef-" idstring
//
// Operators are all upper or all lower case (3.0.1); what is written here has them in upper case.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nachbau {

struct LicenceExpression {
  enum class Kind { kLicence, kAnd, kOr };
  Kind kind = Kind::kLicence;
  std::string licence;                   // kLicence: "MIT", "MPL-1.1+", "LicenseRef-x", "DocumentRef-y:LicenseRef-x"
  std::string exception;                 // kLicence: what follows WITH; "" for none
  std::vector<LicenceExpression> parts;  // kAnd, kOr: two or more

  bool operator==(const LicenceExpression& other) const;
};

inline constexpr std::size_t kMaxLicenceExpression = 256 << 10;  // bytes
inline constexpr int kMaxLicenceExpressionDepth = 100;           // parentheses within parentheses

// Throws ParseError.
LicenceExpression ParseLicenceExpression(std::string_view text, std::string_view name);
// The same; nothing where there would be an error.
std::optional<LicenceExpression> TryParseLicenceExpression(std::string_view text);
// Parentheses wherever AND and OR meet, so that nobody has to know which binds more strongly.
std::string FormatLicenceExpression(const LicenceExpression& expression);

// Each licence of it (kLicence), from left to right.
void ForEachLicence(const LicenceExpression& expression, const std::function<void(const LicenceExpression&)>& visit);

// "LicenseRef-x", "AdditionRef-x", with "DocumentRef-y:" before it or not: a name that a document itself gives.
bool IsOwnLicence(std::string_view identifier);
// The identifier without the "+" for "or a later version".
std::string_view WithoutPlus(std::string_view licence);

}  // namespace nachbau
