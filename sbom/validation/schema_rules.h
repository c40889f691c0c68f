// The CycloneDX schemas (JSON Schema draft-07), prepared for checking: references resolved, names numbered, patterns
// and formats compiled. Only the keywords that these schemas use; a schema with any other is refused, so that a new
// version cannot be checked by half.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sbom/validation/json_tree.h"

namespace re2 {
class RE2;
}

namespace nachbau::sbom {

using RuleId = std::uint32_t;
using NameId = std::uint32_t;
inline constexpr RuleId kNoRule = ~RuleId{0};
inline constexpr NameId kNoName = ~NameId{0};

// What a value is to the rules beside the schema.
enum class Meaning : std::uint8_t { kNone, kReference, kHash, kPurl, kLicenceExpression, kSwhid, kOmniborId };

struct SchemaRule {
  std::string definition;  // the nearest named schema ("component"), or the member that it is written out for ("purl")
  Meaning meaning = Meaning::kNone;
  bool never = false;       // the schema `false`
  std::uint16_t types = 0;  // set of 1 << JsonTree::Type; 0: any
  std::string type_text;    // for messages: "string", "array or object"
  bool has_values = false;  // enum or const
  bool is_constant = false;
  std::vector<std::string> texts;                               // of enum and const, sorted
  std::optional<bool> boolean;                                  // of const
  std::optional<std::uint64_t> minimum_length, maximum_length;  // code points
  std::optional<std::uint64_t> minimum_items, maximum_items;
  std::optional<double> minimum, maximum;
  std::shared_ptr<const re2::RE2> pattern;
  std::string pattern_text;
  std::string format;
  bool unique_items = false;
  RuleId items = kNoRule;
  std::vector<RuleId> tuple;
  bool additional_items = true;
  std::vector<NameId> required;
  std::vector<std::pair<NameId, RuleId>> properties;  // sorted
  bool additional_properties = true;
  std::vector<RuleId> all_of, any_of, one_of;
  RuleId negated = kNoRule;
  RuleId condition = kNoRule, then_rule = kNoRule, else_rule = kNoRule;

  RuleId FindProperty(NameId name) const;  // kNoRule when there is none
};

class SchemaRules {
 public:
  // "1.2" … "1.7"; nullptr for a version there is no schema of. Prepared once, on first use; any thread.
  static const SchemaRules* ForVersion(std::string_view spec_version);

  const SchemaRule& operator[](RuleId rule) const { return rules_[rule]; }
  RuleId root() const { return 0; }
  const std::vector<std::string>& names() const { return names_; }  // by NameId
  NameId FindName(std::string_view name) const;                      // kNoName when no schema has it

 private:
  friend class SchemaReader;
  std::vector<SchemaRule> rules_;
  std::vector<std::string> names_;
  std::map<std::string, NameId, std::less<>> numbers_;
};

}  // namespace nachbau::sbom
