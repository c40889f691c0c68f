#include <algorithm>
#include <array>
#include <set>

#include "base/encoding.h"
#include "sbom/checks/bsi.h"
#include "sbom/checks/clause.h"
#include "sbom/checks/roles.h"

namespace nachbau::sbom {
namespace {

using enum ClauseSeverity;

// What the guideline wants listed with what it depends on.
bool Inside(const Subject& subject) {
  return subject.role == Role::kDelivered || subject.role == Role::kLogical || subject.role == Role::kPerhapsLogical;
}

bool Says(const Subject& subject, std::string_view aggregate) {
  return std::any_of(subject.completeness.values.begin(), subject.completeness.values.end(),
                     [&](const Stated& stated) { return stated.value == aggregate; });
}

ClauseResult EntryClause(const CheckInput& input) {
  Clause clause("component.dependencies", "5.2.2", kRequired,
                Msg("what each component depends on and contains is listed, also that it is nothing"),
                Msg("add an entry to dependencies for each component, an empty one for a leaf"));
  for (const Subject& subject : input.sheet.subjects) {
    if (!Inside(subject)) continue;
    if (subject.has_entry) clause.Pass();
    else clause.Fail(subject, Msg("there is no entry about its dependencies"));
  }
  return std::move(clause).Settle();
}

ClauseResult CompletenessClause(const CheckInput& input) {
  static constexpr std::array<std::string_view, 3> kWords = {"complete", "incomplete", "unknown"};
  Clause clause("component.completeness", "5.2.2", kRequired,
                Msg("for each component it is said whether the list of its dependencies is complete"),
                Msg("name the component in compositions, with the aggregate complete, incomplete or unknown"));
  for (const Subject& subject : input.sheet.subjects) {
    if (!Inside(subject) || !subject.completeness.expressible) continue;
    const auto& said = subject.completeness.values;
    const auto odd = std::find_if(said.begin(), said.end(), [](const Stated& stated) {
      return std::find(kWords.begin(), kWords.end(), stated.value) == kWords.end();
    });
    if (said.empty()) clause.Fail(subject, Msg("nothing says whether the list is complete"));
    else if (odd != said.end()) clause.Fail(odd->pointer, Shown(subject), Msg("none of the three words: {}", Printable(odd->value)));
    else clause.Pass();
  }
  if (input.sheet.SpdxTwo()) clause.SayOnNothing(Msg("{} has no place for it", FormatName(input.bom)));
  return std::move(clause).Settle();
}

ClauseResult ResolvedClause(const CheckInput& input) {
  Clause clause("graph.resolved", "5.2.2", kRequired, Msg("dependencies lead to components that are in the document"),
                Msg("add the missing component, or correct the reference"));
  for (const Subject& subject : input.sheet.subjects) {
    for (const Stated& reference : subject.dangling) {
      clause.Fail(reference.pointer, Shown(subject), Msg("there is no component with this reference: {}", Printable(reference.value)));
    }
    if (subject.has_entry && subject.dangling.empty()) clause.Pass();
  }
  return std::move(clause).Settle();
}

ClauseResult ReachableClause(const CheckInput& input) {
  Clause clause("graph.reachable", "5.1", kRequired,
                Msg("every component is reached from the primary component over dependencies and parts"),
                Msg("say in dependencies what needs or contains the component, or take it out"));
  if (input.sheet.primary == kNoComponent) {
    clause.Unjudged("/metadata", "", Msg("there is no primary component to start from"));
    return std::move(clause).Settle();
  }
  const std::vector<bool> reached = Reached(input.sheet);
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const Subject& subject = input.sheet.subjects[i];
    if (!Inside(subject)) continue;
    if (reached[i]) clause.Pass();
    else clause.Fail(subject, Msg("nothing leads to it from the primary component"));
  }
  return std::move(clause).Settle();
}

// The least that conforms is the "delivery item": everything delivered, and the first components outside.
ClauseResult DepthClause(const CheckInput& input) {
  Clause clause("depth.delivery-item", "8.3.4", kRequired,
                Msg("everything that is delivered is listed, up to the first component outside of it"),
                Msg("list what is missing and say complete; what the document itself calls incomplete is not enough"));
  for (const Subject& subject : input.sheet.subjects) {
    // Of a source package only what went in need be listed.
    if (!Inside(subject) || subject.source || !subject.completeness.expressible) continue;
    if (Says(subject, "incomplete")) clause.Fail(subject, Msg("the document itself says that its list is incomplete"));
    else if (Says(subject, "complete") && !Says(subject, "unknown")) clause.Pass();
    else clause.Unjudged(subject, Msg("the document does not say that its list is complete"));
  }
  if (input.sheet.SpdxTwo()) clause.SayOnNothing(Msg("{} has no place for it", FormatName(input.bom)));
  return std::move(clause).Settle();
}

bool IsScriptName(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kSuffixes = {".sh", ".py", ".pl", ".rb", ".js"};
  return std::any_of(kSuffixes.begin(), kSuffixes.end(), [&](std::string_view suffix) { return name.ends_with(suffix); });
}

// What the linker used cannot be seen in a document; that somebody looked, and says that the list is complete, can.
ClauseResult LinkerClause(const CheckInput& input) {
  Clause clause("build.linker", "8.4.3", kRequired,
                Msg("of compiled code, what the linker used is listed, statically and dynamically linked alike"),
                Msg("record the linker's run and state it: evidence.occurrences, and compositions that say complete"));
  for (const Subject& subject : input.sheet.subjects) {
    if (subject.role != Role::kDelivered || !subject.executable.expressible) continue;
    const bool executable = !subject.executable.values.empty() && subject.executable.values[0].value == "executable";
    const std::string name = subject.file_name.values.empty() ? subject.name : subject.file_name.values[0].value;
    const ArtifactFile* file = nullptr;
    if (input.files != nullptr && !subject.deployable_hash.values.empty()) {
      file = input.files->WithSha512(subject.deployable_hash.values[0].value);
    }
    const bool compiled = subject.compiled || (file != nullptr && file->elf);
    if (!compiled && (!executable || subject.script || IsScriptName(name) || (file != nullptr && file->script))) continue;
    if (!compiled) clause.Unjudged(subject, Msg("it is not said whether this is compiled code"));
    else if (subject.link_evidence.empty()) clause.Unjudged(subject, Msg("the document does not say how it is known what went in"));
    else if (!subject.has_entry || !Says(subject, "complete") || Says(subject, "unknown")) {
      clause.Unjudged(subject, Msg("what went in is named, but not that this is all"));
    } else {
      clause.Pass();
    }
  }
  clause.SayOnPass(Msg("stated with evidence; that the evidence is true cannot be seen here"));
  clause.SayOnNothing(Msg("no component is known to be compiled code"));
  return std::move(clause).Settle();
}

ClauseResult ReproducibleClause(const CheckInput& input) {
  Clause clause("build.reproducible", "8.4.3", kRequired, Msg("the software is built reproducibly, so that hashes identify it"),
                Msg("rebuild it and compare: 'nachbau rebuild'"));
  clause.Unjudged("", "", input.sheet.claims_reproducible
                              ? Msg("the document claims it; only a rebuild can show it")
                              : Msg("only a rebuild can show it"));
  return std::move(clause).Settle();
}

ClauseResult InformationClause() {
  Clause clause("build.information", "5.1", kRequired, Msg("the SBOM has the same information that was there during the build"),
                Msg("make the SBOM in the build itself, from what the build did"));
  clause.Unjudged("", "", Msg("only who knows the build can tell"));
  return std::move(clause).Settle();
}

// 3.2.1: each executable file and each archive is a component.
ClauseResult AllFilesClause(const CheckInput& input) {
  Clause clause("component.all-files", "3.2.1", kRequired, Msg("every executable file and every archive is a component"),
                Msg("add a component for the file, with its SHA-512"));
  if (input.files == nullptr) {
    clause.Unjudged("", "", Msg("the files are not at hand; --artifacts names their folder"));
    return std::move(clause).Settle();
  }
  std::set<std::string_view> known;
  for (const Subject& subject : input.sheet.subjects) {
    for (const auto* list : {&subject.deployable_hash.values, &subject.hashes}) {
      for (const Stated& hash : *list) known.insert(hash.value);
    }
  }
  for (const ArtifactFile& file : input.files->files()) {
    if (!file.executable() && !file.archive) continue;
    if (known.contains(file.content.sha512.Hex())) clause.Pass();
    else clause.Fail("", Printable(file.path), Msg("no component has the SHA-512 of this file"));
  }
  return std::move(clause).Settle();
}

}  // namespace

void CheckBsiGraph(const CheckInput& input, std::vector<ClauseResult>& clauses) {
  clauses.push_back(AllFilesClause(input));
  clauses.push_back(EntryClause(input));
  clauses.push_back(CompletenessClause(input));
  clauses.push_back(ResolvedClause(input));
  clauses.push_back(ReachableClause(input));
  clauses.push_back(DepthClause(input));
  clauses.push_back(LinkerClause(input));
  clauses.push_back(ReproducibleClause(input));
  clauses.push_back(InformationClause());
}

}  // namespace nachbau::sbom
