#include "report/summary.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "model/evidence.h"
#include "report/lines.h"

namespace nachbau::report {
namespace {

std::string Seconds(std::uint64_t milliseconds) {
  return std::to_string(milliseconds / 1000) + "." + std::to_string(milliseconds % 1000 / 100) + " s";
}

// What needs attention first; that there is nothing to compare with is the headline's to explain, not each line's.
void ShowArtifacts(Lines& lines, const Comparison& comparison) {
  const auto show = [&](const auto& wanted) {
    for (const ArtifactComparison& artifact : comparison.artifacts) {
      if (!wanted(artifact.outcome)) continue;
      lines.Detail(Label(artifact.outcome), artifact.name);
      if (artifact.outcome != ComparisonOutcome::kNoReference) {
        ShowDifferences(lines, artifact.differences, artifact.name, evidence::kComparison);
      }
    }
  };
  const auto is = [](ComparisonOutcome known) { return [known](ComparisonOutcome outcome) { return outcome == known; }; };
  show([](ComparisonOutcome outcome) {
    return outcome != ComparisonOutcome::kIdentical && outcome != ComparisonOutcome::kNoReference;
  });
  show(is(ComparisonOutcome::kIdentical));
  show(is(ComparisonOutcome::kNoReference));
}

Message Headline(const SummaryInput& input) {
  const Comparison& comparison = input.comparison;
  const std::string name = input.lock.source + " " + input.lock.version + " (" + input.lock.architecture + ")";
  const std::size_t identical = comparison.Count(ComparisonOutcome::kIdentical);
  const std::size_t without = comparison.Count(ComparisonOutcome::kNoReference);
  if (input.record.outcome != BuildOutcome::kBuilt) return Msg("{}: the build failed: {}", name, input.record.failure);
  if (identical != 0 && identical + without == comparison.artifacts.size()) return Msg("{}: rebuilt bit for bit", name);
  if (identical == 0 && without == comparison.artifacts.size()) {
    return Msg("{}: built, but there is nothing to compare it with", name);
  }
  return Msg("{}: rebuilt, but not identical", name);
}

Message RoleLabel(std::string_view role) {
  return role == "maintainer" ? Msg("maintainer") : Msg("upstream");
}

// The good ones by name; how many are not good.
void ShowVouchers(Lines& lines, const Vouchers& vouchers) {
  std::string names;
  for (const Voucher& voucher : vouchers.vouchers) {
    if (voucher.verdict.outcome != SignatureOutcome::kGood) continue;
    const std::string who = voucher.verdict.name.empty() ? voucher.verdict.signer : voucher.verdict.name;
    names += (names.empty() ? "" : ", ") + Printable(who) + " (" + lines.Translate(RoleLabel(voucher.role)) + ")";
  }
  const std::size_t others = vouchers.vouchers.size() - vouchers.Count(SignatureOutcome::kGood) + vouchers.problems.size();
  if (names.empty()) {
    lines.Item(Msg("Vouched for by"), Msg("nobody beside the archive; see {}", std::string_view(evidence::kVouchers)));
  } else if (others != 0) {
    lines.Item(Msg("Vouched for by"), Msg("{}; {} signatures that do not count, see {}", names, others, std::string_view(evidence::kVouchers)));
  } else {
    lines.Item(Msg("Vouched for by"), Msg("{}", names));
  }
}

}  // namespace

Message Label(ComparisonOutcome outcome) {
  switch (outcome) {
    case ComparisonOutcome::kNotBuilt: return Msg("not built");
    case ComparisonOutcome::kIdentical: return Msg("identical");
    case ComparisonOutcome::kCodeIdentical: return Msg("code identical");
    case ComparisonOutcome::kExplained: return Msg("explained");
    case ComparisonOutcome::kDiffers: return Msg("differs");
    case ComparisonOutcome::kNoReference: return Msg("no reference");
  }
  return Msg("unknown");
}

Message Label(FindingOutcome outcome) {
  switch (outcome) {
    case FindingOutcome::kUnknown: return Msg("unknown");
    case FindingOutcome::kPass: return Msg("pass");
    case FindingOutcome::kFail: return Msg("fail");
    case FindingOutcome::kWarning: return Msg("warning");
    case FindingOutcome::kExcepted: return Msg("excepted");
    case FindingOutcome::kNotApplicable: return Msg("not applicable");
  }
  return Msg("unknown");
}

Message Label(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnknown: return Msg("unknown");
    case Verdict::kAllowed: return Msg("allowed");
    case Verdict::kDenied: return Msg("denied");
  }
  return Msg("unknown");
}

Message Label(SignatureOutcome outcome) {
  switch (outcome) {
    case SignatureOutcome::kNotChecked: return Msg("not checked");
    case SignatureOutcome::kGood: return Msg("good signature");
    case SignatureOutcome::kUnknownKey: return Msg("unknown key");
    case SignatureOutcome::kRevokedKey: return Msg("revoked key");
    case SignatureOutcome::kExpiredKey: return Msg("expired key");
    case SignatureOutcome::kWeakDigest: return Msg("weak digest");
    case SignatureOutcome::kBad: return Msg("bad signature");
  }
  return Msg("not checked");
}

std::string FormatVouchers(const Vouchers& vouchers, const Catalogue& catalogue) {
  Lines lines(catalogue);
  for (const Voucher& voucher : vouchers.vouchers) {
    const SignatureVerdict& verdict = voucher.verdict;
    const std::string who = verdict.name.empty() ? verdict.signer : verdict.name + "  " + verdict.signer;
    lines.Detail(Label(verdict.outcome), Printable(voucher.file + "  " + lines.Translate(RoleLabel(voucher.role)) + ": " + who));
    if (!verdict.detail.empty()) lines.Raw("        " + Printable(verdict.detail));
  }
  for (const std::string& problem : vouchers.problems) lines.Detail(Msg("not checked"), Printable(problem));
  return lines.Take();
}

std::string FormatComparison(const Comparison& comparison, const Catalogue& catalogue) {
  Lines lines(catalogue);
  ShowArtifacts(lines, comparison);
  return lines.Take();
}

std::string FormatLogLines(const LogLines& log, const Catalogue& catalogue) {
  if (log.lines.empty()) return {};
  Lines lines(catalogue);
  const std::uint64_t last = log.first_line + log.lines.size() - 1;
  lines.Item(Msg("Build log"), Msg("lines {} to {}; '>' marks the one that tells most", log.first_line, last));
  const std::size_t width = std::to_string(last).size();
  for (std::size_t i = 0; i < log.lines.size(); ++i) {
    const std::string number = std::to_string(log.first_line + i);
    lines.Raw(std::string(i == log.telling ? "    > " : "      ") + std::string(width - number.size(), ' ') + number +
              "  " + Printable(log.lines[i]));
  }
  return lines.Take();
}

std::string FormatFindings(const std::vector<Finding>& findings, const Catalogue& catalogue) {
  Lines lines(catalogue);
  for (const Finding& finding : findings) {
    lines.Detail(Label(finding.outcome), finding.rule + "  " + Printable(finding.subject));
    const bool good = finding.outcome == FindingOutcome::kPass || finding.outcome == FindingOutcome::kNotApplicable;
    if (!finding.reason.text.empty() && !good) lines.Raw("        " + Printable(lines.Translate(finding.reason)));
    if (!finding.remedy.text.empty() && !good) {
      lines.Raw("        " + lines.Translate(Msg("Next:")) + " " + Printable(lines.Translate(finding.remedy)));
    }
  }
  return lines.Take();
}

std::string FormatSummary(const SummaryInput& input, const Catalogue& catalogue) {
  Lines lines(catalogue);
  const Comparison& comparison = input.comparison;
  const std::size_t without = comparison.Count(ComparisonOutcome::kNoReference);
  const std::size_t identical = comparison.Count(ComparisonOutcome::kIdentical);
  const std::size_t with = comparison.artifacts.size() - without;
  lines.Raw("");
  lines.Plain(Headline(input));
  lines.Raw("");
  lines.Item(Msg("Binary packages"),
             without == 0 ? Msg("{} of {} bit-identical to the archive's", identical, with)
                          : Msg("{} of {} bit-identical to the archive's; {} more that the archive does not list",
                                identical, with, without));
  ShowArtifacts(lines, comparison);

  std::set<std::string> archives;
  for (const ReleaseProof& release : input.lock.releases) archives.insert(release.origin + " " + release.suite);
  std::string names;
  for (const std::string& archive : archives) names += (names.empty() ? "" : ", ") + archive;
  lines.Item(Msg("Inputs"), Msg("{} files, proven by the signed Release files of {}",
                                input.lock.WithRole(InputRole::kSource).size() +
                                    input.lock.WithRole(InputRole::kEnvironment).size(),
                                names));
  if (input.vouchers != nullptr) ShowVouchers(lines, *input.vouchers);
  lines.Item(Msg("Build"), Msg("{} in a sandbox without network", Seconds(input.record.duration_ms)));
  std::string reduced;
  for (const Guarantee& guarantee : input.record.sandbox) {
    if (guarantee.detail.starts_with("reduced")) reduced += (reduced.empty() ? "" : ", ") + guarantee.name;
  }
  if (!reduced.empty()) lines.Item(Msg("Reduced"), Msg("{} (why: build.json, and `nachbau doctor`)", Printable(reduced)));
  if (input.sbom_components != 0) {
    lines.Item(Msg("SBOM"), Msg("CycloneDX 1.7, {} components, valid", input.sbom_components));
  }
  if (!input.key_id.empty()) {
    lines.Item(Msg("Attestation"),
               Msg("signed with key {}..., entry {} of the log", input.key_id.substr(0, 16), input.log_index));
  }
  lines.Item(Msg("Decision"), Msg("{} by policy '{}', version {}", catalogue.Translate(Label(input.decision.verdict)),
                                  input.decision.policy, input.decision.policy_version));
  std::vector<Finding> notable;
  std::copy_if(input.decision.findings.begin(), input.decision.findings.end(), std::back_inserter(notable),
               [](const Finding& finding) {
                 return finding.outcome != FindingOutcome::kPass && finding.outcome != FindingOutcome::kNotApplicable;
               });
  if (!notable.empty()) lines.Text(FormatFindings(notable, catalogue));
  lines.Text(FormatLogLines(input.failure, catalogue));
  lines.Item(Msg("Evidence"), Msg("{}", input.evidence.native()));
  if (input.record.outcome == BuildOutcome::kBuilt) {
    lines.Item(Msg("Next:"), Msg("nachbau verify {}   (checks all of it again, offline)", input.evidence.native()));
  } else {
    lines.Item(Msg("Next:"), Msg("nachbau build-log {}   (all of the build log; --grep TEXT searches it)",
                                 input.evidence.native()));
  }
  return lines.Take();
}

}  // namespace nachbau::report
