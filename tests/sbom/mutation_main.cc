// Reads what mutants.mjs writes, and says of each document the same as ajv, or fails:
//
//   sbom_mutation FILE
#include <cstdio>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "sbom/validation/validation.h"

namespace nachbau::sbom {
namespace {

constexpr int kFewestMutants = 10000, kMostShown = 25;

Json Apply(Json document, const Json& mutant) {
  const Json::json_pointer place(mutant.at("at").get<std::string>());
  if (mutant.at("do") == "set") {
    document[place] = mutant.at("value");
    return document;
  }
  Json& parent = document[place.parent_pointer()];
  if (parent.is_array())
    parent.erase(std::stoul(place.back()));
  else
    parent.erase(place.back());
  return document;
}

int Run(const char* path) {
  std::istringstream lines(ReadFile(path));
  Json base;
  int bases = 0, mutants = 0, conforming = 0, wrong = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json entry = ParseJson(line, path);
    const bool is_base = entry.contains("base");
    if (is_base) base = entry.at("base");
    const Json document = is_base ? base : Apply(base, entry);
    const bool wanted = is_base || entry.at("conforms").get<bool>();
    ++(is_base ? bases : mutants);
    if (!is_base && wanted) ++conforming;
    const Validation validation = ValidateDocument(document);
    if (validation.conforms_to_schema == wanted && (wanted || !validation.valid())) continue;
    if (++wrong > kMostShown) continue;
    std::printf("ajv says %s, we do not: %s\n  %s\n", wanted ? "it conforms" : "it does not conform",
                is_base ? "a base document" : line.c_str(), document.dump().substr(0, 1500).c_str());
    for (const Problem& problem : validation.problems) {
      std::printf("  %s %s: %s\n", problem.pointer.c_str(), problem.rule.c_str(), Render(problem.message).c_str());
    }
  }
  std::printf("%d documents, %d mutants (%d of them conform), %d wrong verdicts\n", bases, mutants, conforming, wrong);
  return wrong == 0 && mutants >= kFewestMutants && conforming > mutants / 10 && conforming < mutants * 9 / 10 ? 0 : 1;
}

}  // namespace
}  // namespace nachbau::sbom

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    return nachbau::sbom::Run(argv[1]);
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 2;
  }
}
