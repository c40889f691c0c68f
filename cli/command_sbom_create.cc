// `sbom create` and `sbom origins`: what was built, and from which source files. docs/formats/sbom.md
#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/evidence_folder.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"
#include "model/evidence.h"
#include "sbom/downgrade.h"
#include "sbom/origin/origins.h"
#include "sbom/sbom.h"

namespace nachbau::cli {
namespace {

std::size_t CountRole(const sbom::FileOrigins& file, sbom::SourceRole role) {
  return static_cast<std::size_t>(std::count_if(file.sources.begin(), file.sources.end(),
                                                [&](const sbom::SourceUse& use) { return use.role == role; }));
}

std::string Column(const std::string& text) { return std::string(text.size() < 10 ? 10 - text.size() : 0, ' ') + text; }
std::string Column(const std::optional<std::size_t>& number) { return Column(number ? std::to_string(*number) : "-"); }

void PrintEmbedded(Context& context, const sbom::FileOrigins& file) {
  for (const sbom::EmbeddedCopy& copy : file.embedded) {
    const std::string text = InQuotes(copy.text);
    context.Print(copy.source.empty()
                      ? Msg("  embedded copy of {} (source package: one that matches {}): {}", copy.library,
                            copy.source_pattern, text)
                      : Msg("  embedded copy of {} (source package {}): {}", copy.library, copy.source, text));
  }
}

// Returns whether there was an executable to tell of.
bool PrintTable(Context& context, const sbom::Origins& origins, const sbom::PackageOrigins& package) {
  context.PrintLine(package.artifact.name);
  if (package.debug) {
    context.Print(Msg("  debug information of other files"));
    return false;
  }
  std::array<std::size_t, 4> by_evidence{};
  bool any = false;
  for (const sbom::FileOrigins& file : package.files) {
    ++by_evidence.at(static_cast<std::size_t>(file.evidence));
    if (file.file.kind != sbom::FileKind::kElf) continue;
    if (!any) {
      context.PrintLine(Column(context.Text(Msg("in source"))) + Column(context.Text(Msg("read"))) +
                        Column(context.Text(Msg("linked"))) + Column(context.Text(Msg("headers"))) + "  " +
                        context.Text(Msg("file")));
    }
    any = true;
    context.PrintLine(Column(origins.compiled_sources) + Column(file.read) + Column(file.linked) +
                      Column(CountRole(file, sbom::SourceRole::kHeader)) + "  " + Printable(file.file.path) +
                      (file.read_equals_linked ? " =" : "") + (file.problem ? " (" + context.Text(*file.problem) + ")" : ""));
    PrintEmbedded(context, file);
  }
  using enum sbom::OriginEvidence;
  const auto count = [&](sbom::OriginEvidence evidence) { return by_evidence.at(static_cast<std::size_t>(evidence)); };
  context.Print(Msg("  {} files: {} as the source has them, {} linked from units, {} by the trace alone, {} unknown",
                    package.files.size(), count(kIdentical), count(kDwarf), count(kTrace), count(kUnknown)));
  return any;
}

void PrintFile(Context& context, const sbom::PackageOrigins& package, const sbom::FileOrigins& file) {
  context.Print(Msg("{} in {}: {} source files (evidence: {})", Printable(file.file.path), package.artifact.name,
                    file.sources.size(), sbom::Name(file.evidence)));
  if (file.problem) context.PrintLine("  " + context.Text(*file.problem));
  for (const sbom::SourceUse& use : file.sources) {
    std::string role(sbom::Name(use.role));
    role.resize(std::max<std::size_t>(role.size(), 15), ' ');
    context.PrintLine("  " + role + " " + Printable(use.path));
  }
  for (const std::string& unit : file.unresolved) context.Print(Msg("  of no known file: unit {}", Printable(unit)));
  PrintEmbedded(context, file);
  std::set<std::string> headers;
  for (const sbom::ForeignUse& use : file.foreign) {
    if (use.role == sbom::ForeignRole::kHeader) {
      headers.insert(use.package);
    } else {
      context.Print(Msg("  from package {}: {} ({})", use.package.empty() ? std::string("?") : use.package,
                        Printable(use.path + (use.member.empty() ? "" : "(" + use.member + ")")),
                        sbom::Name(use.role)));
    }
  }
  for (const std::string& package_name : headers) context.Print(Msg("  headers of package {}", package_name));
}

// As a person names it: the whole path, or its end.
bool Means(const std::string& wanted, const std::string& path) {
  return path == wanted || path.ends_with("/" + wanted);
}

}  // namespace

int RunSbom(Context& context) {
  const std::filesystem::path& output = context.arguments().output;
  const bool older = context.arguments().spec != "1.7";
  if (older && output.empty()) {
    UsageError error(Msg("an evidence folder holds its SBOM as CycloneDX 1.7 only"));
    error.SetHint(Msg("-o FILE writes another version beside it"));
    throw error;
  }
  EvidenceFolder folder(context.arguments().names.at(0));
  const Documents documents = ReadDocuments(folder);
  std::optional<Json> sbom;
  if (output.empty()) {
    sbom = SbomStage(context, documents, folder);
  } else if (documents.record.outcome == BuildOutcome::kBuilt) {
    sbom = sbom::Describe(documents.lock, documents.record, context.store(), context.progress());
  }
  if (!sbom) throw MissingError(Msg("the build of {} failed: there is nothing to describe", documents.record.source));
  if (older) sbom = sbom::ToCycloneDx16(*sbom);
  if (!output.empty()) WriteFileAtomically(output, FormatPretty(*sbom));
  if (context.arguments().json) {
    context.PrintJson(*sbom);
  } else {
    context.Print(Msg("{} written: {} components", (output.empty() ? folder.path() / evidence::kSbom : output).native(),
                      sbom::CountComponents(*sbom)));
  }
  return kGood;
}

int RunSbomOrigins(Context& context) {
  const EvidenceFolder folder(context.arguments().names.at(0));
  const Documents documents = ReadDocuments(folder);
  if (documents.record.outcome != BuildOutcome::kBuilt) {
    throw MissingError(Msg("the build of {} failed: there is nothing to describe", documents.record.source));
  }
  const auto task = context.progress().Start(
      Msg("Looking for the sources of {} {}", documents.lock.source, documents.lock.version), Unit::kNone, 0);
  const sbom::Origins origins = sbom::FindOrigins(
      documents.lock, documents.record, sbom::ReadTrace(documents.record, context.store()), context.store(), *task);
  task->Succeed();
  if (!origins.incomplete.empty()) context.progress().Note(Msg("less is known than could be: {}", origins.incomplete));
  for (const std::string& problem : origins.tree.problems) context.progress().Note(Msg("source: {}", problem));
  const std::string wanted = context.arguments().names.size() > 1 ? context.arguments().names[1] : "";
  Json packages = Json::array();
  std::size_t found = 0;
  bool unknown = false, executables = false;
  for (const sbom::PackageOrigins& package : origins.packages) {
    Json files = Json::array();
    for (const sbom::FileOrigins& file : package.files) {
      if (!wanted.empty() && !Means(wanted, file.file.path)) continue;
      ++found;
      unknown = unknown || file.evidence == sbom::OriginEvidence::kUnknown;
      if (context.arguments().json) {
        files.push_back(sbom::ToJson(file, origins.tree));
      } else if (!wanted.empty()) {
        PrintFile(context, package, file);
      }
    }
    if (wanted.empty() && !context.arguments().json) executables = PrintTable(context, origins, package) || executables;
    if (!files.empty()) packages.push_back({{"package", package.artifact.name}, {"files", std::move(files)}});
  }
  if (!wanted.empty() && found == 0) {
    MissingError error(Msg("no package that was built has a file {}", Printable(wanted)));
    error.SetHint(Msg("'nachbau sbom origins {}' lists those that have", folder.path().native()));
    throw error;
  }
  if (executables) {
    context.Print(Msg("\"=\": exactly what was read was linked; otherwise the compiler read more than went in"));
  }
  if (context.arguments().json) {
    context.PrintJson({{"source", documents.lock.source},
                       {"version", documents.lock.version},
                       {"compiledSources", origins.compiled_sources},
                       {"incomplete", origins.incomplete},
                       {"embeddedCopiesBy", sbom::ShippedEmbeddedCopiesSource()},
                       {"packages", std::move(packages)}});
  }
  return unknown ? kCouldNotCheck : kGood;
}

}  // namespace nachbau::cli
