#include "sbom/licences/reuse_toml.h"

#include <toml++/toml.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxAnnotations = 10'000;
constexpr std::size_t kMaxTexts = 10'000;  // of one key
constexpr std::size_t kMaxPattern = 4096;

// A bracket at the beginning of a line after which no name can begin. toml++ 3.3 takes for granted that one does, and goes
// astray. Lines inside a text of several lines are looked at too: one that looks so is refused as well.
void RefuseNamelessTables(std::string_view text, std::string_view name) {
  std::uint64_t number = 0;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    ++number;
    const auto skip_blanks = [&] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
    if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    skip_blanks();
    if (!line.starts_with('[')) continue;
    line.remove_prefix(1);
    skip_blanks();
    if (line.starts_with('[')) line.remove_prefix(1);
    skip_blanks();
    const char c = line.empty() ? '\n' : line.front();
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '-' && c != '_' && c != '"' && c != '\'' && c != ']') {
      throw ParseError(name, number, Msg("a table without a name"));
    }
  }
}

class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  std::vector<ReuseAnnotation> Read(const toml::table& document) {
    if (document["version"].value<std::int64_t>() != 1) throw ParseError(name_, 1, Msg("{} must be {}", "version", "1"));
    std::vector<ReuseAnnotation> annotations;
    const toml::node* list = document.get("annotations");
    if (list == nullptr) return annotations;
    const toml::array* array = list->as_array();
    if (array == nullptr) Refuse(*list, "annotations", "an array of tables");
    if (array->size() > kMaxAnnotations) Refuse(*list, "annotations", "shorter");
    for (const toml::node& item : *array) {
      const toml::table* table = item.as_table();
      if (table == nullptr) Refuse(item, "annotations", "an array of tables");
      annotations.push_back(ReadAnnotation(*table));
    }
    return annotations;
  }

 private:
  [[noreturn]] void Refuse(const toml::node& node, std::string_view key, std::string_view expected) const {
    throw ParseError(name_, node.source().begin.line, Msg("{} must be {}", key, expected));
  }

  ReuseAnnotation ReadAnnotation(const toml::table& table) const {
    ReuseAnnotation annotation;
    annotation.line = table.source().begin.line;
    for (const std::string& path : Texts(table, "path")) {
      if (path.empty() || path.size() > kMaxPattern) Refuse(table, "path", "a path of at most 4096 bytes");
      annotation.patterns.emplace_back(path, PathPattern::Dialect::kReuse);
    }
    if (annotation.patterns.empty()) Refuse(table, "path", "a path or several");
    for (const std::string& text : Texts(table, "SPDX-License-Identifier")) {
      annotation.expressions.push_back(ParseLicenceExpression(text, name_ + ":" + std::to_string(annotation.line)));
    }
    const std::string precedence = table["precedence"].value_or(std::string("closest"));
    if (precedence == "aggregate") annotation.precedence = ReuseAnnotation::Precedence::kAggregate;
    else if (precedence == "override") annotation.precedence = ReuseAnnotation::Precedence::kOverride;
    else if (precedence != "closest") Refuse(table, "precedence", "\"closest\", \"aggregate\" or \"override\"");
    return annotation;
  }

  // One text or an array of texts; none when the key is missing.
  std::vector<std::string> Texts(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) return {};
    if (const auto text = node->value_exact<std::string>()) return {*text};
    const toml::array* array = node->as_array();
    if (array == nullptr || array->size() > kMaxTexts) Refuse(*node, key, "a text or an array of texts");
    std::vector<std::string> texts;
    for (const toml::node& item : *array) {
      const auto text = item.value_exact<std::string>();
      if (!text) Refuse(item, key, "a text or an array of texts");
      texts.push_back(*text);
    }
    return texts;
  }

  const std::string name_;
};

}  // namespace

std::vector<ReuseAnnotation> ParseReuseToml(std::string_view text, std::string_view name) {
  if (!IsUtf8(text)) throw ParseError(name, 0, Msg("not UTF-8"));
  RefuseNamelessTables(text, name);
  toml::table document;
  try {
    document = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw ParseError(name, error.source().begin.line, Msg("{}", Printable(error.description())));
  }
  return Reader(name).Read(document);
}

}  // namespace nachbau::sbom
