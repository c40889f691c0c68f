// Validation against the official schemas with valijson, which needs three supplements. Each is a constraint of our own
// that valijson calls in its place among the schema's keywords; a schema's keyword is renamed before use, so that
// valijson's own does not see it.
//
// - format: valijson asserts only dates and times, wrongly; without `uri` every signed document is rejected, because JSF
//   tells two branches of a oneOf apart by it (formats.h).
// - uniqueItems: valijson compares every pair, a minute for 20,000 components. Here: a set of canonical texts.
// - pattern: std::regex recurses once per character, and a long string would overflow the stack. Here: a bound first.
#include <pthread.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <regex>
#include <set>
#include <string>
#include <unordered_map>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/constraint_builder.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "base/encoding.h"
#include "base/error.h"
#include "sbom/validation/formats.h"
#include "sbom/validation/references.h"
#include "sbom/sbom.h"
#include "sbom/validation/schema.h"

namespace nachbau::sbom {
namespace {

using valijson::adapters::Adapter;

constexpr std::size_t kStackSize = 256ULL << 20;  // bytes of address space; touched only as far as needed
constexpr std::size_t kMaxPatternText = 4096;     // bytes; the schemas' patterns mean identifiers
constexpr std::size_t kMaxViolations = 200;
constexpr std::size_t kMaxShown = 200;            // bytes of a foreign text in a message
constexpr char kSeparator = '\x1f';               // between rule and detail in the results of our own constraints

std::string Shown(const std::string& text) {
  return "\"" + Printable(std::string_view(text).substr(0, kMaxShown)) + (text.size() > kMaxShown ? "…\"" : "\"");
}

// A constraint that valijson copies into memory of its own.
template <typename Derived>
class OwnConstraint : public valijson::constraints::PolyConstraint {
 public:
  bool validate(const Adapter& target, const std::vector<std::string>& context,
                valijson::ValidationResults* results) const override {
    const std::string violation = static_cast<const Derived*>(this)->Check(target);
    if (!violation.empty() && results != nullptr) results->pushError(context, violation);
    return violation.empty();
  }

 private:
  valijson::constraints::Constraint* cloneInto(void* place) const override {
    return new (place) Derived(static_cast<const Derived&>(*this));
  }
  std::size_t sizeOf() const override { return sizeof(Derived); }
};

class FormatKeyword final : public OwnConstraint<FormatKeyword> {
 public:
  explicit FormatKeyword(const Adapter& value) : format_(value.asString()) {}
  std::string Check(const Adapter& target) const {
    if (!target.isString()) return {};
    const std::string text = target.asString();
    if (CheckFormat(format_, text) != Format::kViolated) return {};
    return "format:" + format_ + kSeparator + Shown(text) + " is not a valid " + format_;
  }

 private:
  std::string format_;
};

class PatternKeyword final : public OwnConstraint<PatternKeyword> {
 public:
  explicit PatternKeyword(const Adapter& value) : pattern_(value.asString()) {
    // "one line": the schemas' most frequent pattern, and the only one for long texts.
    if (pattern_ != "^(.*)$") regex_ = std::make_shared<const std::regex>(pattern_);
  }
  std::string Check(const Adapter& target) const {
    if (!target.isString()) return {};
    const std::string text = target.asString();
    if (regex_ == nullptr) {
      return text.find_first_of("\r\n") == text.npos ? "" : std::string("pattern") + kSeparator + "must be one line";
    }
    if (text.size() <= kMaxPatternText && std::regex_search(text, *regex_)) return {};
    return std::string("pattern") + kSeparator + Shown(text) + " does not match " + pattern_;
  }

 private:
  std::string pattern_;
  std::shared_ptr<const std::regex> regex_;
};

// A text that is the same for equal values only. Objects come with sorted keys.
void AppendCanonical(const Adapter& value, std::string& out) {
  const auto append_text = [&](const std::string& text) {
    out += '"' + std::to_string(text.size()) + ':' + text;
  };
  if (value.isString()) {
    append_text(value.asString());
  } else if (value.isObject()) {
    out += '{';
    value.applyToObject([&](const std::string& name, const Adapter& member) {
      append_text(name);
      AppendCanonical(member, out);
      return true;
    });
    out += '}';
  } else if (value.isArray()) {
    out += '[';
    value.applyToArray([&](const Adapter& item) {
      AppendCanonical(item, out);
      return true;
    });
    out += ']';
  } else if (value.isNull()) {
    out += 'n';
  } else if (value.isBool()) {
    out += value.asBool() ? 't' : 'f';
  } else if (value.isInteger()) {
    out += std::to_string(value.asInteger()) + ';';
  } else {
    out += std::to_string(value.asDouble()) + ';';
  }
}

class UniqueItemsKeyword final : public OwnConstraint<UniqueItemsKeyword> {
 public:
  explicit UniqueItemsKeyword(const Adapter& value) : wanted_(value.asBool()) {}
  std::string Check(const Adapter& target) const {
    if (!wanted_ || !target.isArray()) return {};
    std::unordered_map<std::string, std::size_t> seen;
    std::size_t index = 0;
    std::string violation;
    target.applyToArray([&](const Adapter& item) {
      std::string text;
      AppendCanonical(item, text);
      const auto [place, added] = seen.emplace(std::move(text), index);
      if (!added) {
        violation = std::string("uniqueItems") + kSeparator + "items " + std::to_string(place->second) + " and " +
                    std::to_string(index) + " are the same";
      }
      ++index;
      return added;
    });
    return violation;
  }

 private:
  bool wanted_;
};

template <typename Keyword>
class Builder final : public valijson::ConstraintBuilder {
 public:
  valijson::constraints::Constraint* make(const Adapter& value) const override { return new Keyword(value); }
};

// The keywords that are ours, under names that valijson leaves to us.
constexpr std::array<std::pair<const char*, const char*>, 3> kOwnKeywords = {
    {{"format", "nachbau:format"}, {"pattern", "nachbau:pattern"}, {"uniqueItems", "nachbau:uniqueItems"}}};

void RenameKeywords(Json& schema);

// The value of a keyword that maps names to schemas: the names are no keywords.
void RenameInEach(Json& schemas) {
  if (!schemas.is_object()) return;
  for (auto& [name, schema] : schemas.items()) RenameKeywords(schema);
}

void RenameKeywords(Json& schema) {
  if (schema.is_array()) {
    for (Json& item : schema) RenameKeywords(item);
    return;
  }
  if (!schema.is_object()) return;
  for (const auto& [keyword, own] : kOwnKeywords) {
    const auto value = schema.find(keyword);
    if (value == schema.end()) continue;
    schema[own] = std::move(*value);
    schema.erase(keyword);
  }
  static const std::set<std::string, std::less<>> maps = {"properties", "patternProperties", "definitions", "dependencies"};
  static const std::set<std::string, std::less<>> data = {"enum", "const", "examples", "default", "required", "meta:enum"};
  for (auto& [keyword, value] : schema.items()) {
    if (maps.contains(keyword)) RenameInEach(value);
    else if (!data.contains(keyword)) RenameKeywords(value);
  }
}

std::unique_ptr<valijson::Schema> PrepareSchema(std::string_view text, const std::string& version) {
  Json json = ParseJson(text, "bom-" + version + ".schema.json");
  RenameKeywords(json);
  std::map<std::string, Json> referenced;
  const auto fetch = [&](const std::string& uri) -> const Json* {
    const std::string file = uri.substr(uri.rfind('/') + 1);
    const std::string name = file.substr(0, file.find('#'));
    if (const auto known = referenced.find(name); known != referenced.end()) return &known->second;
    const auto schema = ReferencedSchema(name);
    if (!schema) return nullptr;
    Json document = ParseJson(*schema, name);
    RenameKeywords(document);
    return &(referenced[name] = std::move(document));
  };
  valijson::SchemaParser parser;  // owns the builders
  parser.addConstraintBuilder(kOwnKeywords[0].second, new Builder<FormatKeyword>);
  parser.addConstraintBuilder(kOwnKeywords[1].second, new Builder<PatternKeyword>);
  parser.addConstraintBuilder(kOwnKeywords[2].second, new Builder<UniqueItemsKeyword>);
  auto prepared = std::make_unique<valijson::Schema>();
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(json), *prepared,
                        std::function<const Json*(const std::string&)>(fetch), [](const Json*) {});
  return prepared;
}

const valijson::Schema& SchemaFor(const std::string& version, std::string_view text) {
  static std::map<std::string, std::unique_ptr<valijson::Schema>> cache;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  auto& entry = cache[version];
  if (!entry) entry = PrepareSchema(text, version);
  return *entry;
}

// ["<root>", "[components]", "[0]"] → "/components/0"
std::string Pointer(const std::vector<std::string>& context) {
  std::string pointer;
  for (std::size_t i = 1; i < context.size(); ++i) {
    std::string_view part = context[i];
    if (part.size() >= 2 && part.front() == '[' && part.back() == ']') part = part.substr(1, part.size() - 2);
    pointer += '/';
    for (const char c : part) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return Printable(pointer);
}

// valijson describes in words which keyword was violated. An empty rule: the description only says that something
// further inside, which has a description of its own, is wrong.
std::string_view RuleOf(std::string_view description) {
  static constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {"Missing required property", "required"},
      {"Object contains a property that", "additionalProperties"},
      {"Failed to match against any enum", "enum"},
      {"Failed to match expected value set by 'const'", "const"},
      {"Value type not permitted", "type"},
      {"Failed to validate against any schemas allowed by anyOf", "anyOf"},
      {"Failed to validate against any child schemas allowed by oneOf", "oneOf"},
      {"Failed to validate against exactly one child schema", "oneOf"},
      {"Target should not validate", "not"},
      {"Array should contain no fewer", "minItems"},
      {"Array should contain no more", "maxItems"},
      {"String should be no fewer", "minLength"},
      {"String should be no more", "maxLength"},
      {"Expected number greater", "minimum"},
      {"Expected number less", "maximum"},
      {"Missing dependency", "dependencies"},
      {"Array contains more items", "additionalItems"},
      {"Cannot validate item", "additionalItems"},
      {"Failed to validate against schema associated with", ""},
      {"Failed to validate item #", ""},
      {"Failed to validate against child schema #", ""},
      {"Failed to validate against additional properties schema", ""},
      {"Failed to validate against dependent schema", ""},
      {"Failed to validate against a conditional schema", ""},
  };
  for (const auto& [words, rule] : kRules) {
    if (description.starts_with(words)) return rule;
  }
  return "schema";
}

void AppendResults(valijson::ValidationResults& results, std::vector<SchemaViolation>& violations) {
  std::set<std::array<std::string, 3>> seen;
  valijson::ValidationResults::Error error;
  while (results.popError(error) && violations.size() < kMaxViolations) {
    const std::size_t separator = error.description.find(kSeparator);
    const bool own = separator != error.description.npos;
    const std::string rule(own ? error.description.substr(0, separator) : RuleOf(error.description));
    if (rule.empty()) continue;
    SchemaViolation violation{Pointer(error.context), rule,
                              own ? error.description.substr(separator + 1) : Printable(error.description)};
    if (seen.insert({violation.pointer, violation.rule, violation.detail}).second) {
      violations.push_back(std::move(violation));
    }
  }
}

std::vector<SchemaViolation> ValidateHere(const Json& document) {
  const std::string version = TextMember(document, "specVersion");
  if (TextMember(document, "bomFormat") != "CycloneDX" || version.empty()) {
    return {{"", "required", "not a CycloneDX document: bomFormat and specVersion must be there"}};
  }
  const auto text = CycloneDxSchema(version);
  if (!text) return {{"/specVersion", "enum", "there is no schema for version " + Shown(version)}};
  std::vector<SchemaViolation> violations;
  valijson::Validator validator;
  valijson::ValidationResults results;
  const valijson::adapters::NlohmannJsonAdapter adapter(document);
  if (!validator.validate(SchemaFor(version, *text), adapter, &results)) {
    AppendResults(results, violations);
    // Never valid because every description was left out.
    if (violations.empty()) violations.push_back({"", "schema", "does not conform to the schema"});
  }
  CheckReferences(document, violations);
  if (violations.size() > kMaxViolations) violations.resize(kMaxViolations);
  return violations;
}

struct Call {
  const Json* document;
  std::vector<SchemaViolation> result;
  std::exception_ptr failure;
};

void* RunCall(void* self) {
  auto* call = static_cast<Call*>(self);
  try {
    call->result = ValidateHere(*call->document);
  } catch (...) {
    call->failure = std::current_exception();
  }
  return nullptr;
}

}  // namespace

// On a thread of its own: valijson and std::regex recurse, and need more stack than a caller may have left.
std::vector<SchemaViolation> Validate(const Json& document) {
  Call call{&document, {}, nullptr};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackSize);
  pthread_t thread{};
  const int failure = pthread_create(&thread, &attributes, &RunCall, &call);
  pthread_attr_destroy(&attributes);
  if (failure != 0) throw SystemError(failure, Msg("start a thread"));
  pthread_join(thread, nullptr);
  if (call.failure) std::rethrow_exception(call.failure);
  return call.result;
}

}  // namespace nachbau::sbom
