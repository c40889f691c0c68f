// Grammar (SPDX specification, Annex D; AND binds more tightly than OR):
//
//   or   = and *( "OR" and )
//   and  = atom *( "AND" atom )
//   atom = "(" or ")" / licence [ "WITH" exception ]
#include "policies/licence_expression.h"

#include <utility>
#include <vector>

namespace nachbau::policies {
namespace {

constexpr int kMaxDepth = 64;

std::vector<std::string> Tokens(std::string_view text) {
  std::vector<std::string> tokens;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) tokens.push_back(std::exchange(word, {}));
  };
  for (const char c : text) {
    if (c == '(' || c == ')') {
      flush();
      tokens.emplace_back(1, c);
    } else if (c == ' ' || c == '\t' || c == '\n') {
      flush();
    } else {
      word += c;
    }
  }
  flush();
  return tokens;
}

class Evaluator {
 public:
  Evaluator(std::vector<std::string> tokens, const std::function<bool(const std::string&)>& allowed)
      : tokens_(std::move(tokens)), allowed_(allowed) {}

  // Sets `malformed` when the text is no expression.
  std::set<std::string> Run(bool& malformed) {
    std::set<std::string> result = Or(0);
    malformed = malformed_ || next_ != tokens_.size();
    return result;
  }

 private:
  bool Take(std::string_view token) {
    if (next_ == tokens_.size() || tokens_[next_] != token) return false;
    ++next_;
    return true;
  }
  std::set<std::string> Or(int depth) {
    std::set<std::string> all = And(depth);
    bool fine = all.empty();
    while (Take("OR")) {
      const std::set<std::string> branch = And(depth);
      fine = fine || branch.empty();
      all.insert(branch.begin(), branch.end());
    }
    return fine ? std::set<std::string>() : all;
  }
  std::set<std::string> And(int depth) {
    std::set<std::string> all = Atom(depth);
    while (Take("AND")) all.merge(Atom(depth));
    return all;
  }
  std::set<std::string> Atom(int depth) {
    if (depth > kMaxDepth || next_ == tokens_.size()) return Malformed();
    if (Take("(")) {
      std::set<std::string> inner = Or(depth + 1);
      return Take(")") ? inner : Malformed();
    }
    const std::string licence = tokens_[next_++];
    if (licence == ")" || licence == "AND" || licence == "OR" || licence == "WITH") return Malformed();
    if (Take("WITH")) {
      if (next_ == tokens_.size()) return Malformed();
      ++next_;
    }
    // "MPL-1.1+": this version or a later one, so this one.
    const bool later = licence.size() > 1 && licence.ends_with('+') && allowed_(licence.substr(0, licence.size() - 1));
    return later || allowed_(licence) ? std::set<std::string>() : std::set<std::string>{licence};
  }
  std::set<std::string> Malformed() {
    malformed_ = true;
    return {};
  }

  std::vector<std::string> tokens_;
  const std::function<bool(const std::string&)>& allowed_;
  std::size_t next_ = 0;
  bool malformed_ = false;
};

}  // namespace

std::set<std::string> NotAllowed(std::string_view expression, const std::function<bool(const std::string&)>& allowed) {
  bool malformed = false;
  std::set<std::string> result = Evaluator(Tokens(expression), allowed).Run(malformed);
  if (malformed) return {std::string(expression)};
  return result;
}

}  // namespace nachbau::policies
