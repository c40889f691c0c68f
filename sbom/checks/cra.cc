// Cyber Resilience Act, Regulation (EU) 2024/2847. Annex I, Part II (1): manufacturers identify and document components,
// with an SBOM in a commonly used and machine-readable format that covers at the very least the top-level dependencies.
// What the regulation asks of the manufacturer and not of the document is listed, and left open.
#include "sbom/checks/clause.h"
#include "sbom/checks/profiles.h"
#include "sbom/checks/top_level.h"

namespace nachbau::sbom {
namespace {

using enum ClauseSeverity;

constexpr const char* kAnnex = "Annex I, Part II (1)";

ClauseResult FormatClause(const CheckInput& input) {
  Clause clause("cra.format", kAnnex, kRequired, Msg("a format that is commonly used and that machines read"), {});
  clause.Pass();
  clause.SayOnPass(Msg("it is {}", FormatName(input.bom)));
  return std::move(clause).Settle();
}

ClauseResult ProductClause(const CheckInput& input) {
  Clause clause("cra.product", kAnnex, kRequired, Msg("which product the SBOM is of, by name and version"),
                Msg("state metadata.component with name, version and bom-ref"));
  if (input.sheet.primary == kNoComponent) {
    clause.Fail("/metadata", "", Msg("there is no primary component"));
  } else {
    const Subject& product = input.sheet.subjects[input.sheet.primary];
    if (product.name.empty() || product.version.empty()) clause.Fail(product, Msg("it has no name or no version"));
    else clause.Pass();
  }
  return std::move(clause).Settle();
}

ClauseResult ComponentsClause(const CheckInput& input) {
  Clause clause("cra.components", kAnnex, kRequired,
                Msg("components are identified: by name and version, or by an identifier that is in use"),
                Msg("state name and version, or purl, cpe or swid"));
  for (const Subject& subject : input.sheet.subjects) {
    if (subject.role == Role::kOther) continue;
    if ((!subject.name.empty() && !subject.version.empty()) || !subject.identifiers.values.empty()) clause.Pass();
    else clause.Fail(subject, Msg("it has no name or no version"));
  }
  return std::move(clause).Settle();
}

ClauseResult TopLevelClause(const CheckInput& input) {
  Clause clause("cra.top-level-dependencies", kAnnex, kRequired,
                Msg("at the least all top-level dependencies of the primary component are listed"),
                Msg("list what the primary component needs and contains, and say that it is complete"));
  JudgeTopLevel(input, clause);
  return std::move(clause).Settle();
}

ClauseResult OpenClause(const char* name, const char* section, Message requirement, Message remedy) {
  Clause clause(name, section, kRequired, std::move(requirement), std::move(remedy));
  clause.Unjudged("", "", Msg("a matter of how one works, not of the document"));
  return std::move(clause).Settle();
}

}  // namespace

ProfileResult CheckCra(const CheckInput& input) {
  ProfileResult result;
  result.profile = "cra";
  result.title = "Cyber Resilience Act, Regulation (EU)";
  result.version = "2024/2847";
  result.owner = "European Union";
  result.clauses = {
      FormatClause(input),
      ProductClause(input),
      ComponentsClause(input),
      TopLevelClause(input),
      OpenClause("cra.vulnerabilities", kAnnex, Msg("vulnerabilities of the components are identified and documented"),
                 Msg("keep that in documents of its own (VEX), never in the SBOM")),
      OpenClause("cra.technical-documentation", "Annex VII (8)",
                 Msg("the SBOM is part of the technical documentation, and handed to the authorities when they ask with reason"),
                 Msg("file it with the technical documentation")),
  };
  return result;
}

}  // namespace nachbau::sbom
