#include "report/variations.h"

#include <algorithm>

#include "base/encoding.h"
#include "report/lines.h"

namespace nachbau::report {
namespace {

Message Headline(const VariationReport& report) {
  const std::string name = report.source + " " + report.version + " (" + report.architecture + ")";
  switch (report.verdict) {
    case VariationVerdict::kIndependent:
      return Msg("{}: the same bits whatever was varied ({} differences at once)", name, report.varied.size());
    case VariationVerdict::kDependent: return Msg("{}: the bits depend on more than the inputs", name);
    case VariationVerdict::kUnstable: return Msg("{}: two builds without any variation differ already", name);
    case VariationVerdict::kUnknown: break;
  }
  if (report.varied.empty()) return Msg("{}: nothing could be varied", name);
  return Msg("{}: the build without variations failed: {}", name,
             report.builds.empty() ? std::string() : Printable(report.builds.front().failure));
}

}  // namespace

std::string FormatVariations(const VariationReport& report, const std::vector<std::pair<std::string, Message>>& known,
                             const std::filesystem::path& document, const Catalogue& catalogue) {
  Lines lines(catalogue);
  lines.Raw("");
  lines.Plain(Headline(report));
  lines.Raw("");
  const auto meaning = [&](const std::string& name) {
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& entry) { return entry.first == name; });
    return found == known.end() ? name : name + ": " + lines.Translate(found->second);
  };
  std::uint64_t time = 0;
  for (const VariedBuild& build : report.builds) time += build.duration_ms;
  lines.Item(Msg("Builds"), Msg("{}, {} seconds together", report.builds.size(), time / 1000));
  for (const VariationCause& cause : report.causes) {
    const bool alone = cause.variations.size() == 1;
    for (std::size_t i = 0; i < cause.variations.size(); ++i) {
      lines.Item(i == 0 ? (alone ? Msg("Responsible") : Msg("Together")) : Msg(" and"), Msg("{}", meaning(cause.variations[i])));
    }
    if (!cause.failure.empty()) lines.Detail(Msg("fails"), Printable(cause.failure));
    for (const auto& artifact : cause.artifacts) {
      lines.Detail(Msg("differs"), artifact.name);
      ShowDifferences(lines, artifact.differences, artifact.name, document.filename().native());
    }
  }
  std::string harmless;  // by themselves
  for (const VariedBuild& build : report.builds) {
    const auto blamed = [&](const VariationCause& cause) { return cause.variations == build.variations; };
    if (build.variations.size() == 1 && std::none_of(report.causes.begin(), report.causes.end(), blamed)) {
      harmless += (harmless.empty() ? "" : ", ") + build.variations.front();
    }
  }
  if (!harmless.empty() && report.verdict != VariationVerdict::kUnstable) {
    lines.Item(Msg("No difference"), Msg("each alone: {}", harmless));
  }
  for (const auto& [name, reason] : report.not_varied) lines.Item(Msg("Not varied"), Msg("{}: {}", name, reason));
  lines.Item(Msg("Report"), Msg("{}", document.native()));
  return lines.Take();
}

}  // namespace nachbau::report
