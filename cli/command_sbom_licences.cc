// Which licences each binary package of a build is really under. docs/formats/licences.md
#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/evidence_folder.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"
#include "sbom/licences/package_licences.h"

namespace nachbau::cli {
namespace {

constexpr std::size_t kMaxDifferences = 10;
constexpr std::size_t kMaxProblems = 10;

void PrintPackage(Context& context, const sbom::PackageLicences& package) {
  const sbom::Conclusion& conclusion = package.conclusion;
  context.PrintLine("");
  context.PrintLine(package.package);
  const std::string known = conclusion.expression.empty() ? context.Text(Msg("unknown: {}", context.Text(conclusion.reason)))
                                                          : conclusion.expression;
  if (package.unknown_origin == 0) {
    context.PrintLine("  " + context.Text(Msg("concluded: {}", known)));
  } else {
    context.PrintLine("  " + context.Text(Msg("concluded: as declared, because of {} of its {} files nobody knows all that went in",
                                              package.unknown_origin, package.files)));
    context.PrintLine("    " + package.first_unknown);
    context.PrintLine("  " + context.Text(Msg("from what is known: {}", known)));
  }
  context.PrintLine("  " + context.Text(Msg("from {} files of the source", conclusion.files)));
  if (conclusion.unknown > 0) {
    context.PrintLine("  " + context.Text(Msg("of {} of them nobody states a licence: {} stands for it", conclusion.unknown,
                                              sbom::kUnknownLicence)));
  }
  if (!conclusion.absent.empty()) context.PrintLine("  " + context.Text(Msg("in the source, but not in this package:")));
  for (const sbom::AbsentLicence& absent : conclusion.absent) {
    std::string examples;
    for (const std::string& example : absent.examples) examples += (examples.empty() ? "" : ", ") + Printable(example);
    context.PrintLine("    " + absent.licence + ": " +
                      (absent.files > absent.examples.size()
                           ? context.Text(Msg("{} and {} more", examples, absent.files - absent.examples.size()))
                           : examples));
  }
  if (!conclusion.differences.empty()) {
    context.PrintLine("  " + context.Text(Msg("{} files say something else than debian/copyright; both apply here:",
                                              conclusion.differences.size())));
  }
  for (std::size_t i = 0; i < conclusion.differences.size() && i < kMaxDifferences; ++i) {
    const sbom::LicenceDifference& difference = conclusion.differences[i];
    context.PrintLine("    " + context.Text(Msg("{}: {}; debian/copyright: {}", Printable(difference.path), difference.upstream,
                                                difference.debian)));
  }
  if (conclusion.differences.size() > kMaxDifferences) {
    context.PrintLine("    " + context.Text(Msg("{} more: see --json", conclusion.differences.size() - kMaxDifferences)));
  }
}

void PrintLicences(Context& context, const std::string& source, const sbom::SourceLicences& licences) {
  context.PrintLine(source);
  context.PrintLine("  " + context.Text(Msg("declared: {}", licences.declared.empty()
                                                                ? context.Text(Msg("unknown: {}", context.Text(licences.reason)))
                                                                : licences.declared)));
  for (const std::string& hint : licences.hints) {
    context.PrintLine("  " + context.Text(Msg("its debian/copyright mentions /usr/share/common-licenses/{}", hint)));
  }
  for (std::size_t i = 0; i < licences.problems.size() && i < kMaxProblems; ++i) {
    context.PrintLine("  " + context.Text(licences.problems[i]));
  }
  if (licences.problems.size() > kMaxProblems) {
    context.PrintLine("  " + context.Text(Msg("{} more: see --json", licences.problems.size() - kMaxProblems)));
  }
  for (const sbom::PackageLicences& package : licences.packages) PrintPackage(context, package);
}

}  // namespace

int RunSbomLicences(Context& context) {
  const Documents documents = ReadDocuments(EvidenceFolder(context.arguments().names.at(0)));
  const std::string source = documents.lock.source + " " + documents.lock.version;
  const auto task = context.progress().Start(Msg("Finding what went into the packages of {}", source), Unit::kNone, 0);
  const sbom::LicenceIndex index = sbom::LicenceIndex::Read(documents.lock, documents.record, context.store());
  const std::optional<Trace> trace = sbom::ReadTrace(documents.record, context.store());
  const sbom::Origins origins = sbom::FindOrigins(documents.lock, documents.record, trace, context.store(), *task);
  const sbom::SourceLicences licences = sbom::FindLicences(index, origins);
  task->Succeed();
  if (!origins.incomplete.empty()) context.progress().Note(Msg("the trace is not complete: {}", origins.incomplete));
  if (context.arguments().json) {
    Json json = sbom::ToJson(licences);
    json["source"] = documents.lock.source;
    json["version"] = documents.lock.version;
    context.PrintJson(json);
  } else {
    PrintLicences(context, source, licences);
  }
  return licences.AllKnown() ? kGood : kCouldNotCheck;
}

}  // namespace nachbau::cli
