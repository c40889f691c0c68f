#include "sbom/validation/schema_rules.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>

#include "base/error.h"
#include "sbom/validation/schema.h"

namespace nachbau::sbom {
namespace {

using Type = JsonTree::Type;

constexpr std::uint16_t Bit(Type type) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(type));
}

std::uint16_t TypeBits(const std::string& name) {
  if (name == "null") return Bit(Type::kNull);
  if (name == "boolean") return Bit(Type::kBoolean);
  if (name == "integer") return Bit(Type::kInteger) | Bit(Type::kUnsigned);
  if (name == "number") return Bit(Type::kInteger) | Bit(Type::kUnsigned) | Bit(Type::kNumber);
  if (name == "string") return Bit(Type::kString);
  if (name == "array") return Bit(Type::kArray);
  if (name == "object") return Bit(Type::kObject);
  throw Error(Msg("a schema has the unknown type {}", name));
}

// From the dialect of JSON Schema (ECMA 262) to RE2's. They differ, for what the schemas use, in the dot, which there
// stops at four line ends, and in \s, which there has all of Unicode's blanks.
std::string ToRe2(std::string_view pattern) {
  constexpr std::string_view kBlanks =
      R"(\t\n\x{0b}\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
  std::string result;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char next = pattern[++i];
      if (next == 's') {
        result += in_class ? std::string(kBlanks) : "[" + std::string(kBlanks) + "]";
      } else if (std::string_view(R"(-/.\()[]{}*+?^$|)").find(next) != std::string_view::npos) {
        result += '\\';
        result += next;
      } else {
        throw Error(Msg("a schema has a pattern that is not understood: {}", pattern));
      }
    } else if (c == '.' && !in_class) {
      result += R"([^\n\r\x{2028}\x{2029}])";
    } else {
      if (c == '[') in_class = true;
      if (c == ']') in_class = false;
      result += c;
    }
  }
  return result;
}

}  // namespace

RuleId SchemaRule::FindProperty(NameId name) const {
  const auto found = std::lower_bound(properties.begin(), properties.end(), std::pair<NameId, RuleId>{name, 0});
  return found != properties.end() && found->first == name ? found->second : kNoRule;
}

NameId SchemaRules::FindName(std::string_view name) const {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? kNoName : found->second;
}

// Reads one schema and those it refers to.
class SchemaReader {
 public:
  explicit SchemaReader(SchemaRules& rules) : rules_(rules) {}

  void ReadRoot(std::string_view text, const std::string& file) {
    documents_.emplace(file, ParseJson(text, file));
    Resolve(file, "", "");
  }

 private:
  NameId NameOf(const std::string& name) {
    const auto [place, added] = rules_.numbers_.emplace(name, static_cast<NameId>(rules_.names_.size()));
    if (added) rules_.names_.push_back(name);
    return place->second;
  }

  const Json& Document(const std::string& file) {
    if (const auto known = documents_.find(file); known != documents_.end()) return known->second;
    const auto text = ReferencedSchema(file);
    if (!text) throw Error(Msg("a schema refers to {}, which is not here", file));
    return documents_.emplace(file, ParseJson(*text, file)).first->second;
  }

  // A place in a document, once: definitions refer to each other in circles.
  RuleId Resolve(const std::string& file, const std::string& pointer, const std::string& definition) {
    const std::string key = file + "#" + pointer;
    if (const auto known = resolved_.find(key); known != resolved_.end()) return known->second;
    const Json& document = Document(file);
    const Json::json_pointer place(pointer);
    if (!document.contains(place)) throw Error(Msg("a schema refers to {}, which is not here", key));
    const Json& schema = document.at(place);
    if (schema.is_object() && schema.contains("$ref")) {
      const RuleId rule = Follow(schema.at("$ref").get<std::string>(), file);
      // "refLinkType": a name of its own for what another definition says.
      return resolved_[key] = rule;
    }
    const RuleId rule = Reserve();
    resolved_[key] = rule;
    Fill(rule, schema, file, definition);
    return rule;
  }

  RuleId Follow(const std::string& reference, const std::string& file) {
    const std::size_t hash = std::min(reference.find('#'), reference.size());
    const std::string target = hash == 0 ? file : reference.substr(0, hash);
    const std::string pointer = hash < reference.size() ? reference.substr(hash + 1) : "";
    const std::string name = pointer.empty() ? target : pointer.substr(pointer.rfind('/') + 1);
    return Resolve(target, pointer, name);
  }

  RuleId Reserve() {
    rules_.rules_.emplace_back();
    return static_cast<RuleId>(rules_.rules_.size() - 1);
  }

  RuleId Read(const Json& schema, const std::string& file, const std::string& definition) {
    // What stands beside a $ref is ignored (draft-07, "Schema References With $ref").
    if (schema.is_object() && schema.contains("$ref")) return Follow(schema.at("$ref").get<std::string>(), file);
    const RuleId rule = Reserve();
    Fill(rule, schema, file, definition);
    return rule;
  }

  std::vector<RuleId> ReadList(const Json& schemas, const std::string& file, const std::string& definition) {
    std::vector<RuleId> list;
    for (const Json& schema : schemas) list.push_back(Read(schema, file, definition));
    return list;
  }

  void AddValue(const Json& value, SchemaRule& rule) {
    rule.has_values = true;
    if (value.is_string())
      rule.texts.push_back(value.get<std::string>());
    else if (value.is_boolean())
      rule.boolean = value.get<bool>();
    else
      throw Error(Msg("a schema has an enum or const that is not understood: {}", value.dump()));
  }

  void ReadKeyword(SchemaRule& rule, const std::string& keyword, const Json& value, const std::string& file) {
    const std::string& definition = rule.definition;
    if (keyword == "type") {
      for (const Json& name : value.is_array() ? value : Json::array({value})) {
        rule.types = static_cast<std::uint16_t>(rule.types | TypeBits(name.get<std::string>()));
        rule.type_text += (rule.type_text.empty() ? "" : "|") + name.get<std::string>();
      }
    } else if (keyword == "enum") {
      for (const Json& item : value) AddValue(item, rule);
    } else if (keyword == "const") {
      AddValue(value, rule);
      rule.is_constant = true;
    } else if (keyword == "required") {
      for (const Json& name : value) rule.required.push_back(NameOf(name.get<std::string>()));
    } else if (keyword == "properties") {
      for (const auto& [name, schema] : value.items()) {
        const NameId id = NameOf(name);
        rule.properties.emplace_back(id, Read(schema, file, PropertyName(definition, name)));
      }
    } else if (keyword == "additionalProperties") {
      rule.additional_properties = value.get<bool>();
    } else if (keyword == "items") {
      if (value.is_array())
        rule.tuple = ReadList(value, file, definition);
      else
        rule.items = Read(value, file, definition);
    } else if (keyword == "additionalItems") {
      rule.additional_items = value.get<bool>();
    } else if (keyword == "uniqueItems") {
      rule.unique_items = value.get<bool>();
    } else if (keyword == "minItems") {
      rule.minimum_items = value.get<std::uint64_t>();
    } else if (keyword == "maxItems") {
      rule.maximum_items = value.get<std::uint64_t>();
    } else if (keyword == "minLength") {
      rule.minimum_length = value.get<std::uint64_t>();
    } else if (keyword == "maxLength") {
      rule.maximum_length = value.get<std::uint64_t>();
    } else if (keyword == "minimum") {
      rule.minimum = value.get<double>();
    } else if (keyword == "maximum") {
      rule.maximum = value.get<double>();
    } else if (keyword == "pattern") {
      rule.pattern_text = value.get<std::string>();
      rule.pattern = Pattern(rule.pattern_text);
    } else if (keyword == "format") {
      rule.format = value.get<std::string>();
    } else if (keyword == "allOf") {
      rule.all_of = ReadList(value, file, definition);
    } else if (keyword == "anyOf") {
      rule.any_of = ReadList(value, file, definition);
    } else if (keyword == "oneOf") {
      rule.one_of = ReadList(value, file, definition);
    } else if (keyword == "not") {
      rule.negated = Read(value, file, definition);
    } else if (keyword == "if") {
      rule.condition = Read(value, file, definition);
    } else if (keyword == "then") {
      rule.then_rule = Read(value, file, definition);
    } else if (keyword == "else") {
      rule.else_rule = Read(value, file, definition);
    } else if (!IsAnnotation(keyword)) {
      throw Error(Msg("a schema has the keyword {}, which is not understood", keyword));
    }
  }

  void Fill(RuleId id, const Json& schema, const std::string& file, const std::string& definition) {
    SchemaRule rule;
    rule.definition = definition;
    rule.meaning = MeaningOf(definition);
    if (schema.is_boolean()) {
      rule.never = !schema.get<bool>();
    } else {
      for (const auto& [keyword, value] : schema.items()) ReadKeyword(rule, keyword, value, file);
    }
    std::sort(rule.texts.begin(), rule.texts.end());
    std::sort(rule.properties.begin(), rule.properties.end());
    rules_.rules_[id] = std::move(rule);
  }

  static Meaning MeaningOf(const std::string& definition) {
    static const std::map<std::string, Meaning, std::less<>> meanings = {
        {"refType", Meaning::kReference},
        {"refLinkType", Meaning::kReference},
        {"hash", Meaning::kHash},
        {"purl", Meaning::kPurl},
        {"swhid", Meaning::kSwhid},
        {"omniborId", Meaning::kOmniborId},
        {"licenseExpression", Meaning::kLicenceExpression}};
    const auto found = meanings.find(definition);
    return found == meanings.end() ? Meaning::kNone : found->second;
  }

  static std::string PropertyName(const std::string& definition, const std::string& name) {
    const bool in_licences = definition == "licenseChoice" || definition == "licenses";
    if (in_licences && name == "expression") return "licenseExpression";
    // The items of two members of "compositions" are plain strings to the schema; they are references all the same.
    if (definition == "compositions" && (name == "dependencies" || name == "vulnerabilities")) return "refLinkType";
    return name;
  }

  static bool IsAnnotation(const std::string& keyword) {
    static const std::set<std::string, std::less<>> annotations = {"$schema",     "$id",      "$comment", "title",
                                                                   "description", "examples", "default",  "definitions",
                                                                   "deprecated",  "meta:enum"};
    return annotations.contains(keyword);
  }

  std::shared_ptr<const re2::RE2> Pattern(const std::string& pattern) {
    auto& compiled = patterns_[pattern];
    if (!compiled) {
      re2::RE2::Options options;
      options.set_log_errors(false);
      compiled = std::make_shared<const re2::RE2>(ToRe2(pattern), options);
      if (!compiled->ok()) throw Error(Msg("a schema has a pattern that is not understood: {}", pattern));
    }
    return compiled;
  }

  SchemaRules& rules_;
  std::map<std::string, Json> documents_;
  std::map<std::string, RuleId> resolved_;
  std::map<std::string, std::shared_ptr<const re2::RE2>> patterns_;
};

const SchemaRules* SchemaRules::ForVersion(std::string_view spec_version) {
  static std::map<std::string, std::unique_ptr<SchemaRules>, std::less<>> prepared;
  static std::mutex mutex;
  const auto text = CycloneDxSchema(spec_version);
  if (!text) return nullptr;
  const std::lock_guard lock(mutex);
  auto& entry = prepared[std::string(spec_version)];
  if (!entry) {
    auto rules = std::make_unique<SchemaRules>();
    SchemaReader(*rules).ReadRoot(*text, "bom-" + std::string(spec_version) + ".SNAPSHOT.schema.json");
    entry = std::move(rules);
  }
  return entry.get();
}

}  // namespace nachbau::sbom
