#include "sbom/validation/schema_check.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/encoding.h"
#include "sbom/validation/formats.h"
#include "sbom/validation/suggestion.h"

namespace nachbau::sbom {
namespace {

using Index = JsonTree::Index;
using Type = JsonTree::Type;

constexpr std::size_t kMaxScratch = 40;  // violations looked at per alternative
constexpr unsigned kMaxCompared = 1000;  // near words looked for in one document; only a few are shown

bool HasType(const SchemaRule& rule, Type type) {
  return rule.types == 0 || (rule.types >> static_cast<unsigned>(type) & 1U) != 0;
}

bool IsNumber(Type type) { return type == Type::kInteger || type == Type::kUnsigned || type == Type::kNumber; }

std::uint64_t CodePoints(std::string_view text) {
  return static_cast<std::uint64_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

bool IsValue(const SchemaRule& rule, const JsonTree& tree, Index value) {
  if (tree.Is(value, Type::kString)) {
    const std::string_view text = tree.Text(value);
    const auto found = std::lower_bound(rule.texts.begin(), rule.texts.end(), text);
    return found != rule.texts.end() && *found == text;
  }
  return tree.Is(value, Type::kBoolean) && rule.boolean == tree.Boolean(value);
}

bool Matches(const SchemaRule& rule, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *rule.pattern);
}

bool IsLengthGood(const SchemaRule& rule, std::string_view text) {
  if (!rule.minimum_length && !rule.maximum_length) return true;
  const std::uint64_t length = CodePoints(text);
  return length >= rule.minimum_length.value_or(0) && (!rule.maximum_length || length <= *rule.maximum_length);
}

// For messages: what a value is.
std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kNull:
      return "null";
    case Type::kBoolean:
      return "boolean";
    case Type::kInteger:
    case Type::kUnsigned:
      return "integer";
    case Type::kNumber:
      return "number";
    case Type::kString:
      return "string";
    case Type::kArray:
      return "array";
    default:
      return "object";
  }
}

// Only says which members there must be.
bool IsRequirement(const SchemaRule& rule) {
  return !rule.required.empty() && rule.types == 0 && rule.properties.empty() && !rule.has_values;
}

}  // namespace

std::pair<Index, Index> FindEqualItems(const JsonTree& tree, Index array) {
  if (tree.Count(array) < 2) return {JsonTree::kNone, JsonTree::kNone};
  std::vector<std::pair<std::uint64_t, Index>> hashes;
  hashes.reserve(tree.Count(array));
  for (const Index item : Children{tree, array}) hashes.emplace_back(tree.Hash(item), item);
  std::sort(hashes.begin(), hashes.end());
  for (std::size_t i = 1; i < hashes.size(); ++i) {
    for (std::size_t k = i; k > 0 && hashes[k - 1].first == hashes[i].first; --k) {
      if (tree.Equal(hashes[k - 1].second, hashes[i].second)) return {hashes[k - 1].second, hashes[i].second};
    }
  }
  return {JsonTree::kNone, JsonTree::kNone};
}

SchemaCheck::SchemaCheck(const SchemaRules& rules, const JsonTree& tree)
    : rules_(rules), tree_(tree), names_(tree.key_count(), kNoName), keys_(rules.names().size(), JsonTree::kNoKey) {
  for (JsonTree::Key key = 0; key < tree.key_count(); ++key) {
    names_[key] = rules.FindName(tree.KeyText(key));
    if (names_[key] != kNoName) keys_[names_[key]] = key;
  }
}

bool SchemaCheck::HasMember(NameId name, Index object) const {
  const JsonTree::Key key = keys_[name];
  if (key == JsonTree::kNoKey) return false;
  for (const Index child : Children{tree_, object}) {
    if (tree_.KeyOf(child) == key) return true;
  }
  return false;
}

bool SchemaCheck::HasMembers(const std::vector<NameId>& names, Index object) const {
  return std::all_of(names.begin(), names.end(), [&](NameId name) { return HasMember(name, object); });
}

bool SchemaCheck::AcceptsObject(const SchemaRule& rule, Index object) const {
  if (!HasMembers(rule.required, object)) return false;
  if (rule.properties.empty() && rule.additional_properties) return true;
  for (const Index child : Children{tree_, object}) {
    const RuleId property = rule.FindProperty(NameOf(child));
    if (property == kNoRule ? !rule.additional_properties : !Accepts(property, child)) return false;
  }
  return true;
}

bool SchemaCheck::AcceptsArray(const SchemaRule& rule, Index array) const {
  const std::uint32_t count = tree_.Count(array);
  if (count < rule.minimum_items.value_or(0) || (rule.maximum_items && count > *rule.maximum_items)) return false;
  if (!rule.tuple.empty() && count > rule.tuple.size() && !rule.additional_items) return false;
  std::size_t number = 0;
  for (const Index item : Children{tree_, array}) {
    const RuleId wanted = number < rule.tuple.size() ? rule.tuple[number] : rule.items;
    if (wanted != kNoRule && !Accepts(wanted, item)) return false;
    ++number;
  }
  return !rule.unique_items || FindEqualItems(tree_, array).first == JsonTree::kNone;
}

bool SchemaCheck::Accepts(RuleId id, Index value) const {
  const SchemaRule& rule = rules_[id];
  const Type type = tree_.type(value);
  if (rule.never || !HasType(rule, type) || (rule.has_values && !IsValue(rule, tree_, value))) return false;
  const auto accepts = [&](RuleId alternative) { return Accepts(alternative, value); };
  if (type == Type::kString) {
    const std::string_view text = tree_.Text(value);
    if (!IsLengthGood(rule, text) || (rule.pattern && !Matches(rule, text))) return false;
    if (!rule.format.empty() && CheckFormat(rule.format, text) == Format::kViolated) return false;
  } else if (type == Type::kObject) {
    if (!AcceptsObject(rule, value)) return false;
  } else if (type == Type::kArray) {
    if (!AcceptsArray(rule, value)) return false;
  } else if (IsNumber(type)) {
    const double number = tree_.Number(value);
    if ((rule.minimum && number < *rule.minimum) || (rule.maximum && number > *rule.maximum)) return false;
  }
  if (!std::all_of(rule.all_of.begin(), rule.all_of.end(), accepts)) return false;
  if (!rule.any_of.empty() && !std::any_of(rule.any_of.begin(), rule.any_of.end(), accepts)) return false;
  if (!rule.one_of.empty() && std::count_if(rule.one_of.begin(), rule.one_of.end(), accepts) != 1) return false;
  if (rule.negated != kNoRule && accepts(rule.negated)) return false;
  if (rule.condition != kNoRule) {
    const RuleId consequence = accepts(rule.condition) ? rule.then_rule : rule.else_rule;
    if (consequence != kNoRule && !accepts(consequence)) return false;
  }
  return true;
}

Message SchemaCheck::Nearest(std::string_view word, const std::vector<std::string_view>& known) const {
  return ++compared_ > kMaxCompared ? Message{} : NearestRemedy(word, known);
}

std::string SchemaCheck::Names(const std::vector<NameId>& names) const {
  std::string list;
  for (const NameId name : names) list += (list.empty() ? "" : ", ") + rules_.names()[name];
  return list;
}

void SchemaCheck::ExplainText(const SchemaRule& rule, Index value, unsigned depth, const Sink& sink) const {
  const std::string_view text = tree_.Text(value);
  if (!IsLengthGood(rule, text)) {
    const bool short_one = CodePoints(text) < rule.minimum_length.value_or(0);
    sink({value,
          short_one ? "minLength" : "maxLength",
          "",
          short_one ? Msg("{} is shorter than {} characters", InQuotes(text), *rule.minimum_length)
                    : Msg("{} is longer than {} characters", InQuotes(text), *rule.maximum_length),
          {},
          depth});
  }
  if (rule.pattern && !Matches(rule, text)) {
    sink({value, "pattern", rule.pattern_text, Msg("{} does not match {}", InQuotes(text), rule.pattern_text),
          PatternRemedy(rule.pattern_text, text), depth});
  }
  if (!rule.format.empty() && CheckFormat(rule.format, text) == Format::kViolated) {
    sink({value, "format:" + rule.format, "", Msg("{} is not a valid {}", InQuotes(text), rule.format),
          FormatRemedy(rule.format, text), depth});
  }
}

void SchemaCheck::ExplainObject(const SchemaRule& rule, Index object, unsigned depth, const Sink& sink) const {
  for (const NameId name : rule.required) {
    if (HasMember(name, object)) continue;
    const std::string& text = rules_.names()[name];
    sink({object, "required", text, Msg("the member {} is missing", text), Msg("add {}", text), depth});
  }
  for (const Index child : Children{tree_, object}) {
    const RuleId property = rule.FindProperty(NameOf(child));
    if (property != kNoRule) {
      Explain(property, child, depth + 1, sink);
    } else if (!rule.additional_properties) {
      const std::string_view key = tree_.KeyText(tree_.KeyOf(child));
      std::vector<std::string_view> known;
      for (const auto& [name, unused] : rule.properties) known.emplace_back(rules_.names()[name]);
      sink({object, "additionalProperties", std::string(key.substr(0, kMaxQuoted)),
            Msg("the member {} is unknown here", InQuotes(key)), Nearest(key, known), depth});
    }
  }
}

void SchemaCheck::ExplainArray(const SchemaRule& rule, Index array, unsigned depth, const Sink& sink) const {
  const std::uint32_t count = tree_.Count(array);
  if (count < rule.minimum_items.value_or(0)) {
    sink({array, "minItems", "", Msg("has {} items, at least {} are needed", count, *rule.minimum_items), {}, depth});
  }
  if (rule.maximum_items && count > *rule.maximum_items) {
    sink({array, "maxItems", "", Msg("has {} items, at most {} are allowed", count, *rule.maximum_items), {}, depth});
  } else if (!rule.tuple.empty() && count > rule.tuple.size() && !rule.additional_items) {
    sink({array,
          "additionalItems",
          "",
          Msg("has {} items, at most {} are allowed", count, rule.tuple.size()),
          {},
          depth});
  }
  std::size_t number = 0;
  for (const Index item : Children{tree_, array}) {
    const RuleId wanted = number < rule.tuple.size() ? rule.tuple[number] : rule.items;
    if (wanted != kNoRule) Explain(wanted, item, depth + 1, sink);
    ++number;
  }
  if (!rule.unique_items) return;
  const auto [first, second] = FindEqualItems(tree_, array);
  if (first == JsonTree::kNone) return;
  const auto position = [&](Index item) {
    std::uint64_t place = 0;
    for (Index at = array + 1; at < item; at = tree_.End(at)) ++place;
    return place;
  };
  sink({array, "uniqueItems", "", Msg("items {} and {} are the same", position(first), position(second)),
        Msg("remove one of them"), depth});
}

// Which of several alternatives was meant is told by how far one gets with it: the kind of value first, then how much
// is wrong and how deep inside.
void SchemaCheck::ExplainAlternatives(const char* keyword, const std::vector<RuleId>& alternatives, Index value,
                                      unsigned depth, const Sink& sink) const {
  const auto is_requirement = [&](RuleId id) { return IsRequirement(rules_[id]); };
  if (std::all_of(alternatives.begin(), alternatives.end(), is_requirement)) {
    std::vector<NameId> names;
    for (const RuleId id : alternatives)
      names.insert(names.end(), rules_[id].required.begin(), rules_[id].required.end());
    const std::string list = Names(names);
    if (std::any_of(alternatives.begin(), alternatives.end(), [&](RuleId id) { return Accepts(id, value); })) {
      sink({value, keyword, list, Msg("only one of these members may be there: {}", list), Msg("keep one of them"),
            depth});
    } else {
      sink({value, keyword, list, Msg("one of these members must be there: {}", list), Msg("add one of them"), depth});
    }
    return;
  }
  std::size_t fitting = 0;
  std::uint64_t best_cost = ~std::uint64_t{0};
  std::vector<Violation> best;
  std::string kinds;
  bool only_kinds = true;
  for (const RuleId id : alternatives) {
    if (Accepts(id, value)) {
      ++fitting;
      continue;
    }
    std::uint64_t cost = 0;
    std::vector<Violation> violations;
    Explain(id, value, depth, [&](Violation violation) {
      const unsigned below = violation.depth - depth;
      const bool kind = violation.rule == "type" || violation.rule == "not-allowed";
      cost += below == 0 ? (kind ? 1000 : 20) : below == 1 ? 4 : 1;
      if (violations.size() < kMaxScratch) violations.push_back(std::move(violation));
    });
    const bool kind_is_wrong = violations.size() == 1 && violations[0].depth == depth && violations[0].rule == "type";
    only_kinds = only_kinds && kind_is_wrong;
    if (kind_is_wrong) kinds += (kinds.empty() ? "" : "|") + violations[0].topic;
    if (cost < best_cost) {
      best_cost = cost;
      best = std::move(violations);
    }
  }
  if (fitting > 1) {
    sink({value, keyword, "", Msg("fits {} of the forms that are allowed here, but must fit exactly one", fitting),
          Msg("leave out what belongs to another form"), depth});
  } else if (only_kinds && !kinds.empty()) {
    sink({value, "type", kinds, Msg("is of type {}, must be {}", TypeName(tree_.type(value)), kinds), {}, depth});
  } else {
    for (Violation& violation : best) sink(std::move(violation));
  }
}

void SchemaCheck::ExplainNegated(const SchemaRule& negated, Index value, unsigned depth, const Sink& sink) const {
  if (IsRequirement(negated) && negated.required.size() == 1) {
    const std::string name = Names(negated.required);
    sink({value, "not", name, Msg("the member {} must not be there", name), Msg("remove {}", name), depth});
  } else if (IsRequirement(negated)) {
    const std::string list = Names(negated.required);
    sink({value, "not", list, Msg("these members must not be there together: {}", list), Msg("keep one of them"),
          depth});
  } else {
    sink({value, "not", "", Msg("has a form that is forbidden here"), {}, depth});
  }
}

void SchemaCheck::Explain(RuleId id, Index value, unsigned depth, const Sink& sink) const {
  const SchemaRule& rule = rules_[id];
  const Type type = tree_.type(value);
  if (rule.never) return sink({value, "not-allowed", "", Msg("nothing is allowed here"), {}, depth});
  if (!HasType(rule, type)) {
    return sink({value, "type", rule.type_text, Msg("is of type {}, must be {}", TypeName(type), rule.type_text),
                 TypeRemedy(rule.type_text, TypeName(type)), depth});
  }
  if (rule.has_values && !IsValue(rule, tree_, value)) {
    const std::string shown = type == Type::kString ? InQuotes(tree_.Text(value)) : std::string(TypeName(type));
    sink({value, rule.is_constant ? "const" : "enum", "",
          rule.texts.size() > 1 ? Msg("{} is none of the {} allowed values", shown, rule.texts.size())
                                : Msg("{} is not the one value that is allowed here", shown),
          Nearest(type == Type::kString ? tree_.Text(value) : "", {rule.texts.begin(), rule.texts.end()}), depth});
  }
  if (type == Type::kString) ExplainText(rule, value, depth, sink);
  if (type == Type::kObject) ExplainObject(rule, value, depth, sink);
  if (type == Type::kArray) ExplainArray(rule, value, depth, sink);
  if (IsNumber(type) && rule.minimum && tree_.Number(value) < *rule.minimum) {
    sink({value,
          "minimum",
          "",
          Msg("is less than {}", std::to_string(static_cast<std::int64_t>(*rule.minimum))),
          {},
          depth});
  }
  if (IsNumber(type) && rule.maximum && tree_.Number(value) > *rule.maximum) {
    sink({value,
          "maximum",
          "",
          Msg("is more than {}", std::to_string(static_cast<std::int64_t>(*rule.maximum))),
          {},
          depth});
  }
  const auto accepts = [&](RuleId alternative) { return Accepts(alternative, value); };
  for (const RuleId part : rule.all_of) Explain(part, value, depth, sink);
  if (!rule.any_of.empty() && std::none_of(rule.any_of.begin(), rule.any_of.end(), accepts)) {
    ExplainAlternatives("anyOf", rule.any_of, value, depth, sink);
  }
  if (!rule.one_of.empty() && std::count_if(rule.one_of.begin(), rule.one_of.end(), accepts) != 1) {
    ExplainAlternatives("oneOf", rule.one_of, value, depth, sink);
  }
  if (rule.negated != kNoRule && accepts(rule.negated)) ExplainNegated(rules_[rule.negated], value, depth, sink);
  if (rule.condition != kNoRule) {
    const RuleId consequence = accepts(rule.condition) ? rule.then_rule : rule.else_rule;
    if (consequence != kNoRule) Explain(consequence, value, depth, sink);
  }
}

void SchemaCheck::Visit(RuleId id, Index value, const Visitor& visitor) const {
  const SchemaRule& rule = rules_[id];
  visitor(rule, value);
  if (tree_.Is(value, Type::kObject)) {
    for (const Index child : Children{tree_, value}) {
      const RuleId property = rule.FindProperty(NameOf(child));
      if (property != kNoRule) Visit(property, child, visitor);
    }
  } else if (tree_.Is(value, Type::kArray)) {
    std::size_t number = 0;
    for (const Index item : Children{tree_, value}) {
      const RuleId wanted = number < rule.tuple.size() ? rule.tuple[number] : rule.items;
      if (wanted != kNoRule) Visit(wanted, item, visitor);
      ++number;
    }
  }
  for (const RuleId part : rule.all_of) Visit(part, value, visitor);
  for (const auto* alternatives : {&rule.any_of, &rule.one_of}) {
    for (const RuleId alternative : *alternatives) {
      if (Accepts(alternative, value)) Visit(alternative, value, visitor);
    }
  }
}

}  // namespace nachbau::sbom
