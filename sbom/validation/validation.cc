#include "sbom/validation/validation.h"

#include "base/encoding.h"
#include "base/error.h"
#include "sbom/sbom.h"
#include "sbom/validation/contents.h"
#include "sbom/validation/json_tree.h"
#include "sbom/validation/problem_list.h"
#include "sbom/validation/references.h"
#include "sbom/validation/schema_check.h"
#include "sbom/validation/schema_rules.h"
#include "sbom/validation/suggestion.h"

namespace nachbau::sbom {
namespace {

using Index = JsonTree::Index;
using Type = JsonTree::Type;

std::string_view TextOf(const JsonTree& tree, const char* name) {
  const Index value = tree.Find(0, name);
  return value != JsonTree::kNone && tree.Is(value, Type::kString) ? tree.Text(value) : std::string_view();
}

std::uint64_t CountComponents(const JsonTree& tree) {
  std::uint64_t count = 0;
  const JsonTree::Key key = tree.FindKey("components");
  if (key == JsonTree::kNoKey) return 0;
  for (Index value = 0; value < tree.size(); ++value) {
    if (tree.KeyOf(value) == key && tree.Is(value, Type::kArray)) count += tree.Count(value);
  }
  return count;
}

void CheckTree(const JsonTree& tree, ProblemList& problems, Validation& validation) {
  const auto violate = [&](Violation violation) { problems.Add(ProblemLevel::kViolation, std::move(violation)); };
  validation.values = tree.size();
  validation.components = CountComponents(tree);
  validation.spec_version = Printable(TextOf(tree, "specVersion").substr(0, 20));
  if (TextOf(tree, "bomFormat") != "CycloneDX" || TextOf(tree, "specVersion").empty()) {
    return violate({0, "required", "bomFormat",
                    Msg("not a CycloneDX document: bomFormat and specVersion must be there"),
                    Msg("begin it with {}", std::string_view(R"({"bomFormat": "CycloneDX", "specVersion": "1.7")"))});
  }
  const SchemaRules* rules = SchemaRules::ForVersion(TextOf(tree, "specVersion"));
  if (rules == nullptr) {
    return violate({tree.Find(0, "specVersion"), "enum", "",
                    Msg("there is no JSON schema for version {}", InQuotes(TextOf(tree, "specVersion"))),
                    Msg("possible here: {}", std::string_view("1.2, 1.3, 1.4, 1.5, 1.6, 1.7"))});
  }
  const SchemaCheck check(*rules, tree);
  validation.conforms_to_schema = check.Conforms();
  if (!validation.conforms_to_schema) {
    check.Explain(violate);
    // Never valid because nothing could be said.
    if (problems.Count(ProblemLevel::kViolation) == 0)
      violate({0, "schema", "", Msg("does not conform to the schema"), {}});
  }
  CheckSchemaMember(tree, problems);
  References references(tree);
  check.Visit([&](const SchemaRule& rule, Index value) {
    if (rule.meaning == Meaning::kNone) return;
    if (rule.meaning == Meaning::kReference) return references.See(value);
    CheckContent(rule.meaning, tree, value, problems);
  });
  references.Check(problems);
}

Validation Check(const JsonTree& tree, bool has_mark) {
  Validation validation;
  ProblemList problems(tree);
  if (has_mark) {
    problems.Add(
        ProblemLevel::kViolation,
        {0, "json", "mark", Msg("begins with a byte order mark, which JSON must not have (RFC 8259, section 8.1)"),
         Msg("remove the first three bytes")});
  }
  CheckTree(tree, problems, validation);
  problems.MoveInto(validation);
  return validation;
}

}  // namespace

std::string_view Name(ProblemLevel level) { return level == ProblemLevel::kViolation ? "violation" : "advice"; }

Validation ValidateText(std::string_view text, std::string_view name) {
  Validation validation;
  try {
    validation = Check(JsonTree::Parse(text, name), JsonTree::StartsWithMark(text));
  } catch (const ParseError& error) {
    validation.violations = 1;
    validation.problems.push_back({ProblemLevel::kViolation, "", "json", error.parts().back(), {}, 0});
  }
  validation.bytes = text.size();
  return validation;
}

Validation ValidateDocument(const Json& document) { return Check(JsonTree::From(document), false); }

std::vector<SchemaViolation> Validate(const Json& document) {
  std::vector<SchemaViolation> violations;
  for (const Problem& problem : ValidateDocument(document).problems) {
    if (problem.level != ProblemLevel::kViolation) continue;
    violations.push_back({problem.pointer, problem.rule, Render(problem.message)});
  }
  return violations;
}

Json ToJson(const Problem& problem) {
  Json json = {{"level", Name(problem.level)},
               {"pointer", problem.pointer},
               {"rule", problem.rule},
               {"message", Render(problem.message)},
               {"more", problem.more}};
  if (!problem.remedy.text.empty()) json["remedy"] = Render(problem.remedy);
  return json;
}

Json ToJson(const Validation& validation) {
  Json problems = Json::array();
  for (const Problem& problem : validation.problems) problems.push_back(ToJson(problem));
  Json json = {{"valid", validation.valid()},         {"conformsToSchema", validation.conforms_to_schema},
               {"bytes", validation.bytes},           {"components", validation.components},
               {"violations", validation.violations}, {"advice", validation.advice},
               {"problems", std::move(problems)}};
  if (!validation.spec_version.empty()) json["specVersion"] = validation.spec_version;
  return json;
}

}  // namespace nachbau::sbom
