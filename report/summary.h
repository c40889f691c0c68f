// What a rebuild came to, for a person at a terminal. Shows facts from the documents; computes none.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/catalogue.h"
#include "model/build_record.h"
#include "model/comparison.h"
#include "model/finding.h"
#include "model/lock.h"
#include "model/voucher.h"

namespace nachbau::report {

// Lines of a build log, printable.
struct LogLines {
  std::uint64_t first_line = 1;  // 1-based number of lines[0]
  std::vector<std::string> lines;
  std::size_t telling = 0;       // index of the one to point at
};

struct SummaryInput {
  const Lock& lock;
  const BuildRecord& record;
  const Comparison& comparison;
  const Decision& decision;
  std::uint64_t sbom_components = 0;
  std::string key_id;
  std::uint64_t log_index = 0;              // 0-based
  std::filesystem::path evidence;           // as to be typed
  const Vouchers* vouchers = nullptr;       // null: nobody looked
  LogLines failure = {};                    // where the log of a failed build tells why
};

// Several lines, each ending in '\n'.
std::string FormatSummary(const SummaryInput& input, const Catalogue& catalogue);

// Findings as text: those that are not passes in full, passes in one line each.
std::string FormatFindings(const std::vector<Finding>& findings, const Catalogue& catalogue);

// The comparison alone: one line per artifact, the differences indented below it.
std::string FormatComparison(const Comparison& comparison, const Catalogue& catalogue);

// One line per signature, problems below.
std::string FormatVouchers(const Vouchers& vouchers, const Catalogue& catalogue);

// Numbered lines below a heading, the telling one marked. Nothing when there are none.
std::string FormatLogLines(const LogLines& log, const Catalogue& catalogue);

// "identical", "differs"… in the reader's language.
Message Label(ComparisonOutcome outcome);
Message Label(FindingOutcome outcome);
Message Label(Verdict verdict);
Message Label(SignatureOutcome outcome);

}  // namespace nachbau::report
