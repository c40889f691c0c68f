#include "policies/licence_expression.h"

#include "model/licence_expression.h"

namespace nachbau::policies {
namespace {

using Allowed = std::function<bool(const std::string&)>;

std::set<std::string> InTheWay(const LicenceExpression& expression, const Allowed& allowed) {
  if (expression.kind == LicenceExpression::Kind::kLicence) {
    // "MPL-1.1+": this version or a later one, so this one.
    const bool free = allowed(expression.licence) || allowed(std::string(WithoutPlus(expression.licence)));
    return free ? std::set<std::string>() : std::set<std::string>{expression.licence};
  }
  std::set<std::string> all;
  for (const LicenceExpression& part : expression.parts) {
    std::set<std::string> found = InTheWay(part, allowed);
    if (found.empty() && expression.kind == LicenceExpression::Kind::kOr) return {};
    all.merge(found);
  }
  return all;
}

}  // namespace

std::set<std::string> NotAllowed(std::string_view expression, const Allowed& allowed) {
  const auto parsed = TryParseLicenceExpression(expression);
  return parsed ? InTheWay(*parsed, allowed) : std::set<std::string>{std::string(expression)};
}

}  // namespace nachbau::policies
