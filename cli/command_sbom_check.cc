// Does an SBOM, ours or foreign, keep to a guideline.
#include <filesystem>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "model/evidence.h"
#include "report/conformance.h"
#include "sbom/checks/check.h"
#include "sbom/checks/declarations.h"
#include "sbom/documents/bom.h"
#include "sbom/sbom.h"

namespace nachbau::cli {
namespace {

// A document, or an evidence folder: its SBOM, and the artifacts beside it.
Conformance CheckOne(const Context& context, const std::filesystem::path& path) {
  sbom::CheckOptions options;
  options.profiles = context.arguments().conformance_profiles;
  if (options.profiles.empty()) options.profiles.emplace_back(sbom::ProfileNames().front());
  options.artifacts = context.arguments().artifacts;
  std::filesystem::path file = path;
  if (std::filesystem::is_directory(path)) {
    file = path / evidence::kSbom;
    if (!options.artifacts && std::filesystem::is_directory(path / evidence::kArtifacts)) {
      options.artifacts = path / evidence::kArtifacts;
    }
  }
  return sbom::CheckConformance(ReadFile(file, sbom::kMaxBom), file.native(), options);
}

void WriteDeclarations(const Context& context, const Conformance& conformance) {
  const std::string& assessor = context.arguments().actor.empty() ? context.configuration().operator_name : context.arguments().actor;
  const Json document = sbom::Declare(conformance, Printable(assessor));
  const std::vector<sbom::SchemaViolation> violations = sbom::Validate(document);
  if (!violations.empty()) {
    throw Error(Msg("the declarations would not be valid: {}: {}", violations[0].pointer, violations[0].detail));
  }
  WriteFileAtomically(*context.arguments().declarations, FormatPretty(document));
}

}  // namespace

int RunSbomCheck(Context& context) {
  const std::vector<std::string>& names = context.arguments().names;
  if (context.arguments().declarations && names.size() != 1) throw UsageError(Msg("--declarations is about one document"));
  bool good = true, compared = true;
  Json list = Json::array();
  std::string rows = report::ConformanceCsvHeader();
  for (const std::string& name : names) {
    const Conformance conformance = CheckOne(context, name);
    good = good && conformance.Conforms();
    const bool strangers = conformance.files_at_hand && conformance.files_recognised == 0;
    compared = compared && !strangers;
    rows += report::ConformanceCsvRows(conformance, context.catalogue());
    if (context.arguments().declarations) WriteDeclarations(context, conformance);
    if (context.arguments().json) {
      list.push_back(ToJson(conformance));
      continue;
    }
    context.PrintText(report::FormatConformance(conformance, context.catalogue()));
    if (strangers) context.Print(Msg("Next: name the folder of the files that {} is about with --artifacts", Printable(name)));
  }
  if (context.arguments().csv) WriteFileAtomically(*context.arguments().csv, rows);
  if (context.arguments().json) context.PrintJson(list);
  return !good ? kBad : compared ? kGood : kCouldNotCheck;
}

}  // namespace nachbau::cli
