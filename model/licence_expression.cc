#include "model/licence_expression.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kLicenceRef = "LicenseRef-", kAdditionRef = "AdditionRef-", kDocumentRef = "DocumentRef-";

bool IsIdstring(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

// `prefix` and a name, with a document before it or not.
bool IsReference(std::string_view text, std::string_view prefix) {
  if (text.starts_with(kDocumentRef)) {
    const std::size_t colon = text.find(':');
    if (colon == text.npos || !IsIdstring(text.substr(kDocumentRef.size(), colon - kDocumentRef.size()))) return false;
    text.remove_prefix(colon + 1);
  }
  return text.starts_with(prefix) && IsIdstring(text.substr(prefix.size()));
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view name) : rest_(text), name_(name) {}

  LicenceExpression Parse() {
    if (rest_.size() > kMaxLicenceExpression) Refuse(Msg("a licence expression this long is refused"));
    Advance();
    if (word_.empty()) Refuse(Msg("the expression is empty"));
    LicenceExpression expression = Alternatives(0);
    if (!word_.empty()) Refuse(Msg("AND, OR or WITH is missing before {}", InQuotes(word_)));
    return expression;
  }

 private:
  [[noreturn]] void Refuse(Message detail) const { throw ParseError(name_, 0, std::move(detail)); }

  // To the next word: a parenthesis, or what stands up to a blank or a parenthesis.
  void Advance() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
    const bool parenthesis = !rest_.empty() && (rest_[0] == '(' || rest_[0] == ')');
    word_ = rest_.substr(0, parenthesis ? 1 : rest_.find_first_of(" \t\r\n()"));
    rest_.remove_prefix(word_.size());
  }

  bool Take(std::string_view upper, std::string_view lower) {
    if (word_ != upper && word_ != lower) return false;
    Advance();
    return true;
  }

  LicenceExpression Alternatives(int depth) {
    LicenceExpression all = {LicenceExpression::Kind::kOr, {}, {}, {}};
    do all.parts.push_back(Combination(depth));
    while (Take("OR", "or"));
    return all.parts.size() == 1 ? std::move(all.parts[0]) : all;
  }

  LicenceExpression Combination(int depth) {
    LicenceExpression all = {LicenceExpression::Kind::kAnd, {}, {}, {}};
    do all.parts.push_back(Factor(depth));
    while (Take("AND", "and"));
    return all.parts.size() == 1 ? std::move(all.parts[0]) : all;
  }

  LicenceExpression Factor(int depth) {
    if (Take("(", "(")) {
      if (depth == kMaxLicenceExpressionDepth) Refuse(Msg("parentheses are nested too deeply"));
      LicenceExpression inner = Alternatives(depth + 1);
      if (!Take(")", ")")) Refuse(Msg("a closing parenthesis is missing"));
      return inner;
    }
    LicenceExpression licence;
    licence.licence = TakeName(kLicenceRef, WithoutPlus(word_));
    if (Take("WITH", "with")) licence.exception = TakeName(kAdditionRef, word_);
    return licence;
  }

  // The word, if it is a reference of this prefix, or if `identifier` is one of a list and no reference.
  std::string TakeName(std::string_view prefix, std::string_view identifier) {
    if (word_.empty()) Refuse(Msg("a licence is missing at the end"));
    std::string lower(word_);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (word_ == "(" || word_ == ")" || lower == "and" || lower == "or" || lower == "with") {
      Refuse(Msg("a licence is missing before {}", InQuotes(word_)));
    }
    const bool reference = word_.starts_with(kLicenceRef) || word_.starts_with(kAdditionRef) || word_.starts_with(kDocumentRef);
    if (reference ? !IsReference(word_, prefix) : !IsIdstring(identifier)) {
      Refuse(Msg("{} cannot be the name of a licence", InQuotes(word_)));
    }
    std::string name(word_);
    Advance();
    return name;
  }

  std::string_view rest_, name_, word_;
};

}  // namespace

bool LicenceExpression::operator==(const LicenceExpression& other) const {
  return kind == other.kind && licence == other.licence && exception == other.exception && parts == other.parts;
}

LicenceExpression ParseLicenceExpression(std::string_view text, std::string_view name) { return Parser(text, name).Parse(); }

std::optional<LicenceExpression> TryParseLicenceExpression(std::string_view text) {
  try {
    return ParseLicenceExpression(text, "");
  } catch (const ParseError&) {
    return std::nullopt;
  }
}

std::string FormatLicenceExpression(const LicenceExpression& expression) {
  if (expression.kind == LicenceExpression::Kind::kLicence) {
    return expression.licence + (expression.exception.empty() ? "" : " WITH " + expression.exception);
  }
  std::string result;
  for (const LicenceExpression& part : expression.parts) {
    if (!result.empty()) result += expression.kind == LicenceExpression::Kind::kAnd ? " AND " : " OR ";
    const std::string text = FormatLicenceExpression(part);
    result += part.kind == LicenceExpression::Kind::kLicence ? text : "(" + text + ")";
  }
  return result;
}

void ForEachLicence(const LicenceExpression& expression, const std::function<void(const LicenceExpression&)>& visit) {
  if (expression.kind == LicenceExpression::Kind::kLicence) return visit(expression);
  for (const LicenceExpression& part : expression.parts) ForEachLicence(part, visit);
}

bool IsOwnLicence(std::string_view identifier) {
  return IsReference(identifier, kLicenceRef) || IsReference(identifier, kAdditionRef);
}

std::string_view WithoutPlus(std::string_view licence) {
  if (licence.ends_with('+')) licence.remove_suffix(1);
  return licence;
}

}  // namespace nachbau
