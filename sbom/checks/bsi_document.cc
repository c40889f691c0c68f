#include <algorithm>

#include "base/encoding.h"
#include "sbom/checks/bsi.h"
#include "sbom/checks/clause.h"
#include "sbom/checks/timestamp.h"
#include "sbom/sbom.h"
#include "sbom/validation/formats.h"

namespace nachbau::sbom {
namespace {

using enum ClauseSeverity;

bool AtLeast(const std::string& version, std::string_view least) {
  // "1.6", "3.0.1": one digit each.
  return version.size() >= least.size() && std::string_view(version) >= least;
}

ClauseResult FormatClause(const CheckInput& input) {
  Clause clause("sbom.format", "4", kRequired, Msg("CycloneDX from 1.6 on or SPDX from 3.0.1 on, in JSON or XML"),
                Msg("write the document as CycloneDX 1.7, or convert it"));
  const bool cyclonedx = input.bom.format == BomFormat::kCycloneDx;
  if (AtLeast(input.bom.spec_version, cyclonedx ? "1.6" : "3.0.1")) {
    clause.Pass();
    clause.SayOnPass(Msg("it is {}", FormatName(input.bom)));
  } else {
    clause.Fail(cyclonedx ? "/specVersion" : input.sheet.SpdxTwo() ? "/spdxVersion" : "/@context", "",
                Msg("it is {}", FormatName(input.bom)));
  }
  return std::move(clause).Settle();
}

ClauseResult ValidClause(const CheckInput& input) {
  Clause clause("sbom.valid", "4", kRequired, Msg("the document is valid by the schema of its format"),
                Msg("mend what 'nachbau sbom validate' tells"));
  if (input.bom.format != BomFormat::kCycloneDx) {
    clause.Unjudged("", "", Msg("there is no schema of {} here", FormatName(input.bom)));
    return std::move(clause).Settle();
  }
  const std::vector<SchemaViolation> violations = Validate(input.bom.document);
  for (const SchemaViolation& violation : violations) {
    clause.Fail(violation.pointer, "", Msg("{}: {}", violation.rule, violation.detail));
  }
  if (violations.empty()) clause.Pass();
  return std::move(clause).Settle();
}

ClauseResult CreatorClause(const CheckInput& input) {
  Clause clause("sbom.creator", "5.2.1", kRequired, Msg("an e-mail address of who made the SBOM, else a URL"),
                Msg("state metadata.manufacturer with contact.email or url"));
  const Field& creator = input.sheet.creator;
  if (creator.values.empty()) {
    if (creator.elsewhere.empty()) {
      clause.Fail("/metadata", "", Msg("there is none"));
    } else {
      clause.Fail(creator.elsewhere[0].pointer, "", Msg("it stands only here, where the guideline does not look"));
    }
  }
  for (const Stated& address : creator.values) {
    if (IsEmail(address.value) || IsUri(address.value)) clause.Pass();
    else clause.Fail(address.pointer, "", Msg("neither an e-mail address nor a URL: {}", Printable(address.value)));
  }
  return std::move(clause).Settle();
}

ClauseResult TimestampClause(const CheckInput& input) {
  Clause clause("sbom.timestamp", "5.2.1", kRequired, Msg("when the data was compiled, as RFC 3339 writes it"),
                Msg("state metadata.timestamp, such as 2026-11-26T08:00:00Z"));
  JudgeTimestamp(input, clause);
  return std::move(clause).Settle();
}

ClauseResult UtcClause(const CheckInput& input) {
  Clause clause("sbom.timestamp-utc", "5.2.1", kOptional, Msg("the time should be in UTC"), Msg("write the time with a final Z"));
  for (const Stated& time : input.sheet.timestamp.values) {
    if (!IsDateTime(time.value)) continue;
    if (time.value.ends_with('Z') || time.value.ends_with('z') || time.value.ends_with("+00:00")) clause.Pass();
    else clause.Fail(time.pointer, "", Msg("it is not in UTC: {}", Printable(time.value)));
  }
  return std::move(clause).Settle();
}

ClauseResult UriClause(const CheckInput& input) {
  Clause clause("sbom.uri", "5.2.3", kAdditional, Msg("the URI of the SBOM itself, where it has one"),
                Msg("give the document a serialNumber (urn:uuid:…)"));
  if (input.sheet.uri.values.empty()) clause.Unjudged("", "", Msg("none is stated; whether there is one cannot be seen here"));
  for (const Stated& uri : input.sheet.uri.values) {
    if (IsUri(uri.value)) clause.Pass();
    else clause.Fail(uri.pointer, "", Msg("no URI: {}", Printable(uri.value)));
  }
  return std::move(clause).Settle();
}

ClauseResult ProductClause(const CheckInput& input) {
  Clause clause("sbom.primary", "3.1", kRequired, Msg("the document says which software it is about: the primary component"),
                Msg("state metadata.component with name, version and bom-ref"));
  if (input.sheet.primary == kNoComponent) clause.Fail("/metadata", "", Msg("there is no primary component"));
  else clause.Pass();
  return std::move(clause).Settle();
}

ClauseResult OnePerVersionClause() {
  Clause clause("sbom.one-per-version", "3.1", kRequired,
                Msg("one SBOM for each version of the software; a new one for the same version only when information was added "
                    "or an error was corrected"),
                Msg("compare with earlier documents of this version: 'nachbau sbom diff'"));
  clause.Unjudged("", "", Msg("one document does not tell what other documents there are"));
  return std::move(clause).Settle();
}

ClauseResult VulnerabilityClause(const CheckInput& input) {
  Clause clause("sbom.no-vulnerabilities", "3.1", kRequired, Msg("no information about vulnerabilities stands in the SBOM"),
                Msg("move it to a document of its own (VEX), and leave it out here"));
  for (const Stated& found : input.sheet.vulnerabilities) {
    clause.Fail(found.pointer, "", found.value.empty() ? Msg("vulnerabilities are listed")
                                                       : Msg("it tells of a vulnerability: {}", Printable(found.value)));
  }
  if (input.sheet.vulnerabilities.empty()) clause.Pass();
  return std::move(clause).Settle();
}

ClauseResult UrisClause(const CheckInput& input) {
  Clause clause("sbom.uris", "8.1.10", kRequired, Msg("what is an IRI is written as a URI: ASCII only, the host in Punycode"),
                Msg("percent-encode the path, write the host as xn--…"));
  const auto check = [&](const std::vector<Stated>& uris, const std::string& component) {
    for (const Stated& uri : uris) {
      const bool ascii = std::all_of(uri.value.begin(), uri.value.end(), [](char c) { return c > ' ' && c < 0x7f; });
      if (ascii) clause.Pass();
      else clause.Fail(uri.pointer, component, Msg("no URI: {}", Printable(uri.value)));
    }
  };
  check(input.sheet.uris, "");
  for (const Subject& subject : input.sheet.subjects) {
    if (!subject.uris.empty()) check(subject.uris, Shown(subject));
  }
  return std::move(clause).Settle();
}

ClauseResult ClassClause(const CheckInput& input) {
  Clause clause("sbom.class", "8.4", kOptional,
                Msg("which class of SBOM it is: of the design, the sources, the build, the finished or the running software"),
                Msg("state metadata.lifecycles, such as phase build"));
  for (std::size_t i = 0; i < input.sheet.lifecycles.size(); ++i) clause.Pass();
  if (!input.sheet.lifecycles.empty()) clause.SayOnPass(Msg("it says: {}", Printable(input.sheet.lifecycles[0].value)));
  clause.SayOnNothing(Msg("it does not say"));
  return std::move(clause).Settle();
}

ClauseResult OtherBomsClause(const CheckInput& input) {
  Clause clause("sbom.other-boms", "8.2", kOptional, Msg("references to other SBOMs are URIs"),
                Msg("state the URL, or a BOM-Link (urn:cdx:…), in an external reference of type bom"));
  for (const Stated& uri : input.sheet.other_boms.values) {
    if (IsUri(uri.value)) clause.Pass();
    else clause.Fail(uri.pointer, "", Msg("no URI: {}", Printable(uri.value)));
  }
  clause.SayOnNothing(Msg("it refers to no other SBOM"));
  return std::move(clause).Settle();
}

ClauseResult SignatureClause(const CheckInput& input) {
  Clause clause("sbom.signature", "8.1.15", kOptional, Msg("the SBOM is ideally signed"), Msg("sign it"));
  if (input.sheet.has_signature) clause.Pass();
  clause.SayOnPass(Msg("there is a signature in it; whether it is good is not checked here"));
  clause.SayOnNothing(Msg("there is no signature in it; one may lie beside it"));
  return std::move(clause).Settle();
}

}  // namespace

void CheckBsiDocument(const CheckInput& input, std::vector<ClauseResult>& clauses) {
  clauses.push_back(FormatClause(input));
  clauses.push_back(ValidClause(input));
  clauses.push_back(ProductClause(input));
  clauses.push_back(OnePerVersionClause());
  clauses.push_back(VulnerabilityClause(input));
  clauses.push_back(CreatorClause(input));
  clauses.push_back(TimestampClause(input));
  clauses.push_back(UtcClause(input));
  clauses.push_back(UriClause(input));
  clauses.push_back(UrisClause(input));
  clauses.push_back(ClassClause(input));
  clauses.push_back(OtherBomsClause(input));
  clauses.push_back(SignatureClause(input));
}

}  // namespace nachbau::sbom
