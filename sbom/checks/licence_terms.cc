#include "sbom/checks/licence_terms.h"

#include "sbom/licences/expression.h"

namespace nachbau::sbom {
namespace {

constexpr std::string_view kReference = "LicenseRef-";
constexpr std::size_t kMaxNamed = 5;

// "LicenseRef-scancode-x" and "LicenseRef-<entity>-x" name whose reference it is.
bool NamesAnEntity(std::string_view licence) {
  const std::size_t start = licence.find(kReference);
  if (start == licence.npos) return true;
  const std::string_view name = licence.substr(start + kReference.size());
  const std::size_t dash = name.find('-');
  return dash != name.npos && dash != 0 && dash + 1 != name.size();
}

void Name(std::vector<std::string>& list, std::string text) {
  if (list.size() < kMaxNamed) list.push_back(std::move(text));
}

}  // namespace

LicenceTerms ReadLicenceTerms(std::string_view terms) {
  LicenceTerms result;
  result.empty = terms.find_first_not_of(" \t\r\n") == terms.npos || terms == "NONE" || terms == "NOASSERTION";
  if (result.empty) return result;
  const auto expression = TryParseLicenceExpression(terms);
  if (!expression) {
    result.malformed = true;
    return result;
  }
  for (ExpressionProblem& problem : FindExpressionProblems(*expression)) {
    // A deprecated identifier is an identifier still.
    if (problem.kind != ExpressionProblem::Kind::kDeprecated) Name(result.unknown, std::move(problem.identifier));
  }
  for (const std::string& licence : LicencesOf(*expression)) {
    if (!NamesAnEntity(licence)) Name(result.unentitled, licence);
  }
  return result;
}

}  // namespace nachbau::sbom
