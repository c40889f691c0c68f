#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"
#include "report/summary.h"
#include "verifier/log.h"

namespace nachbau::cli {
namespace {

// A failure is bad; anything unknown means that not all could be checked.
int ExitCode(const std::vector<Finding>& findings) {
  const auto any = [&](FindingOutcome outcome) {
    return std::any_of(findings.begin(), findings.end(),
                       [&](const Finding& finding) { return finding.outcome == outcome; });
  };
  if (any(FindingOutcome::kFail)) return kBad;
  return findings.empty() || any(FindingOutcome::kUnknown) ? kCouldNotCheck : kGood;
}

Message Closing(int code, const std::string& name) {
  if (code == kGood) return Msg("{}: everything holds", name);
  if (code == kBad) return Msg("{}: NOT as attested, see 'fail' above", name);
  return Msg("{}: could not be checked to the end, see 'unknown' above", name);
}

}  // namespace

int RunVerify(Context& context) {
  Json list = Json::array();
  int code = kGood;
  const auto take = [&](int result) {
    if (code == kGood || result == kBad) code = result;
  };
  for (const std::string& name : context.arguments().names) {
    try {
      const std::vector<Finding> findings = verifier::VerifyEvidence(name, context.TrustedKeys(), CheckSbom,
                                                                     CheckProofsOf, context.progress());
      const int result = ExitCode(findings);
      take(result);
      if (context.arguments().json) {
        Json entries = Json::array();
        for (const Finding& finding : findings) entries.push_back(ToJson(finding));
        list.push_back({{"evidence", name}, {"exitCode", result}, {"findings", entries}});
        continue;
      }
      context.PrintLine(report::FormatFindings(findings, context.catalogue()));
      context.Print(Closing(result, name));
    } catch (const CancelledError&) {
      throw;
    } catch (const Error& error) {  // the others are checked all the same
      take(kCouldNotCheck);
      if (context.arguments().json) {
        list.push_back({{"evidence", name}, {"exitCode", kCouldNotCheck}, {"error", error.what()}});
        continue;
      }
      context.Print(Msg("{}: not checked: {}", name, context.Text(error)));
      for (const Message& hint : error.hints()) context.PrintLine(context.Text(Msg("Next:")) + " " + context.Text(hint));
    }
  }
  if (context.arguments().json) context.PrintJson(list);
  return code;
}

int RunPolicy(Context& context) {
  EvidenceFolder folder(context.arguments().names.at(0));
  Documents documents = ReadDocuments(folder);
  const bool first = !documents.decision;
  documents.decision = EvaluateFolder(context, documents, folder);
  const Decision& decision = *documents.decision;
  // A decision that is there already is evidence and stays; this one is only shown.
  if (first && documents.provenance) DecideStage(context, documents, context.OpenSigningKey(), folder);
  if (context.arguments().json) {
    context.PrintJson(ToJson(decision));
  } else {
    context.PrintLine(report::FormatFindings(decision.findings, context.catalogue()));
    context.Print(Msg("{}: {} by policy '{}', version {}", decision.subject,
                      context.Text(report::Label(decision.verdict)), decision.policy, decision.policy_version));
  }
  return decision.verdict == Verdict::kAllowed ? kGood : decision.verdict == Verdict::kDenied ? kBad : kCouldNotCheck;
}

int RunLogVerify(Context& context) {
  const std::vector<Finding> findings =
      verifier::VerifyLog(context.LogDirectory(), context.TrustedKeys(), context.progress());
  if (context.arguments().json) {
    Json entries = Json::array();
    for (const Finding& finding : findings) entries.push_back(ToJson(finding));
    context.PrintJson(entries);
  } else {
    context.PrintLine(report::FormatFindings(findings, context.catalogue()));
  }
  return ExitCode(findings);
}

}  // namespace nachbau::cli
