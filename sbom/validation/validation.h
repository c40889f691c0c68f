// The verdict about one CycloneDX document, JSON, 1.2 to 1.7. docs/formats/sbom-validation.md lists the rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/message.h"

namespace nachbau::sbom {

// A violation makes the document invalid: the schema, JSON itself or the specification's own text forbids it. Advice
// does not: the document says less, or says it in another way, than it could.
enum class ProblemLevel { kViolation, kAdvice };
std::string_view Name(ProblemLevel level);  // "violation", "advice"

struct Problem {
  ProblemLevel level = ProblemLevel::kViolation;
  std::string pointer;  // JSON pointer (RFC 6901), safe to show
  std::string rule;     // "json", "required", "format:date-time", "bom-ref-unique" …
  Message message;
  Message remedy;          // empty text when there is nothing to suggest
  std::uint64_t more = 0;  // further places with the same problem, not listed
};

struct Validation {
  std::string spec_version;  // "1.7"; empty when the document does not say
  std::uint64_t bytes = 0, values = 0, components = 0;
  bool conforms_to_schema = false;
  std::uint64_t violations = 0, advice = 0;  // all, listed or not
  std::vector<Problem> problems;             // violations first; a few of each kind, at most kMaxProblems
  bool valid() const { return violations == 0; }
};
inline constexpr std::size_t kMaxProblems = 200;

// Text that is not JSON is an invalid document, rule "json". Throws Error for a document that is too large or too deep
// to be looked at (json_tree.h): what was not looked at is neither valid nor invalid.
Validation ValidateText(std::string_view text, std::string_view name);
Validation ValidateDocument(const Json& document);

// {"level", "pointer", "rule", "message", "remedy", "more"}; messages in English.
Json ToJson(const Problem& problem);
// {"valid", "conformsToSchema", "specVersion", "bytes", "components", "violations", "advice", "problems"}
Json ToJson(const Validation& validation);

}  // namespace nachbau::sbom
