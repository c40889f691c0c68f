// Validation against the official schemas with valijson, which needs two supplements:
//
// - It asserts no formats, and without them signed documents are wrongly rejected (JSF tells two branches apart by
//   `format: uri`) and bad times accepted. Every `format` in a schema is rewritten as a `pattern` before use.
// - Its uniqueItems compares every pair: a minute for 20,000 components. The keyword is taken out, and a pass of our own
//   compares canonical texts in a set, for the properties whose schema asks for it.
//
// std::regex recurses once per character: the validation runs on a thread with a large stack, and strings that would
// need more are refused first.
#include <pthread.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_set>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "base/encoding.h"
#include "base/error.h"
#include "sbom/sbom.h"
#include "sbom/schema.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kStackSize = 1ULL << 30;       // bytes of address space; touched only as far as needed
constexpr std::size_t kMaxPatternString = 64 << 10;  // bytes; "content" members (base64, texts) may be longer
constexpr std::size_t kMaxViolations = 200;

const std::map<std::string, std::string, std::less<>>& FormatPatterns() {
  static const std::string kTime = "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]+)?";
  static const std::string kDate = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
  static const std::string kIriCharacters = "([^\\x00-\\x20\\x7f<>\"{}|\\\\^`%\\[\\]]|%[0-9A-Fa-f]{2}|\\[[0-9A-Fa-f:.]+\\])*";
  static const std::map<std::string, std::string, std::less<>> patterns = {
      {"date-time", "^" + kDate + "[Tt]" + kTime + "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"},
      {"date", "^" + kDate + "$"},
      {"idn-email", "^[^@\\x00-\\x20]+@[^@\\x00-\\x20]+$"},
      {"email", "^[^@\\x00-\\x20]+@[^@\\x00-\\x20]+$"},
      {"uri", "^[A-Za-z][A-Za-z0-9+.-]*:([!-;=?-Z_a-z~\\[\\]]|%[0-9A-Fa-f]{2})*$"},
      // RFC 3987: a scheme and the rest, or a relative reference whose first segment has no colon.
      {"iri-reference", "^([A-Za-z][A-Za-z0-9+.-]*:" + kIriCharacters + "|([^\\x00-\\x20\\x7f<>\"{}|\\\\^`%\\[\\]:/?#]|%[0-9A-Fa-f]{2})*([/?#]" +
                            kIriCharacters + ")?)$"},
  };
  return patterns;
}

// Rewrites formats, takes out uniqueItems, and notes for each property name whether its schemas ask for it.
class Preparation {
 public:
  void Prepare(Json& schema) {
    if (schema.is_array()) {
      for (Json& item : schema) Prepare(item);
      return;
    }
    if (!schema.is_object()) return;
    if (const auto format = schema.find("format"); format != schema.end() && format->is_string()) {
      const auto pattern = FormatPatterns().find(format->get<std::string>());
      if (pattern != FormatPatterns().end()) {
        const Json asserted = {{"pattern", pattern->second}};
        if (schema.contains("pattern")) {
          schema["allOf"].push_back(asserted);
        } else {
          schema["pattern"] = pattern->second;
        }
      }
      schema.erase("format");
    }
    if (const auto properties = schema.find("properties"); properties != schema.end() && properties->is_object()) {
      for (auto& [name, property] : properties->items()) {
        if (!property.is_object() || property.value("type", "") != "array") continue;
        auto& counts = unique_[name];
        ++(property.value("uniqueItems", false) ? counts.first : counts.second);
      }
    }
    schema.erase("uniqueItems");
    for (auto& [key, value] : schema.items()) {
      if (key != "enum" && key != "const" && key != "examples" && key != "default") Prepare(value);
    }
  }
  // Names that are unique wherever they occur.
  std::set<std::string, std::less<>> UniqueNames() const {
    std::set<std::string, std::less<>> names;
    for (const auto& [name, counts] : unique_) {
      if (counts.first > 0 && counts.second == 0) names.insert(name);
    }
    return names;
  }

 private:
  std::map<std::string, std::pair<int, int>> unique_;  // name → how often with, how often without uniqueItems
};

struct PreparedSchema {
  valijson::Schema schema;
  std::set<std::string, std::less<>> unique_names;
  std::map<std::string, Json> referenced;
};

std::unique_ptr<PreparedSchema> PrepareSchema(std::string_view text, std::string_view version) {
  auto prepared = std::make_unique<PreparedSchema>();
  Preparation preparation;
  Json json = ParseJson(text, std::string("bom-") + std::string(version) + ".schema.json");
  preparation.Prepare(json);
  const auto fetch = [&](const std::string& uri) -> const Json* {
    const std::string file = uri.substr(uri.rfind('/') + 1);
    const std::string name = file.substr(0, file.find('#'));
    if (const auto known = prepared->referenced.find(name); known != prepared->referenced.end()) return &known->second;
    const auto referenced = ReferencedSchema(name);
    if (!referenced) return nullptr;
    Json document = ParseJson(*referenced, name);
    preparation.Prepare(document);
    return &(prepared->referenced[name] = std::move(document));
  };
  valijson::SchemaParser parser;
  const valijson::adapters::NlohmannJsonAdapter adapter(json);
  parser.populateSchema(adapter, prepared->schema, std::function<const Json*(const std::string&)>(fetch),
                        std::function<void(const Json*)>([](const Json*) {}));
  prepared->unique_names = preparation.UniqueNames();
  return prepared;
}

const PreparedSchema& SchemaFor(const std::string& version, std::string_view text) {
  static std::map<std::string, std::unique_ptr<PreparedSchema>> cache;
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
    std::string part = context[i];
    if (part.size() >= 2 && part.front() == '[' && part.back() == ']') part = part.substr(1, part.size() - 2);
    pointer += "/" + part;
  }
  return pointer;
}

class DocumentChecks {
 public:
  DocumentChecks(const std::set<std::string, std::less<>>& unique_names, std::vector<SchemaViolation>& violations)
      : unique_names_(unique_names), violations_(violations) {}

  // False when the document must not be handed to the regular expressions.
  bool Strings(const Json& value, const std::string& pointer, std::string_view key) {
    bool fine = true;
    if (value.is_string() && key != "content" && value.get_ref<const std::string&>().size() > kMaxPatternString) {
      violations_.push_back({pointer, "maxLength", "string of more than " + std::to_string(kMaxPatternString) + " bytes"});
      return false;
    }
    if (value.is_object()) {
      for (const auto& [name, child] : value.items()) fine = Strings(child, pointer + "/" + name, name) && fine;
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) fine = Strings(value[i], pointer + "/" + std::to_string(i), key) && fine;
    }
    return fine;
  }
  void Unique(const Json& value, const std::string& pointer, std::string_view key) {
    if (value.is_object()) {
      for (const auto& [name, child] : value.items()) Unique(child, pointer + "/" + name, name);
      return;
    }
    if (!value.is_array()) return;
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string place = pointer + "/" + std::to_string(i);
      if (unique_names_.contains(key) && !seen.insert(value[i].dump()).second) {
        violations_.push_back({place, "uniqueItems", "the same item stands in this array before"});
      }
      Unique(value[i], place, "");
    }
  }
  // What no schema states: bom-refs are unique, and what dependencies and compositions name exists.
  void References(const Json& document) {
    CollectRefs(document, "");
    for (const char* key : {"dependencies", "compositions"}) {
      const auto list = document.find(key);
      if (list == document.end() || !list->is_array()) continue;
      for (std::size_t i = 0; i < list->size(); ++i) {
        const std::string place = std::string("/") + key + "/" + std::to_string(i);
        for (const char* member : {"ref", "dependsOn", "provides", "assemblies", "dependencies"}) {
          const auto value = (*list)[i].is_object() ? (*list)[i].find(member) : (*list)[i].end();
          if (!(*list)[i].is_object() || value == (*list)[i].end()) continue;
          Resolve(*value, place + "/" + member);
        }
      }
    }
  }

 private:
  void CollectRefs(const Json& value, const std::string& pointer) {
    if (value.is_object()) {
      const auto ref = value.find("bom-ref");
      if (ref != value.end() && ref->is_string() && !refs_.insert(ref->get<std::string>()).second) {
        violations_.push_back({pointer + "/bom-ref", "bom-ref", "used twice: " + Printable(ref->get<std::string>())});
      }
      for (const auto& [name, child] : value.items()) CollectRefs(child, pointer + "/" + name);
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) CollectRefs(value[i], pointer + "/" + std::to_string(i));
    }
  }
  void Resolve(const Json& value, const std::string& pointer) {
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) Resolve(value[i], pointer + "/" + std::to_string(i));
    } else if (value.is_string() && !refs_.contains(value.get<std::string>()) &&
               !value.get_ref<const std::string&>().starts_with("urn:cdx:")) {
      violations_.push_back({pointer, "bom-ref", "nothing has the bom-ref " + Printable(value.get<std::string>())});
    }
  }
  const std::set<std::string, std::less<>>& unique_names_;
  std::vector<SchemaViolation>& violations_;
  std::unordered_set<std::string> refs_;
};

std::vector<SchemaViolation> ValidateHere(const Json& document) {
  std::vector<SchemaViolation> violations;
  const bool named = document.is_object() && document.value("bomFormat", Json()) == "CycloneDX" &&
                     document.contains("specVersion") && document["specVersion"].is_string();
  if (!named) return {{"", "required", "not a CycloneDX document: bomFormat and specVersion must be there"}};
  const std::string version = document["specVersion"].get<std::string>();
  const auto text = CycloneDxSchema(version);
  if (!text) return {{"/specVersion", "enum", "there is no schema for version " + Printable(version)}};
  const PreparedSchema& prepared = SchemaFor(version, *text);
  DocumentChecks checks(prepared.unique_names, violations);
  if (!checks.Strings(document, "", "")) return violations;
  checks.Unique(document, "", "");
  checks.References(document);
  valijson::Validator validator;
  valijson::ValidationResults results;
  const valijson::adapters::NlohmannJsonAdapter adapter(document);
  if (!validator.validate(prepared.schema, adapter, &results)) {
    valijson::ValidationResults::Error error;
    while (violations.size() < kMaxViolations && results.popError(error)) {
      violations.push_back({Pointer(error.context), "schema", Printable(error.description)});
    }
  }
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
