#include "sbom/licences/reuse_toml.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/toml.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxAnnotations = 10'000;
constexpr std::size_t kMaxTexts = 10'000;  // of one key
constexpr std::size_t kMaxPattern = 4096;

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
  return Reader(name).Read(ParseToml(text, name));
}

}  // namespace nachbau::sbom
