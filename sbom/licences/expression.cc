#include "sbom/licences/expression.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "sbom/validation/schema.h"

namespace nachbau::sbom {
namespace {

bool IsIdCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

std::string Lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

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

bool IsReference(std::string_view licence) {
  return licence.starts_with("LicenseRef-") || licence.starts_with("DocumentRef-");
}

// An identifier in the proper spelling, without deprecated forms; as it stands when SPDX does not know it.
std::string CanonicalIdentifier(const std::string& licence) {
  if (IsReference(licence)) return licence;
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

void Canonicalise(Expression& expression) {
  if (expression.kind == Expression::Kind::kLicence) {
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
  std::map<std::string, Expression> parts;  // sorted by what is written
  for (Expression& part : expression.parts) {
    Canonicalise(part);
    if (part.kind != expression.kind) {
      parts.emplace(FormatExpression(part), std::move(part));
      continue;
    }
    for (Expression& inner : part.parts) parts.emplace(FormatExpression(inner), std::move(inner));
  }
  expression.parts.clear();
  for (auto& [text, part] : parts) expression.parts.push_back(std::move(part));
  if (expression.parts.size() == 1) {
    Expression only = std::move(expression.parts[0]);
    expression = std::move(only);
  }
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  Expression Parse() {
    if (text_.size() > kMaxExpression) throw ParseError(name_, 0, Msg("a licence expression this long is refused"));
    Advance();
    Expression expression = ParseOr(0);
    if (!token_.empty()) Refuse();
    return expression;
  }

 private:
  [[noreturn]] void Refuse() const {
    if (token_.empty()) throw ParseError(name_, 0, Msg("the licence expression ends too early"));
    throw ParseError(name_, 0, Msg("not expected here in a licence expression: {}", Printable(token_.substr(0, 80))));
  }

  void Advance() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\t' || text_[position_] == '\n' ||
                                        text_[position_] == '\r')) {
      ++position_;
    }
    const std::size_t start = position_;
    if (position_ == text_.size()) {
      token_ = {};
      return;
    }
    const auto inside = [&](char c) { return IsIdCharacter(c) || c == '+' || c == ':'; };
    if (!inside(text_[position_])) ++position_;
    else while (position_ < text_.size() && inside(text_[position_])) ++position_;
    token_ = text_.substr(start, position_ - start);
  }

  bool Take(std::string_view upper) {
    if (token_ != upper && token_ != Lower(upper)) return false;
    Advance();
    return true;
  }

  Expression ParseOr(int depth) {
    Expression all = {Expression::Kind::kOr, {}, {}, {}};
    do all.parts.push_back(ParseAnd(depth));
    while (Take("OR"));
    return all.parts.size() == 1 ? std::move(all.parts[0]) : all;
  }

  Expression ParseAnd(int depth) {
    Expression all = {Expression::Kind::kAnd, {}, {}, {}};
    do all.parts.push_back(ParseFactor(depth));
    while (Take("AND"));
    return all.parts.size() == 1 ? std::move(all.parts[0]) : all;
  }

  Expression ParseFactor(int depth) {
    if (token_ == "(") {
      if (depth == kMaxExpressionDepth) throw ParseError(name_, 0, Msg("parentheses are nested too deeply"));
      Advance();
      Expression inner = ParseOr(depth + 1);
      if (token_ != ")") Refuse();
      Advance();
      return inner;
    }
    Expression licence;
    licence.licence = TakeLicence();
    if (Take("WITH")) licence.exception = TakeException();
    return licence;
  }

  static bool IsId(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsIdCharacter); }

  static bool IsOperator(std::string_view token) {
    const std::string lower = Lower(token);
    return lower == "and" || lower == "or" || lower == "with";
  }

  // "LicenseRef-x" or "AdditionRef-x", with a document before it or not.
  static bool IsReferenceOf(std::string_view token, std::string_view prefix) {
    if (token.starts_with("DocumentRef-")) {
      const std::size_t colon = token.find(':');
      if (colon == token.npos || !IsId(token.substr(12, colon - 12))) return false;
      token.remove_prefix(colon + 1);
    }
    return token.starts_with(prefix) && IsId(token.substr(prefix.size()));
  }

  std::string TakeLicence() {
    std::string_view bare = token_;
    const bool reference = bare.starts_with("LicenseRef-") || bare.starts_with("DocumentRef-");
    if (!reference && bare.ends_with('+')) bare.remove_suffix(1);
    if (IsOperator(bare) || (reference ? !IsReferenceOf(bare, "LicenseRef-") : !IsId(bare))) Refuse();
    std::string result(token_);
    Advance();
    return result;
  }

  std::string TakeException() {
    const bool reference = token_.starts_with("AdditionRef-") || token_.starts_with("DocumentRef-");
    if (IsOperator(token_) || (reference ? !IsReferenceOf(token_, "AdditionRef-") : !IsId(token_))) Refuse();
    std::string result(token_);
    Advance();
    return result;
  }

  std::string_view text_, name_, token_;
  std::size_t position_ = 0;
};

void Collect(const Expression& expression, std::set<std::string>& licences) {
  if (expression.kind == Expression::Kind::kLicence) licences.insert(FormatExpression(expression));
  for (const Expression& part : expression.parts) Collect(part, licences);
}

void CollectProblems(const Expression& expression, std::map<std::string, ExpressionProblem>& problems) {
  for (const Expression& part : expression.parts) CollectProblems(part, problems);
  if (expression.kind != Expression::Kind::kLicence) return;
  using Kind = ExpressionProblem::Kind;
  const auto add = [&](Kind kind, const std::string& identifier, std::string suggestion) {
    problems.emplace(identifier, ExpressionProblem{kind, identifier, std::move(suggestion)});
  };
  if (!IsReference(expression.licence)) {
    const std::string bare = expression.licence.substr(0, expression.licence.find('+'));
    const auto known = FindSpdxLicense(bare);
    Expression proper;
    proper.licence = expression.licence;
    const std::string replacement = FormatExpression(Canonical(std::move(proper)));
    if (!known) add(Kind::kUnknownLicence, expression.licence, "");
    else if (IsSpdxException(bare)) add(Kind::kExceptionAsLicence, expression.licence, "");
    else if (Replacements().contains(*known) || Compounds().contains(*known)) add(Kind::kDeprecated, expression.licence, replacement);
  }
  if (!expression.exception.empty() && !expression.exception.starts_with("AdditionRef-") &&
      !expression.exception.starts_with("DocumentRef-") && !IsSpdxException(expression.exception)) {
    add(Kind::kUnknownException, expression.exception, "");
  }
}

// Pairs already answered: without them two adversaries of depth n would be compared along every path through both.
using Answers = std::map<std::pair<const Expression*, const Expression*>, bool>;

bool Implies(const Expression& stronger, const Expression& weaker, Answers& answers) {
  const auto [place, added] = answers.emplace(std::pair(&stronger, &weaker), false);
  if (!added) return place->second;
  const auto implied_by_all = [&](const Expression& part) { return Implies(part, weaker, answers); };
  const auto implied = [&](const Expression& part) { return Implies(stronger, part, answers); };
  bool result = false;
  if (weaker.kind == Expression::Kind::kAnd) {
    result = std::all_of(weaker.parts.begin(), weaker.parts.end(), implied);
  } else if (stronger.kind == Expression::Kind::kOr) {
    result = std::all_of(stronger.parts.begin(), stronger.parts.end(), implied_by_all);
  } else {
    result = (weaker.kind == Expression::Kind::kLicence && stronger.kind == Expression::Kind::kLicence &&
              stronger.licence == weaker.licence && stronger.exception == weaker.exception) ||
             (weaker.kind == Expression::Kind::kOr && std::any_of(weaker.parts.begin(), weaker.parts.end(), implied)) ||
             (stronger.kind == Expression::Kind::kAnd &&
              std::any_of(stronger.parts.begin(), stronger.parts.end(), implied_by_all));
  }
  answers[{&stronger, &weaker}] = result;
  return result;
}

}  // namespace

bool Expression::operator==(const Expression& other) const {
  return kind == other.kind && licence == other.licence && exception == other.exception && parts == other.parts;
}

Expression ParseExpression(std::string_view text, std::string_view name) { return Parser(text, name).Parse(); }

std::optional<Expression> TryParseExpression(std::string_view text) {
  try {
    return ParseExpression(text, "");
  } catch (const ParseError&) {
    return std::nullopt;
  }
}

std::string FormatExpression(const Expression& expression) {
  if (expression.kind == Expression::Kind::kLicence) {
    return expression.licence + (expression.exception.empty() ? "" : " WITH " + expression.exception);
  }
  std::string result;
  for (const Expression& part : expression.parts) {
    if (!result.empty()) result += expression.kind == Expression::Kind::kAnd ? " AND " : " OR ";
    const std::string text = FormatExpression(part);
    result += part.kind == Expression::Kind::kLicence ? text : "(" + text + ")";
  }
  return result;
}

Expression Canonical(Expression expression) {
  Canonicalise(expression);
  return expression;
}

Expression AllOf(std::vector<Expression> expressions) {
  if (expressions.size() == 1) return Canonical(std::move(expressions[0]));
  return Canonical({Expression::Kind::kAnd, {}, {}, std::move(expressions)});
}

bool Implies(const Expression& stronger, const Expression& weaker) {
  Answers answers;
  return Implies(stronger, weaker, answers);
}

int DepthOf(const Expression& expression) {
  int depth = 0;
  for (const Expression& part : expression.parts) {
    depth = std::max(depth, DepthOf(part) + (part.kind == Expression::Kind::kLicence ? 0 : 1));
  }
  return depth;
}

std::set<std::string> LicencesOf(const Expression& expression) {
  std::set<std::string> licences;
  Collect(expression, licences);
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

std::vector<ExpressionProblem> FindExpressionProblems(const Expression& expression) {
  std::map<std::string, ExpressionProblem> problems;
  CollectProblems(expression, problems);
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
