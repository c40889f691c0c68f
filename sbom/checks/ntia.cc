// "The Minimum Elements For a Software Bill of Materials (SBOM)", NTIA, 12 July 2021: data fields, automation support,
// practices and processes.
#include <algorithm>

#include "sbom/checks/clause.h"
#include "sbom/checks/profiles.h"
#include "sbom/checks/roles.h"
#include "sbom/checks/timestamp.h"
#include "sbom/checks/top_level.h"

namespace nachbau::sbom {
namespace {

using enum ClauseSeverity;

// Every component that the document is about, without source files and the like.
template <typename Judge>
ClauseResult OfComponents(const CheckInput& input, Clause clause, Judge judge) {
  for (const Subject& subject : input.sheet.subjects) {
    if (subject.role != Role::kOther) judge(clause, subject);
  }
  return std::move(clause).Settle();
}

ClauseResult SupplierClause(const CheckInput& input) {
  return OfComponents(input, Clause("ntia.supplier", "Data Fields", kRequired, Msg("the name of who supplies each component"),
                                    Msg("state supplier or manufacturer with a name")),
                      [](Clause& clause, const Subject& subject) {
                        if (subject.names.values.empty()) clause.Fail(subject, Msg("there is none"));
                        else clause.Pass();
                      });
}

ClauseResult NameClause(const CheckInput& input) {
  return OfComponents(input, Clause("ntia.component-name", "Data Fields", kRequired, Msg("the name of each component"),
                                    Msg("state name")),
                      [](Clause& clause, const Subject& subject) {
                        if (subject.name.empty()) clause.Fail(subject, Msg("there is none"));
                        else clause.Pass();
                      });
}

ClauseResult VersionClause(const CheckInput& input) {
  return OfComponents(input, Clause("ntia.version", "Data Fields", kRequired, Msg("the version of each component"),
                                    Msg("state version")),
                      [](Clause& clause, const Subject& subject) {
                        if (subject.version.empty() || subject.version == "NOASSERTION") clause.Fail(subject, Msg("there is none"));
                        else clause.Pass();
                      });
}

ClauseResult IdentifierClause(const CheckInput& input) {
  return OfComponents(input, Clause("ntia.other-identifiers", "Data Fields", kAdditional,
                                    Msg("other identifiers that are in use: package URL, CPE, SWID, SWHID"), Msg("state purl, cpe, swid or swhid")),
                      [](Clause& clause, const Subject& subject) {
                        const Field& field = subject.identifiers;
                        if (!field.values.empty()) return clause.Pass();
                        if (!field.elsewhere.empty()) {
                          return clause.Fail(field.elsewhere[0].pointer, Shown(subject),
                                             Msg("it stands only here, where the guideline does not look"));
                        }
                        clause.Unjudged(subject, Msg("none is stated; whether there is one cannot be seen here"));
                      });
}

ClauseResult RelationshipClause(const CheckInput& input) {
  Clause clause("ntia.dependency-relationship", "Data Fields", kRequired,
                Msg("how each component belongs to the software: it is reached from the primary component"),
                Msg("say in dependencies what needs or contains the component"));
  if (input.sheet.primary == kNoComponent) clause.Fail("/metadata", "", Msg("there is no primary component to start from"));
  const std::vector<bool> reached = Reached(input.sheet);
  for (std::size_t i = 0; i < reached.size() && input.sheet.primary != kNoComponent; ++i) {
    const Subject& subject = input.sheet.subjects[i];
    if (subject.role == Role::kOther) continue;
    if (reached[i]) clause.Pass();
    else clause.Fail(subject, Msg("nothing leads to it from the primary component"));
  }
  return std::move(clause).Settle();
}

ClauseResult AuthorClause(const CheckInput& input) {
  Clause clause("ntia.author", "Data Fields", kRequired, Msg("the name of who made the SBOM"),
                Msg("state metadata.authors or metadata.manufacturer with a name"));
  if (input.sheet.authors.values.empty()) clause.Fail("/metadata", "", Msg("there is none"));
  else clause.Pass();
  return std::move(clause).Settle();
}

ClauseResult TimestampClause(const CheckInput& input) {
  Clause clause("ntia.timestamp", "Data Fields", kRequired, Msg("when the data was put together"),
                Msg("state metadata.timestamp, such as 2026-11-26T08:00:00Z"));
  JudgeTimestamp(input, clause);
  return std::move(clause).Settle();
}

ClauseResult FormatClause(const CheckInput& input) {
  Clause clause("ntia.automation", "Automation Support", kRequired, Msg("a format that machines read: SPDX, CycloneDX or SWID"), {});
  clause.Pass();
  clause.SayOnPass(Msg("it is {}", FormatName(input.bom)));
  return std::move(clause).Settle();
}

ClauseResult UnknownsClause(const CheckInput& input) {
  return OfComponents(input, Clause("ntia.known-unknowns", "Practices and Processes", kRequired,
                                    Msg("a component without dependencies is told from one whose dependencies are not known"),
                                    Msg("add an entry to dependencies for each component, or name it in compositions")),
                      [](Clause& clause, const Subject& subject) {
                        // What lies outside is not further described, and need not be.
                        if (subject.role == Role::kIdentified || subject.role == Role::kReferenced) return;
                        if (subject.has_entry || !subject.completeness.values.empty()) clause.Pass();
                        else clause.Fail(subject, Msg("there is no entry about its dependencies"));
                      });
}

ClauseResult DepthClause(const CheckInput& input) {
  Clause clause("ntia.depth", "Practices and Processes", kRequired,
                Msg("at the least all top-level dependencies of the primary component are listed"),
                Msg("list what the primary component needs and contains, and say that it is complete"));
  JudgeTopLevel(input, clause);
  return std::move(clause).Settle();
}

ClauseResult FrequencyClause() {
  Clause clause("ntia.frequency", "Practices and Processes", kRequired,
                Msg("a new SBOM with each new build or release; delivered in time, with known access rules"),
                Msg("describe how SBOMs are made and handed over"));
  clause.Unjudged("", "", Msg("a matter of how one works, not of the document"));
  return std::move(clause).Settle();
}

}  // namespace

ProfileResult CheckNtia(const CheckInput& input) {
  ProfileResult result;
  result.profile = "ntia";
  result.title = "NTIA Minimum Elements for an SBOM";
  result.version = "2021";
  result.owner = "National Telecommunications and Information Administration";
  result.clauses = {SupplierClause(input),     NameClause(input),   VersionClause(input),   IdentifierClause(input),
                    RelationshipClause(input), AuthorClause(input), TimestampClause(input), FormatClause(input),
                    DepthClause(input),        UnknownsClause(input), FrequencyClause()};
  return result;
}

}  // namespace nachbau::sbom
