// Fields of components. Most clauses are one row each: which field, of which roles, and what is wrong with a value.
#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "sbom/checks/bsi.h"
#include "sbom/checks/clause.h"
#include "sbom/checks/licence_terms.h"
#include "sbom/purl/purl.h"
#include "sbom/validation/formats.h"

namespace nachbau::sbom {
namespace {

using enum ClauseSeverity;
using Problem = std::optional<Message>;

// What is asked of whom (3.2.2, 3.2.4, 3.2.5, 5.2.2). kPerhapsLogical counts as logical; of the fields of a file it cannot
// be told whether they are missing.
enum class Applies { kEverybody, kInsideAndIdentified, kInside, kFiles };

bool IsInside(Role role) { return role == Role::kDelivered || role == Role::kLogical || role == Role::kPerhapsLogical; }

bool AppliesTo(Applies applies, Role role) {
  switch (applies) {
    case Applies::kEverybody: return role != Role::kOther;
    case Applies::kInsideAndIdentified: return IsInside(role) || role == Role::kIdentified;
    case Applies::kInside: return IsInside(role);
    case Applies::kFiles: return role == Role::kDelivered || role == Role::kPerhapsLogical;
  }
  return false;
}

Problem AddressProblem(const std::string& value) {
  if (IsEmail(value) || IsUri(value)) return std::nullopt;
  return Msg("neither an e-mail address nor a URL: {}", Printable(value));
}

Problem UriProblem(const std::string& value) {
  if (IsUri(value)) return std::nullopt;
  return Msg("no absolute URI: {}", Printable(value));
}

Problem FileNameProblem(const std::string& value) {
  if (value.empty()) return Msg("it is empty");
  if (value.find_first_of("/\\") != value.npos || value == "." || value == "..") {
    return Msg("a path, where the name alone is asked: {}", Printable(value));
  }
  return std::nullopt;
}

Problem Sha512Problem(const std::string& value) {
  const bool hex = value.find_first_not_of("0123456789abcdef") == value.npos;
  if (hex && value.size() == 128) return std::nullopt;
  return Msg("no SHA-512 in hexadecimal form: {} characters", value.size());
}

Problem IdentifierProblem(const std::string& value) {
  if (!value.starts_with("pkg:")) return std::nullopt;
  try {
    for (const PurlProblem& problem : CheckPurl(ParsePurl(value))) {
      if (problem.is_violation) return problem.message;
    }
  } catch (const ParseError&) {
    return Msg("no package URL: {}", Printable(value));
  }
  return std::nullopt;
}

Problem WordProblem(const std::string& value, std::string_view yes, std::string_view no) {
  if (value == yes || value == no) return std::nullopt;
  return Msg("neither \"{}\" nor \"{}\": {}", yes, no, Printable(value));
}
constexpr std::string_view kExecutable = "executable", kNonExecutable = "non-executable";
constexpr std::string_view kArchive = "archive", kNoArchive = "no archive";
constexpr std::string_view kStructured = "structured", kUnstructured = "unstructured";
Problem ExecutableProblem(const std::string& value) { return WordProblem(value, kExecutable, kNonExecutable); }
Problem ArchiveProblem(const std::string& value) { return WordProblem(value, kArchive, kNoArchive); }
Problem StructuredProblem(const std::string& value) { return WordProblem(value, kStructured, kUnstructured); }

// Which identifiers it has is a clause of its own (6.1).
Problem LicenceProblem(const std::string& value) {
  if (!ReadLicenceTerms(value).empty) return std::nullopt;
  return Msg("it states no licence: {}", Printable(value));
}

Problem EffectiveProblem(const std::string& value) {
  const LicenceTerms terms = ReadLicenceTerms(value);
  if (!terms.empty && !terms.malformed && terms.unknown.empty()) return std::nullopt;
  return Msg("no licence expression of SPDX: {}", Printable(value));
}

struct Row {
  const char* name;
  const char* section;
  ClauseSeverity severity;
  Applies applies;
  Field Subject::*field;
  Problem (*problem)(const std::string& value);
  Message requirement;
  Message remedy;
};

std::vector<Row> Rows() {
  const Message file_property = Msg("state it in a property of the component; see docs/formats/conformance.md for the names");
  return {
      {"component.creator", "5.2.2", kRequired, Applies::kEverybody, &Subject::creator, AddressProblem,
       Msg("an e-mail address of who made the component, else a URL"),
       Msg("state manufacturer with contact.email or url; supplier and author do not count")},
      {"component.filename", "5.2.2", kRequired, Applies::kFiles, &Subject::file_name, FileNameProblem,
       Msg("the file name of the component, without a path"), file_property},
      {"component.distribution-licence", "5.2.2", kRequired, Applies::kInside, &Subject::distribution_licence, LicenceProblem,
       Msg("under which licences the component may be used: concluded"),
       Msg("state licenses with acknowledgement concluded; NOASSERTION and NONE state nothing")},
      {"component.hash", "5.2.2", kRequired, Applies::kFiles, &Subject::deployable_hash, Sha512Problem,
       Msg("the SHA-512 of the file as it is delivered"),
       Msg("state hashes with SHA-512 in the external reference of type distribution")},
      {"component.executable", "5.2.2", kRequired, Applies::kFiles, &Subject::executable,
       ExecutableProblem, Msg("whether the file is executable"), file_property},
      {"component.archive", "5.2.2", kRequired, Applies::kFiles, &Subject::archive, ArchiveProblem,
       Msg("whether the file is an archive"), file_property},
      {"component.structured", "5.2.2", kRequired, Applies::kFiles, &Subject::structured,
       StructuredProblem, Msg("whether the file is structured: its parts can be told from its bytes"),
       file_property},
      {"component.source-uri", "5.2.4", kAdditional, Applies::kFiles, &Subject::source_uri, UriProblem,
       Msg("where the source of exactly this version is"), Msg("state an external reference of type source-distribution")},
      {"component.deployable-uri", "5.2.4", kAdditional, Applies::kFiles, &Subject::deployable_uri, UriProblem,
       Msg("where the file itself can be fetched"),
       Msg("state an external reference of type distribution with an absolute URL")},
      {"component.identifiers", "5.2.4", kAdditional, Applies::kInsideAndIdentified, &Subject::identifiers, IdentifierProblem,
       Msg("other identifiers that are in use: package URL, CPE, SWID, SWHID"), Msg("state purl, cpe, swid or swhid")},
      {"component.original-licence", "5.2.4", kAdditional, Applies::kInside, &Subject::original_licence, LicenceProblem,
       Msg("the licences that its creator declared"),
       Msg("state licenses with acknowledgement declared, beside the concluded one; needs CycloneDX 1.7")},
      {"component.effective-licence", "5.2.5", kOptional, Applies::kInside, &Subject::effective_licence, EffectiveProblem,
       Msg("the licence chosen for this product, where one is stated"), Msg("write an SPDX expression")},
      {"component.source-hash", "5.2.5", kOptional, Applies::kFiles, &Subject::source_hash, Sha512Problem,
       Msg("the SHA-512 of the source, where a hash of it is stated"),
       Msg("state hashes with SHA-512 in the external reference of type source-distribution")},
      {"component.security-txt", "5.2.5", kOptional, Applies::kInside, &Subject::security_txt, UriProblem,
       Msg("the URL of security.txt, where one is stated"), Msg("state an external reference of type rfc-9116")},
  };
}

void JudgeMissing(const Row& row, const Subject& subject, const Field& field, Clause& clause) {
  if (row.applies == Applies::kFiles && subject.role == Role::kPerhapsLogical) {
    if (row.severity == kOptional) return;
    return clause.Unjudged(subject, Msg("a group without a file, or a file without its fields: no marker tells"));
  }
  if (!field.elsewhere.empty()) {
    return clause.Fail(field.elsewhere[0].pointer, Shown(subject), Msg("it stands only here, where the guideline does not look"));
  }
  if (row.severity == kRequired) clause.Fail(subject, Msg("there is none"));
  if (row.severity == kAdditional) {
    clause.Unjudged(subject, Msg("none is stated; whether there is one cannot be seen here"));
  }
}

// CycloneDX wants a URL wherever it has hashes of a file; one relative to the document is no URI, and no claim that there is
// one.
bool IsRelative(const std::string& value) {
  return !value.empty() && IsIriReference(value) && value.find(':') >= value.find('/') && !value.starts_with("//");
}

ClauseResult JudgeRow(const Row& row, const CheckInput& input) {
  Clause clause(row.name, row.section, row.severity, row.requirement, row.remedy);
  bool expressible = true;
  for (const Subject& subject : input.sheet.subjects) {
    const Field& field = subject.*row.field;
    expressible = expressible && field.expressible;
    if (!AppliesTo(row.applies, subject.role) || !field.expressible) continue;
    if (field.values.empty()) {
      JudgeMissing(row, subject, field, clause);
      continue;
    }
    const Stated* wrong = nullptr;
    Problem problem;
    for (const Stated& stated : field.values) {
      problem = row.problem(stated.value);
      wrong = &stated;
      if (problem) break;
    }
    if (!problem) clause.Pass();
    else if (row.severity == kAdditional && row.problem == UriProblem && IsRelative(wrong->value) && field.elsewhere.empty()) {
      clause.Unjudged(wrong->pointer, Shown(subject), Msg("relative to the document; whether there is a URI cannot be seen here"));
    } else {
      clause.Fail(wrong->pointer, Shown(subject), std::move(*problem));
    }
  }
  if (!expressible) clause.SayOnNothing(Msg("{} has no place for it", FormatName(input.bom)));
  else if (row.severity == kOptional) clause.SayOnNothing(Msg("none is stated; it need not be"));
  return std::move(clause).Settle();
}

ClauseResult NameClause(const CheckInput& input) {
  Clause clause("component.name", "5.2.2", kRequired, Msg("the name of each component"),
                Msg("state name; of a component without a name, its file name"));
  for (const Subject& subject : input.sheet.subjects) {
    if (subject.role == Role::kOther) continue;
    if (subject.name.empty()) clause.Fail(subject, Msg("there is none"));
    else clause.Pass();
  }
  return std::move(clause).Settle();
}

ClauseResult VersionClause(const CheckInput& input) {
  static constexpr std::array<std::string_view, 7> kNothing = {"unknown", "UNKNOWN", "NOASSERTION", "none",
                                                               "n/a",     "N/A",     "latest"};
  Clause clause("component.version", "5.2.2", kRequired, Msg("the version of each component, as its creator writes it"),
                Msg("state version; of a file without one, the time of its last change as RFC 3339 writes it"));
  for (const Subject& subject : input.sheet.subjects) {
    if (subject.role == Role::kOther) continue;
    const std::string& version = subject.version;
    if (version.empty()) clause.Fail(subject, Msg("there is none"));
    else if (std::find(kNothing.begin(), kNothing.end(), version) != kNothing.end()) {
      clause.Fail(subject, Msg("it states no version: {}", version));
    } else {
      clause.Pass();
    }
  }
  return std::move(clause).Settle();
}

// 8.1.8: who changes the source becomes the creator.
ClauseResult ChangedClause(const CheckInput& input) {
  Clause clause("component.creator-of-changes", "8.1.8", kRequired, Msg("who changed the source of a component is its creator"),
                Msg("state who applied the patches as manufacturer"));
  for (const Subject& subject : input.sheet.subjects) {
    if (IsInside(subject.role) && subject.patched) {
      clause.Unjudged(subject, Msg("its source is patched; by whom cannot be seen here"));
    }
  }
  clause.SayOnNothing(Msg("no component is said to be patched"));
  return std::move(clause).Settle();
}

// The SHA-512 of the deployable against the file, and against what the component says of itself.
ClauseResult HashTrueClause(const CheckInput& input) {
  Clause clause("component.hash-true", "5.2.2", kRequired, Msg("the stated SHA-512 is that of the file"),
                Msg("make the SBOM from the files that are delivered"));
  for (const Subject& subject : input.sheet.subjects) {
    if (subject.role != Role::kDelivered || subject.deployable_hash.values.empty()) continue;
    const Stated& hash = subject.deployable_hash.values[0];
    if (Sha512Problem(hash.value)) continue;
    if (!subject.hashes.empty() && subject.hashes[0].value != hash.value) {
      clause.Fail(hash.pointer, Shown(subject), Msg("the component itself states another SHA-512"));
      continue;
    }
    if (input.files == nullptr) {
      clause.Unjudged(hash.pointer, Shown(subject), Msg("the files are not at hand; --artifacts names their folder"));
    } else if (input.files->WithSha512(hash.value) != nullptr) {
      clause.Pass();
    } else {
      const std::string name = subject.file_name.values.empty() ? std::string() : subject.file_name.values[0].value;
      const auto same_name = input.files->WithName(name);
      if (name.empty() || same_name.empty()) {
        clause.Unjudged(hash.pointer, Shown(subject), Msg("this file is not among those at hand"));
      } else {
        const ArtifactFile& file = input.files->files()[same_name.front()];
        clause.Fail(hash.pointer, Shown(subject),
                    Msg("{} has another SHA-512: {}…", Printable(file.path), file.content.sha512.Hex().substr(0, 16)));
      }
    }
  }
  return std::move(clause).Settle();
}

// What a file is, as far as its name, its type or its bytes tell; empty where they do not.
struct Nature {
  std::string_view executable, archive, structured;
};

Nature NatureOf(const Subject& subject, const CheckInput& input) {
  Nature nature;
  const std::string name = subject.file_name.values.empty() ? std::string() : subject.file_name.values[0].value;
  if (name.ends_with(".deb") || name.ends_with(".udeb")) return {kNonExecutable, kArchive, kStructured};
  for (const char* suffix : {".tar", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst", ".tgz", ".zip", ".rpm", ".apk", ".whl", ".jar"}) {
    if (name.ends_with(suffix)) nature.archive = kArchive;
  }
  if (subject.compiled) nature = {kExecutable, kNoArchive, {}};
  if (subject.script) nature.executable = kExecutable;
  if (input.files == nullptr || subject.deployable_hash.values.empty()) return nature;
  if (const ArtifactFile* file = input.files->WithSha512(subject.deployable_hash.values[0].value)) {
    if (file->executable()) nature.executable = kExecutable;
    if (file->elf) nature.archive = kNoArchive;
    if (file->archive) nature.archive = kArchive;
  }
  return nature;
}

ClauseResult NatureClause(const CheckInput& input) {
  Clause clause("component.properties-true", "8.1.4", kRequired,
                Msg("executable, archive and structured fit what the file is: a Debian package is non-executable, an archive and "
                    "structured; programs, libraries and scripts are executable"),
                Msg("correct the property"));
  for (const Subject& subject : input.sheet.subjects) {
    if (subject.role != Role::kDelivered) continue;
    const Nature nature = NatureOf(subject, input);
    bool known = false, fits = true;
    const auto compare = [&](const Field& field, std::string_view expected, Problem (*problem)(const std::string&)) {
      if (expected.empty() || field.values.empty() || problem(field.values[0].value)) return;  // another clause's matter
      known = true;
      if (field.values[0].value == expected || !fits) return;
      fits = false;
      clause.Fail(field.values[0].pointer, Shown(subject), Msg("it says \"{}\", and is \"{}\"", field.values[0].value, expected));
    };
    compare(subject.executable, nature.executable, ExecutableProblem);
    compare(subject.archive, nature.archive, ArchiveProblem);
    compare(subject.structured, nature.structured, StructuredProblem);
    if (known && fits) clause.Pass();
  }
  clause.SayOnNothing(Msg("of no file the kind is known from its name, type or bytes"));
  return std::move(clause).Settle();
}

// 8.1.13: what differs in anything is listed as a component of its own, not merged into one.
ClauseResult InstancesClause(const CheckInput& input) {
  Clause clause("component.instances", "8.1.13", kRequired,
                Msg("several files that differ are several components; each field stands once"),
                Msg("write one component for each file"));
  for (const Subject& subject : input.sheet.subjects) {
    if (subject.role != Role::kDelivered && subject.role != Role::kLogical) continue;
    const Stated* second = nullptr;
    const auto once = [&](const Field& field) {
      if (second == nullptr && field.values.size() > 1) second = &field.values[1];
    };
    once(subject.file_name);
    once(subject.executable);
    once(subject.archive);
    once(subject.structured);
    once(subject.effective_licence);
    for (const Stated& hash : subject.deployable_hash.values) {
      if (second == nullptr && hash.value != subject.deployable_hash.values[0].value) second = &hash;
    }
    if (second != nullptr) clause.Fail(second->pointer, Shown(subject), Msg("it stands here a second time"));
    else clause.Pass();
  }
  return std::move(clause).Settle();
}

ClauseResult LicenceClause(const CheckInput& input, bool references) {
  Clause clause = references
                      ? Clause("licence.reference-names", "6.1", kRequired,
                               Msg("a licence that SPDX does not list is referred to as LicenseRef-scancode-… or LicenseRef-<entity>-…"),
                               Msg("name the entity whose reference it is: LicenseRef-debian-…"))
                      : Clause("licence.identifiers", "6.1", kRequired,
                               Msg("licences are SPDX expressions of SPDX identifiers and LicenseRef-…; texts and names are none"),
                               Msg("use the identifier of the SPDX list, else a LicenseRef-<entity>-…"));
  for (const Subject& subject : input.sheet.subjects) {
    if (subject.role == Role::kOther) continue;
    for (const Stated& stated : subject.licence_terms) {
      const LicenceTerms terms = ReadLicenceTerms(stated.value);
      if (terms.empty) continue;
      const auto& wrong = references ? terms.unentitled : terms.unknown;
      if (terms.malformed) {
        if (!references) clause.Fail(stated.pointer, Shown(subject), Msg("no licence expression of SPDX: {}", Printable(stated.value)));
      } else if (!wrong.empty()) {
        clause.Fail(stated.pointer, Shown(subject),
                    references ? Msg("it names no entity: {}", Printable(wrong[0]))
                               : Msg("not on the SPDX list: {}", Printable(wrong[0])));
      } else if (!references || stated.value.find("LicenseRef-") != stated.value.npos) {
        clause.Pass();
      }
    }
  }
  return std::move(clause).Settle();
}

}  // namespace

void CheckBsiComponents(const CheckInput& input, std::vector<ClauseResult>& clauses) {
  clauses.push_back(NameClause(input));
  clauses.push_back(VersionClause(input));
  for (const Row& row : Rows()) {
    clauses.push_back(JudgeRow(row, input));
    if (clauses.back().clause == "component.hash") clauses.push_back(HashTrueClause(input));
    if (clauses.back().clause == "component.structured") clauses.push_back(NatureClause(input));
  }
  clauses.push_back(ChangedClause(input));
  clauses.push_back(InstancesClause(input));
  clauses.push_back(LicenceClause(input, false));
  clauses.push_back(LicenceClause(input, true));
}

}  // namespace nachbau::sbom
