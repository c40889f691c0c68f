// Patterns for paths, of debian/copyright and of REUSE.toml. Matching takes time in proportion to pattern times path,
// whatever they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nachbau::sbom {

class PathPattern {
 public:
  enum class Dialect {
    kDep5,   // copyright-format 1.0: "*" anything, "?" one character, "\*", "\?", "\\"; nothing else is special
    kReuse,  // REUSE 3.3: "*" anything but "/", "**" anything, "\" takes the next character as it is
  };

  PathPattern(std::string_view pattern, Dialect dialect);

  // The whole path, relative, without "./".
  bool Matches(std::string_view path) const;

  const std::string& text() const { return text_; }
  bool IsLiteral() const { return tokens_.empty() && exact_; }
  // The path that a literal pattern names; without escapes.
  const std::string& literal() const { return prefix_; }
  // A backslash that escapes nothing there is (kDep5): it was taken as it stands.
  bool HasBadEscape() const { return bad_escape_; }

 private:
  struct Token {
    enum class Kind { kCharacter, kAny, kStar, kDeepStar } kind;
    char32_t character;
  };

  std::string text_;
  std::string prefix_;         // literal, before the first wildcard; all of it when exact_
  std::string suffix_;         // literal, after the last wildcard
  std::vector<Token> tokens_;  // between them
  bool exact_ = false;         // no wildcard
  bool bad_escape_ = false;
};

}  // namespace nachbau::sbom
