// A document against a prepared schema: first whether it conforms, quickly and without memory; then, if not, why.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/message.h"
#include "sbom/validation/json_tree.h"
#include "sbom/validation/schema_rules.h"

namespace nachbau::sbom {

// One thing that is wrong at one place.
struct Violation {
  JsonTree::Index value = 0;
  std::string rule;   // "required", "enum", "format:date-time" …
  std::string topic;  // what tells it from another of the same rule: the name of a member …
  Message message;
  Message remedy;      // empty text when there is nothing to suggest
  unsigned depth = 0;  // how far below the value that was asked about
};

class SchemaCheck {
 public:
  using Sink = std::function<void(Violation)>;
  using Visitor = std::function<void(const SchemaRule&, JsonTree::Index)>;

  SchemaCheck(const SchemaRules& rules, const JsonTree& tree);

  bool Conforms() const { return Accepts(rules_.root(), 0); }
  // What keeps the document from conforming: at least one call exactly when it does not. Of alternatives (oneOf, anyOf)
  // none of which fits, the one that comes nearest is explained.
  void Explain(const Sink& sink) const { Explain(rules_.root(), 0, 0, sink); }
  // Each value with each rule that applies to it; of alternatives those that fit.
  void Visit(const Visitor& visitor) const { Visit(rules_.root(), 0, visitor); }

 private:
  bool Accepts(RuleId id, JsonTree::Index value) const;
  bool AcceptsObject(const SchemaRule& rule, JsonTree::Index object) const;
  bool AcceptsArray(const SchemaRule& rule, JsonTree::Index array) const;
  bool HasMembers(const std::vector<NameId>& names, JsonTree::Index object) const;
  bool HasMember(NameId name, JsonTree::Index object) const;

  void Explain(RuleId id, JsonTree::Index value, unsigned depth, const Sink& sink) const;
  void ExplainText(const SchemaRule& rule, JsonTree::Index text, unsigned depth, const Sink& sink) const;
  void ExplainObject(const SchemaRule& rule, JsonTree::Index object, unsigned depth, const Sink& sink) const;
  void ExplainArray(const SchemaRule& rule, JsonTree::Index array, unsigned depth, const Sink& sink) const;
  void ExplainAlternatives(const char* keyword, const std::vector<RuleId>& alternatives, JsonTree::Index value,
                           unsigned depth, const Sink& sink) const;
  void ExplainNegated(const SchemaRule& negated, JsonTree::Index value, unsigned depth, const Sink& sink) const;

  void Visit(RuleId id, JsonTree::Index value, const Visitor& visitor) const;

  NameId NameOf(JsonTree::Index member) const { return names_[tree_.KeyOf(member)]; }
  std::string Names(const std::vector<NameId>& names) const;

  const SchemaRules& rules_;
  const JsonTree& tree_;
  Message Nearest(std::string_view word, const std::vector<std::string_view>& known) const;

  mutable unsigned compared_ = 0;    // how often a near word was looked for
  std::vector<NameId> names_;        // by the document's keys
  std::vector<JsonTree::Key> keys_;  // by the schema's names
};

// Two equal items of an array, or kNone twice. By hash, then by comparison.
std::pair<JsonTree::Index, JsonTree::Index> FindEqualItems(const JsonTree& tree, JsonTree::Index array);

}  // namespace nachbau::sbom
