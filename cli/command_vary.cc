#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"
#include "cli/remembered_places.h"
#include "report/variations.h"

namespace nachbau::cli {
namespace {

constexpr std::uint64_t kMaxPackage = 4ULL << 30;  // bytes

// Where the packages differ: a varied build against the first, which is without variations.
void AddDifferences(VariationReport& report, const Store& store) {
  for (VariationCause& cause : report.causes) {
    const auto varied = std::find_if(report.builds.begin(), report.builds.end(),
                                     [&](const VariedBuild& build) { return build.variations == cause.variations; });
    if (varied == report.builds.end()) continue;
    for (VariationCause::Artifact& artifact : cause.artifacts) {
      const auto built = varied->artifacts.find(artifact.name);
      const auto plain = report.builds.front().artifacts.find(artifact.name);
      if (!artifact.name.ends_with("deb")) continue;  // of what a script makes, nothing but its digest is known
      if (built == varied->artifacts.end() || plain == report.builds.front().artifacts.end()) continue;
      artifact.differences = verifier::CompareDebs(store.Read(built->second, kMaxPackage),
                                                   store.Read(plain->second, kMaxPackage));
    }
  }
}

int ExitCode(VariationVerdict verdict) {
  switch (verdict) {
    case VariationVerdict::kIndependent: return kGood;
    case VariationVerdict::kDependent:
    case VariationVerdict::kUnstable: return kBad;
    case VariationVerdict::kUnknown: return kCouldNotCheck;
  }
  return kCouldNotCheck;
}

}  // namespace

int RunVary(Context& context) {
  const Arguments& arguments = context.arguments();
  if (arguments.names.empty() == !arguments.lock) {
    UsageError error(Msg("give either a source package or --lock"));
    error.SetHint(Msg("for example: nachbau vary dnsmasq"));
    throw error;
  }
  if (arguments.lock) RefuseChoicesBesideLock(arguments);
  Lock lock = arguments.lock ? ReadLock(*arguments.lock) : ResolveSource(context, arguments.names.front());
  MirrorLock(context, lock, arguments.lock.value_or(""));
  VariationReport report =
      builder::FindVariations(lock, context.BuilderConfig(), {arguments.variations.begin(), arguments.variations.end()},
                              arguments.each, context.store(), context.clock(), context.progress());
  AddDifferences(report, context.store());
  std::filesystem::path path = arguments.output;
  if (path.empty()) path = context.workspace() / "variations" / (lock.source + ".variation.json");
  RememberPlace(context.home(), arguments.output.empty() ? context.workspace() : path);
  WriteFileAtomically(path, FormatPretty(ToJson(report)));
  if (arguments.json) {
    context.PrintJson(ToJson(report));
  } else {
    context.PrintLine(
        report::FormatVariations(report, builder::KnownVariations(), AsTyped(path), context.catalogue()));
  }
  return ExitCode(report.verdict);
}

}  // namespace nachbau::cli
