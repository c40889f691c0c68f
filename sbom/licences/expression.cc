#include "sbom/licences/expression.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/encoding.h"
#include "sbom/validation/schema.h"

namespace nachbau::sbom {
namespace {

// Identifiers that SPDX has deprecated in favour of what says exactly the same (SPDX licence list, "deprecated"). Others,
// whose text is no longer listed (Net-SNMP, GFDL without "-only" in every form), follow from rules below or stay.
const std::map<std::string, std::string>& Replacements() {
  static const std::map<std::string, std::string> table = {
      {"AGPL-1.0", "AGPL-1.0-only"},
      {"AGPL-3.0", "AGPL-3.0-only"},
      {"BSD-2-Clause-NetBSD", "BSD-2-Clause"},
      {"GFDL-1.1", "GFDL-1.1-only"},
      {"GFDL-1.2", "GFDL-1.2-only"},
      {"GFDL-1.3", "GFDL-1.3-only"},
      {"GPL-1.0", "GPL-1.0-only"},
      {"GPL-2.0", "GPL-2.0-only"},
      {"GPL-3.0", "GPL-3.0-only"},
      {"LGPL-2.0", "LGPL-2.0-only"},
      {"LGPL-2.1", "LGPL-2.1-only"},
      {"LGPL-3.0", "LGPL-3.0-only"},
      {"StandardML-NJ", "SMLNJ"},
      {"bzip2-1.0.5", "bzip2-1.0.6"},
  };
  return table;
}

// Deprecated identifiers that were licence and exception in one.
const std::map<std::string, std::pair<const char*, const char*>>& Compounds() {
  static const std::map<std::string, std::pair<const char*, const char*>> table = {
      {"GPL-2.0-with-autoconf-exception", {"GPL-2.0-only", "Autoconf-exception-2.0"}},
      {"GPL-2.0-with-bison-exception", {"GPL-2.0-only", "Bison-exception-2.2"}},
      {"GPL-2.0-with-classpath-exception", {"GPL-2.0-only", "Classpath-exception-2.0"}},
      {"GPL-2.0-with-font-exception", {"GPL-2.0-only", "Font-exception-2.0"}},
      {"GPL-2.0-with-GCC-exception", {"GPL-2.0-only", "GCC-exception-2.0"}},
      {"GPL-3.0-with-autoconf-exception", {"GPL-3.0-only", "Autoconf-exception-3.0"}},
      {"GPL-3.0-with-GCC-exception", {"GPL-3.0-only", "GCC-exception-3.1"}},
      {"eCos-2.0", {"GPL-2.0-or-later", "eCos-exception-2.0"}},
      {"wxWindows", {"LGPL-2.0-or-later", "WxWindows-exception-3.1"}},
  };
  return table;
}

// An identifier in the proper spelling, without deprecated forms; as it stands when SPDX does not know it.
std::string CanonicalIdentifier(const std::string& licence) {
  if (IsOwnLicence(licence)) return licence;
  const bool later = licence.ends_with('+');
  const std::string bare = later ? licence.substr(0, licence.size() - 1) : licence;
  const auto known = FindSpdxLicense(bare);
  if (!known) return licence;
  std::string identifier = *known;
  if (const auto found = Replacements().find(identifier); found != Replacements().end()) identifier = found->second;
  if (!later) return identifier;
  // GNU licences say "or later" in the identifier.
  if (identifier.ends_with("-or-later")) return identifier;
  if (identifier.ends_with("-only")) return identifier.substr(0, identifier.size() - 5) + "-or-later";
  return identifier + "+";
}

void Canonicalise(LicenceExpression& expression) {
  if (expression.kind == LicenceExpression::Kind::kLicence) {
    if (const auto known = FindSpdxLicense(expression.licence); known && expression.exception.empty()) {
      if (const auto found = Compounds().find(*known); found != Compounds().end()) {
        expression.licence = found->second.first;
        expression.exception = found->second.second;
      }
    }
    expression.licence = CanonicalIdentifier(expression.licence);
    if (!expression.exception.empty()) {
      expression.exception = FindSpdxLicense(expression.exception).value_or(expression.exception);
    }
    return;
  }
  std::map<std::string, LicenceExpression> parts;  // sorted by what is written
  for (LicenceExpression& part : expression.parts) {
    Canonicalise(part);
    if (part.kind != expression.kind) {
      parts.emplace(FormatLicenceExpression(part), std::move(part));
      continue;
    }
    for (LicenceExpression& inner : part.parts) parts.emplace(FormatLicenceExpression(inner), std::move(inner));
  }
  expression.parts.clear();
  for (auto& [text, part] : parts) expression.parts.push_back(std::move(part));
  if (expression.parts.size() == 1) {
    LicenceExpression only = std::move(expression.parts[0]);
    expression = std::move(only);
  }
}

void CollectProblems(const LicenceExpression& licence, std::map<std::string, ExpressionProblem>& problems) {
  using Kind = ExpressionProblem::Kind;
  const auto add = [&](Kind kind, const std::string& identifier, std::string suggestion) {
    problems.emplace(identifier, ExpressionProblem{kind, identifier, std::move(suggestion)});
  };
  if (!IsOwnLicence(licence.licence)) {
    const std::string_view bare = WithoutPlus(licence.licence);
    const auto known = FindSpdxLicense(bare);
    LicenceExpression proper;
    proper.licence = licence.licence;
    const std::string replacement = FormatLicenceExpression(Canonical(std::move(proper)));
    if (!known) add(Kind::kUnknownLicence, licence.licence, "");
    else if (IsSpdxException(bare)) add(Kind::kExceptionAsLicence, licence.licence, "");
    else if (Replacements().contains(*known) || Compounds().contains(*known)) add(Kind::kDeprecated, licence.licence, replacement);
  }
  if (!licence.exception.empty() && !IsOwnLicence(licence.exception) && !IsSpdxException(licence.exception)) {
    add(Kind::kUnknownException, licence.exception, "");
  }
}

// Pairs already answered: without them two adversaries of depth n would be compared along every path through both.
using Answers = std::map<std::pair<const LicenceExpression*, const LicenceExpression*>, bool>;

bool Implies(const LicenceExpression& stronger, const LicenceExpression& weaker, Answers& answers) {
  const auto [place, added] = answers.emplace(std::pair(&stronger, &weaker), false);
  if (!added) return place->second;
  const auto implied_by_all = [&](const LicenceExpression& part) { return Implies(part, weaker, answers); };
  const auto implied = [&](const LicenceExpression& part) { return Implies(stronger, part, answers); };
  bool result = false;
  if (weaker.kind == LicenceExpression::Kind::kAnd) {
    result = std::all_of(weaker.parts.begin(), weaker.parts.end(), implied);
  } else if (stronger.kind == LicenceExpression::Kind::kOr) {
    result = std::all_of(stronger.parts.begin(), stronger.parts.end(), implied_by_all);
  } else {
    result = (weaker.kind == LicenceExpression::Kind::kLicence && stronger.kind == LicenceExpression::Kind::kLicence &&
              stronger.licence == weaker.licence && stronger.exception == weaker.exception) ||
             (weaker.kind == LicenceExpression::Kind::kOr && std::any_of(weaker.parts.begin(), weaker.parts.end(), implied)) ||
             (stronger.kind == LicenceExpression::Kind::kAnd &&
              std::any_of(stronger.parts.begin(), stronger.parts.end(), implied_by_all));
  }
  answers[{&stronger, &weaker}] = result;
  return result;
}

}  // namespace

LicenceExpression Canonical(LicenceExpression expression) {
  Canonicalise(expression);
  return expression;
}

LicenceExpression AllOf(std::vector<LicenceExpression> expressions) {
  if (expressions.size() == 1) return Canonical(std::move(expressions[0]));
  return Canonical({LicenceExpression::Kind::kAnd, {}, {}, std::move(expressions)});
}

bool Implies(const LicenceExpression& stronger, const LicenceExpression& weaker) {
  Answers answers;
  return Implies(stronger, weaker, answers);
}

int DepthOf(const LicenceExpression& expression) {
  int depth = 0;
  for (const LicenceExpression& part : expression.parts) {
    depth = std::max(depth, DepthOf(part) + (part.kind == LicenceExpression::Kind::kLicence ? 0 : 1));
  }
  return depth;
}

std::set<std::string> LicencesOf(const LicenceExpression& expression) {
  std::set<std::string> licences;
  ForEachLicence(expression, [&](const LicenceExpression& licence) { licences.insert(FormatLicenceExpression(licence)); });
  return licences;
}

bool IsSpdxException(std::string_view identifier) {
  const auto known = FindSpdxLicense(identifier);
  if (!known) return false;
  for (const char* name : {"Google-Patent-WebM", "GPL-CC-1.0", "Linux-syscall-note", "LLGPL", "SHL-2.0", "SHL-2.1"}) {
    if (*known == name) return true;
  }
  // Some licences have the word in their name too.
  return known->find("-exception") != known->npos && !Compounds().contains(*known) && *known != "MPL-2.0-no-copyleft-exception";
}

std::vector<ExpressionProblem> FindExpressionProblems(const LicenceExpression& expression) {
  std::map<std::string, ExpressionProblem> problems;
  ForEachLicence(expression, [&](const LicenceExpression& licence) { CollectProblems(licence, problems); });
  std::vector<ExpressionProblem> list;
  for (auto& [identifier, problem] : problems) list.push_back(std::move(problem));
  return list;
}

Message Describe(const ExpressionProblem& problem) {
  switch (problem.kind) {
    case ExpressionProblem::Kind::kUnknownException:
      return Msg("no licence exception of SPDX: {}", Printable(problem.identifier));
    case ExpressionProblem::Kind::kExceptionAsLicence:
      return Msg("{} is an exception: it stands after WITH", problem.identifier);
    case ExpressionProblem::Kind::kDeprecated:
      return Msg("{} is deprecated by SPDX: write {}", problem.identifier, problem.suggestion);
    case ExpressionProblem::Kind::kUnknownLicence:
      break;
  }
  return Msg("no licence identifier of SPDX: {}", Printable(problem.identifier));
}

}  // namespace nachbau::sbom
