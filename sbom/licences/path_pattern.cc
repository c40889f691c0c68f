#include "sbom/licences/path_pattern.h"

#include <algorithm>

namespace nachbau::sbom {
namespace {

// Characters of UTF-8; a byte that is none stands for itself, outside of what Unicode has.
std::u32string Characters(std::string_view bytes) {
  std::u32string characters;
  characters.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const std::size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 1;
    char32_t character = length == 1 ? lead : lead & (0x7fU >> length);
    bool whole = lead < 0x80 || (length > 1 && i + length <= bytes.size());
    for (std::size_t k = 1; whole && k < length; ++k) {
      const auto next = static_cast<unsigned char>(bytes[i + k]);
      whole = (next & 0xc0U) == 0x80U;
      character = character << 6U | (next & 0x3fU);
    }
    characters += whole ? character : 0x110000U + lead;
    i += whole ? length : 1;
  }
  return characters;
}

}  // namespace

PathPattern::PathPattern(std::string_view pattern, Dialect dialect) : text_(pattern) {
  using Kind = Token::Kind;
  std::vector<std::pair<Kind, char>> bytes;  // kCharacter: one byte of a literal
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (c == '\\') {
      const bool escape = i + 1 < pattern.size() && (dialect == Dialect::kReuse || next == '*' || next == '?' || next == '\\');
      bytes.emplace_back(Kind::kCharacter, escape ? next : c);
      if (escape) ++i;
      else bad_escape_ = true;
    } else if (c == '*') {
      bool deep = dialect == Dialect::kDep5;
      for (; i + 1 < pattern.size() && pattern[i + 1] == '*'; ++i) deep = true;
      bytes.emplace_back(deep ? Kind::kDeepStar : Kind::kStar, '\0');
    } else if (c == '?' && dialect == Dialect::kDep5) {
      bytes.emplace_back(Kind::kAny, '\0');
    } else {
      bytes.emplace_back(Kind::kCharacter, c);
    }
  }
  const auto wild = [](const auto& byte) { return byte.first != Kind::kCharacter; };
  const auto first = std::find_if(bytes.begin(), bytes.end(), wild);
  for (auto byte = bytes.begin(); byte != first; ++byte) prefix_ += byte->second;
  exact_ = first == bytes.end();
  if (exact_) return;
  const auto last = std::find_if(bytes.rbegin(), bytes.rend(), wild).base();  // after the last wildcard
  for (auto byte = last; byte != bytes.end(); ++byte) suffix_ += byte->second;
  std::string literal;
  const auto flush = [&] {
    for (const char32_t character : Characters(literal)) tokens_.push_back({Kind::kCharacter, character});
    literal.clear();
  };
  for (auto byte = first; byte != last; ++byte) {
    if (byte->first == Kind::kCharacter) {
      literal += byte->second;
      continue;
    }
    flush();
    tokens_.push_back({byte->first, 0});
  }
}

bool PathPattern::Matches(std::string_view path) const {
  if (exact_) return path == prefix_;
  if (path.size() < prefix_.size() + suffix_.size() || !path.starts_with(prefix_) || !path.ends_with(suffix_)) return false;
  path = path.substr(prefix_.size(), path.size() - prefix_.size() - suffix_.size());
  if (tokens_.size() == 1 && tokens_[0].kind == Token::Kind::kDeepStar) return true;

  // All positions in the pattern at once: reached[i] when the first i tokens match what was read.
  using Kind = Token::Kind;
  std::vector<char> reached(tokens_.size() + 1), next(tokens_.size() + 1);
  const auto is_star = [](const Token& token) { return token.kind == Kind::kStar || token.kind == Kind::kDeepStar; };
  reached[0] = 1;
  for (std::size_t i = 0; i < tokens_.size() && is_star(tokens_[i]); ++i) reached[i + 1] = 1;
  for (const char32_t character : Characters(path)) {
    std::fill(next.begin(), next.end(), '\0');
    bool any = false;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const Token& token = tokens_[i];
      if (is_star(token)) {
        // Stays at the star, or has passed it without reading.
        if (reached[i] != 0 && (token.kind == Kind::kDeepStar || character != '/')) next[i] = 1;
        if (next[i] != 0) next[i + 1] = 1;
      } else if (reached[i] != 0 && (token.kind == Kind::kAny || token.character == character)) {
        next[i + 1] = 1;
      }
      any = any || next[i] != 0 || next[i + 1] != 0;
    }
    if (!any) return false;
    reached.swap(next);
  }
  return reached[tokens_.size()] != 0;
}

}  // namespace nachbau::sbom
