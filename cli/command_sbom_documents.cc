// nachbau sbom diff, merge, query, convert, stats, verify: work with SBOM documents, ours and foreign.
#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/jcs.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/progress_text.h"
#include "sbom/documents/artifact_check.h"
#include "sbom/documents/convert.h"
#include "sbom/documents/diff.h"
#include "sbom/documents/merge.h"
#include "sbom/documents/query.h"
#include "sbom/documents/stats.h"

namespace nachbau::cli {
namespace {

constexpr std::size_t kShownLicences = 10;

std::filesystem::path NeedOutput(const Context& context) {
  if (!context.arguments().output.empty()) return context.arguments().output;
  UsageError error(Msg("where shall the result go?"));
  error.SetHint(Msg("name a file with --output FILE"));
  throw error;
}

Json RenderAll(const std::vector<Message>& messages) {
  Json list = Json::array();
  for (const Message& message : messages) list.push_back(Render(message));
  return list;
}

void PrintLosses(const Context& context, const std::vector<Message>& losses) {
  if (losses.empty()) return;
  context.Print(Msg("not taken over:"));
  for (const Message& loss : losses) context.PrintLine("  " + context.Text(loss));
}

// "library 12, file 3": the most first.
std::string Ranking(const std::map<std::string, std::size_t>& counts, std::size_t limit = 100) {
  std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& left, const auto& right) { return left.second > right.second; });
  std::string text;
  for (std::size_t i = 0; i < std::min(limit, sorted.size()); ++i) {
    text += (text.empty() ? "" : ", ") + (sorted[i].first.empty() ? "-" : Printable(sorted[i].first)) + " " +
            std::to_string(sorted[i].second);
  }
  return text.empty() ? "-" : text;
}

void PrintStatistics(const Context& context, const std::string& name, const sbom::BomStatistics& count) {
  context.Print(Msg("{}: {}, {}, {} components, {} of them files", name, count.format, FormatBytes(count.bytes),
                    count.components, count.files));
  context.PrintLine("  " + context.Text(Msg("types: {}", Ranking(count.types))));
  context.PrintLine("  " + context.Text(Msg("ecosystems: {}", Ranking(count.ecosystems))));
  context.PrintLine("  " + context.Text(Msg("licences: {} components with ({} declared, {} concluded); most often: {}",
                                            count.with_licence, count.with_declared, count.with_concluded,
                                            Ranking(count.licences, kShownLicences))));
  context.PrintLine("  " + context.Text(Msg("versions: {}, package URLs: {}, suppliers or authors: {}",
                                            count.with_version, count.with_purl, count.with_supplier)));
  context.PrintLine("  " + context.Text(Msg("digests: {} components with SHA-512, {} with any that is not broken; {}",
                                            count.with_sha512, count.with_hash, Ranking(count.hashes))));
  context.PrintLine("  " + context.Text(Msg("source files as evidence: {}", count.occurrences)));
  context.PrintLine("  " + context.Text(Msg("dependencies: {} from {} components, {} lead nowhere",
                                            count.dependency_edges, count.dependency_entries, count.unresolved_edges)));
  context.PrintLine("  " + context.Text(Msg("completeness stated: parts {}; dependencies {}", Ranking(count.assemblies),
                                            Ranking(count.dependencies))));
}

}  // namespace

int RunSbomDiff(Context& context) {
  const std::vector<std::string>& names = context.arguments().names;
  const sbom::BomDifference difference = sbom::Compare(sbom::ReadBom(names.at(0)), sbom::ReadBom(names.at(1)));
  if (context.arguments().json) {
    context.PrintJson(ToJson(difference));
  } else {
    for (const Message& line : Summary(difference)) context.Print(line);
  }
  return difference.Same() ? kGood : kBad;
}

int RunSbomMerge(Context& context) {
  const std::filesystem::path output = NeedOutput(context);
  std::vector<sbom::MergeInput> inputs;
  for (const std::string& name : context.arguments().names) {
    const std::string bytes = ReadFile(name, sbom::kMaxBom);
    inputs.push_back({sbom::ParseBom(bytes, name), HashBytes(bytes)});
  }
  const sbom::MergeResult result = Merge(inputs, {context.arguments().product, context.arguments().product_version});
  WriteFileAtomically(output, FormatForeign(result.document));
  if (context.arguments().json) {
    context.PrintJson({{"output", output.native()},
                       {"componentsRead", result.components_read},
                       {"components", result.components},
                       {"keptApart", result.kept_apart},
                       {"losses", RenderAll(result.losses)}});
    return kGood;
  }
  context.Print(Msg("{} written: {} components from {} in {} documents", output.native(), result.components,
                    result.components_read, inputs.size()));
  if (result.kept_apart != 0) {
    context.Print(
        Msg("{} components have a package URL in common with another and say something else about it: they stay "
            "apart",
            result.kept_apart));
  }
  PrintLosses(context, result.losses);
  return kGood;
}

int RunSbomQuery(Context& context) {
  const Arguments& arguments = context.arguments();
  const sbom::BomQuery query = {arguments.purl, arguments.digest, arguments.licence, arguments.source_file,
                                arguments.product};
  if (query.Empty()) {
    UsageError error(Msg("what is looked for?"));
    error.SetHint(Msg("--purl, --digest, --licence, --source-file or --name; with several, all must hold"));
    throw error;
  }
  Json list = Json::array();
  std::size_t found = 0, files = 0;
  for (const std::string& name : arguments.names) {
    const std::string bytes = ReadFile(name, sbom::kMaxBom);
    std::vector<sbom::QueryMatch> matches;
    if (MayMatch(bytes, query)) matches = Find(sbom::ParseBom(bytes, name), query);
    found += matches.size();
    files += matches.empty() ? 0 : 1;
    Json entries = Json::array();
    for (const sbom::QueryMatch& match : matches) {
      if (arguments.json) {
        entries.push_back(ToJson(match));
        continue;
      }
      std::string line = name + ": " + Printable(match.name);
      for (auto parent = match.parents.rbegin(); parent != match.parents.rend(); ++parent)
        line += " < " + Printable(*parent);
      std::string because;
      for (const std::string& reason : match.because) because += (because.empty() ? "" : "; ") + Printable(reason);
      context.PrintLine(line + "  [" + because + "]");
    }
    if (arguments.json && !matches.empty()) list.push_back({{"file", name}, {"matches", entries}});
  }
  if (arguments.json) {
    context.PrintJson(list);
  } else {
    context.Print(Msg("{} components in {} of {} documents", found, files, arguments.names.size()));
  }
  return found != 0 ? kGood : kBad;
}

int RunSbomConvert(Context& context) {
  const std::filesystem::path output = NeedOutput(context);
  const sbom::ConversionTarget target = sbom::ParseConversionTarget(context.arguments().to);
  const sbom::Conversion conversion = Convert(sbom::ReadBom(context.arguments().names.at(0)), target);
  WriteFileAtomically(output, FormatForeign(conversion.document));
  if (context.arguments().json) {
    context.PrintJson({{"output", output.native()}, {"losses", RenderAll(conversion.losses)}});
  } else {
    context.Print(Msg("{} written: {}", output.native(), context.arguments().to));
    PrintLosses(context, conversion.losses);
  }
  return kGood;
}

int RunSbomStats(Context& context) {
  Json list = Json::array();
  for (const std::string& name : context.arguments().names) {
    const std::string bytes = ReadFile(name, sbom::kMaxBom);
    const sbom::BomStatistics statistics = Count(sbom::ParseBom(bytes, name), bytes.size());
    if (context.arguments().json) {
      list.push_back(ToJson(statistics));
      list.back()["file"] = name;
    } else {
      PrintStatistics(context, name, statistics);
    }
  }
  if (context.arguments().json) context.PrintJson(list);
  return kGood;
}

int RunSbomVerify(Context& context) {
  const std::string& name = context.arguments().names.at(0);
  std::filesystem::path artifacts = context.arguments().artifacts.value_or(std::filesystem::path());
  // Of an evidence folder the SBOM stands beside what was built.
  if (artifacts.empty()) artifacts = std::filesystem::path(name).parent_path() / "artifacts";
  const sbom::ArtifactReport report = CheckArtifacts(sbom::ReadBom(name), artifacts.native(), context.progress());
  if (context.arguments().json) {
    context.PrintJson(ToJson(report));
  } else {
    for (const sbom::ArtifactVerdict& verdict : report.verdicts) {
      if (verdict.outcome == sbom::ArtifactOutcome::kSame || verdict.outcome == sbom::ArtifactOutcome::kNotChecked)
        continue;
      context.PrintLine(Printable(verdict.name) + " (" + Printable(verdict.file) +
                        "): " + context.Text(verdict.reason));
    }
    context.Print(
        Msg("{} files are what the SBOM says, {} differ, {} are missing, {} are not in the SBOM; of {} the bytes "
            "are not here or no digest proves anything",
            report.Count(sbom::ArtifactOutcome::kSame), report.Count(sbom::ArtifactOutcome::kDiffers),
            report.Count(sbom::ArtifactOutcome::kMissing), report.Count(sbom::ArtifactOutcome::kUnlisted),
            report.Count(sbom::ArtifactOutcome::kNotChecked)));
  }
  if (report.Good()) return kGood;
  return report.Count(sbom::ArtifactOutcome::kDiffers) + report.Count(sbom::ArtifactOutcome::kMissing) +
                     report.Count(sbom::ArtifactOutcome::kUnlisted) !=
                 0
             ? kBad
             : kCouldNotCheck;
}

}  // namespace nachbau::cli
