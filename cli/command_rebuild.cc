#include "base/error.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"
#include "cli/rebuild_at_once.h"
#include "report/summary.h"
#include "sbom/sbom.h"

namespace nachbau::cli {
namespace {

Json ToJson(const RebuildResult& result) {
  Json outcomes = Json::object();
  for (const ArtifactComparison& artifact : result.documents.comparison->artifacts) {
    outcomes[artifact.name] = Name(artifact.outcome);
  }
  return {{"source", result.documents.lock.source},
          {"version", result.documents.lock.version},
          {"architecture", result.documents.lock.architecture},
          {"build", Name(result.documents.record.outcome)},
          {"artifacts", outcomes},
          {"verdict", Name(result.documents.decision->verdict)},
          {"evidence", result.evidence.native()},
          {"logIndex", result.log_index},
          {"durationMs", result.total_ms}};
}

// The exit code is the verdict's; an unknown verdict was not checked to the end.
int ExitCode(const RebuildResult& result) {
  switch (result.documents.decision->verdict) {
    case Verdict::kAllowed: return kGood;
    case Verdict::kDenied: return kBad;
    case Verdict::kUnknown: return kCouldNotCheck;
  }
  return kCouldNotCheck;
}

// A bad result outweighs one that could not be had, which outweighs a good one.
int Worse(int left, int right) {
  const auto rank = [](int code) { return code == kBad ? 2 : code == kGood ? 0 : 1; };
  const int worse = rank(left) >= rank(right) ? left : right;
  return rank(worse) == 1 ? int{kCouldNotCheck} : worse;  // also for a part that was killed
}

// One that could not be rebuilt does not keep the others from it.
int RebuildSeveral(Context& context, const std::vector<std::string>& sources) {
  int code = kGood;
  Json list = Json::array();
  RebuildAtOnce(context, sources, context.arguments().builds, [&](const RebuildPart& part) {
    code = Worse(code, part.exit_code);
    if (!context.arguments().json) {
      context.PrintText(part.output);
    } else if (part.output.empty()) {
      list.push_back({{"source", part.source}, {"exitCode", part.exit_code}});
    } else {
      list.push_back(ParseJson(part.output, part.source));
    }
  });
  if (context.arguments().json) context.PrintJson(list);
  return code;
}

}  // namespace

int RunRebuild(Context& context) {
  const Arguments& arguments = context.arguments();
  if (arguments.names.empty() && !arguments.lock) {
    UsageError error(Msg("which source package?"));
    error.SetHint(Msg("for example: nachbau rebuild dnsmasq"));
    throw error;
  }
  std::vector<std::string> sources = arguments.names;
  if (arguments.lock && !sources.empty()) throw UsageError(Msg("give either a source package or --lock, not both"));
  if (arguments.lock) {
    RefuseChoicesBesideLock(arguments);
    sources = {""};
  }
  if (!arguments.part.empty()) sources = {arguments.part};
  if (sources.size() > 1 && arguments.builds > 1) return RebuildSeveral(context, sources);
  int code = kGood;
  Json list = Json::array();
  for (const std::string& source : sources) {
    const std::uint64_t start = MonotonicMilliseconds();
    RebuildResult result =
        arguments.lock ? Rebuild(context, ReadLock(*arguments.lock), *arguments.lock)
                       : Rebuild(context, ResolveSource(context, source));
    result.total_ms = MonotonicMilliseconds() - start;
    code = Worse(code, ExitCode(result));
    if (arguments.json) {
      list.push_back(ToJson(result));
    } else {
      const Documents& documents = result.documents;
      context.PrintLine(report::FormatSummary(
          {.lock = documents.lock,
           .record = documents.record,
           .comparison = *documents.comparison,
           .decision = *documents.decision,
           .sbom_components = documents.sbom ? sbom::CountComponents(*documents.sbom) : 0,
           .key_id = result.key_id,
           .log_index = result.log_index,
           .evidence = result.evidence,
           .vouchers = documents.vouchers ? &*documents.vouchers : nullptr,
           .failure = FailureLines(documents.record, result.evidence / documents.record.log.name)},
          context.catalogue()));
    }
  }
  if (arguments.json) context.PrintJson(list.size() == 1 ? list[0] : list);
  return code;
}

}  // namespace nachbau::cli
