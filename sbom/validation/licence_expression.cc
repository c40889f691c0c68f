// or = and *("OR" and); and = with *("AND" with); with = simple ["WITH" identifier] | "(" or ")"
#include "sbom/validation/licence_expression.h"

#include <algorithm>

#include "sbom/validation/suggestion.h"

namespace nachbau::sbom {
namespace {

constexpr int kMaxDepth = 100;  // of parentheses

bool IsIdentifierText(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

class Parser {
 public:
  Parser(std::string_view text, LicenceExpression& result) : rest_(text), result_(result) { Advance(); }

  void Run() {
    if (word_.empty()) return Fail(Msg("the expression is empty"));
    Alternatives(0);
    if (!result_.error && !word_.empty()) Fail(Msg("AND, OR or WITH is missing before {}", Shown(word_)));
  }

 private:
  void Fail(Message message) {
    if (!result_.error) result_.error = std::move(message);
  }

  void Advance() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
    const bool parenthesis = !rest_.empty() && (rest_[0] == '(' || rest_[0] == ')');
    const std::size_t size = parenthesis ? 1 : std::min(rest_.find_first_of(" \t()"), rest_.size());
    word_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }

  bool Take(std::string_view upper, std::string_view lower) {
    if (word_ != upper && word_ != lower) return false;
    Advance();
    return true;
  }
  bool IsOperator() const {
    for (const char* word : {"AND", "OR", "WITH", "and", "or", "with"}) {
      if (word_ == word) return true;
    }
    return false;
  }

  void Alternatives(int depth) {
    Combination(depth);
    while (!result_.error && Take("OR", "or")) Combination(depth);
  }
  void Combination(int depth) {
    Licence(depth);
    while (!result_.error && Take("AND", "and")) Licence(depth);
  }
  void Licence(int depth) {
    if (depth > kMaxDepth) return Fail(Msg("nested deeper than {} levels", kMaxDepth));
    if (Take("(", "(")) {
      Alternatives(depth + 1);
      if (!result_.error && !Take(")", ")")) Fail(Msg("a closing parenthesis is missing"));
      return;
    }
    Identifier(true);
    if (!result_.error && Take("WITH", "with")) Identifier(false);
  }
  void Identifier(bool licence) {
    if (word_.empty()) return Fail(Msg("a licence is missing at the end"));
    if (word_ == ")" || word_ == "(" || IsOperator()) return Fail(Msg("a licence is missing before {}", Shown(word_)));
    std::string_view text = word_;
    if (licence && text.size() > 1 && text.ends_with('+') && !IsOwnLicence(text)) text.remove_suffix(1);
    if (!IsOwnLicence(text) && !IsIdentifierText(text))
      return Fail(Msg("{} cannot be the name of a licence", Shown(word_)));
    result_.identifiers.push_back(text);
    Advance();
  }

  std::string_view rest_, word_;
  LicenceExpression& result_;
};

}  // namespace

bool IsOwnLicence(std::string_view identifier) {
  if (TakePrefix(identifier, "DocumentRef-")) {
    const std::size_t colon = identifier.find(':');
    if (!IsIdentifierText(identifier.substr(0, colon)) || colon == identifier.npos) return false;
    identifier.remove_prefix(colon + 1);
  }
  return (TakePrefix(identifier, "LicenseRef-") || TakePrefix(identifier, "AdditionRef-")) &&
         IsIdentifierText(identifier);
}

LicenceExpression ParseLicenceExpression(std::string_view text) {
  LicenceExpression result;
  Parser(text, result).Run();
  return result;
}

}  // namespace nachbau::sbom
