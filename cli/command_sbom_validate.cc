// Any CycloneDX document, ours or a foreign one, against schema and specification.
#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "sbom/validation/json_tree.h"
#include "sbom/validation/validation.h"

namespace nachbau::cli {
namespace {

void ShowProblem(const Context& context, const sbom::Problem& problem) {
  const bool violation = problem.level == sbom::ProblemLevel::kViolation;
  const std::string place = problem.pointer.empty() ? context.Text(Msg("the document")) : problem.pointer;
  context.PrintLine("  " + context.Text(violation ? Msg("violation") : Msg("advice")) + "  " + place + ": " +
                    context.Text(problem.message) + "  [" + problem.rule + "]");
  if (!problem.remedy.text.empty()) context.PrintLine("      → " + context.Text(problem.remedy));
  if (problem.more != 0) context.PrintLine("      " + context.Text(Msg("and {} more of this kind", problem.more)));
}

void Show(const Context& context, const std::string& name, const sbom::Validation& validation) {
  if (validation.valid()) {
    context.Print(Msg("{}: valid CycloneDX {}, {} components, advice: {}", name, validation.spec_version,
                      validation.components, validation.advice));
  } else {
    context.Print(Msg("{}: not valid, {} violations, advice: {}", name, validation.violations, validation.advice));
  }
  std::uint64_t told = 0;
  for (const sbom::Problem& problem : validation.problems) {
    ShowProblem(context, problem);
    told += problem.more + 1;
  }
  const std::uint64_t all = validation.violations + validation.advice;
  if (told < all) context.Print(Msg("  and {} more of other kinds: mend these first", all - told));
}

}  // namespace

int RunSbomValidate(Context& context) {
  Json list = Json::array();
  int result = kGood;
  for (const std::string& name : context.arguments().names) {
    const std::string shown = name == "-" ? context.Text(Msg("standard input")) : name;
    try {
      sbom::Validation validation;
      {
        const std::string text = ReadFile(name == "-" ? "/dev/stdin" : name, sbom::kMaxTreeText);
        validation = sbom::ValidateText(text, shown);
      }
      if (!validation.valid()) result = std::max(result, kBad);
      if (context.arguments().json) {
        Json entry = ToJson(validation);
        entry["file"] = name;
        list.push_back(std::move(entry));
      } else {
        Show(context, shown, validation);
      }
    } catch (const CancelledError&) {
      throw;
    } catch (const Error& error) {  // the others are checked all the same
      result = kCouldNotCheck;
      if (context.arguments().json) {
        list.push_back({{"file", name}, {"error", error.what()}});
        continue;
      }
      context.Print(Msg("{}: not checked: {}", shown, context.Text(error)));
    }
  }
  if (context.arguments().json) context.PrintJson(list);
  return result;
}

}  // namespace nachbau::cli
