// What a check of an SBOM against guidelines came to, for people: at a terminal, and as a table for a spreadsheet.
#pragma once

#include <string>

#include "base/catalogue.h"
#include "model/conformance.h"

namespace nachbau::report {

// First whether it conforms, then what fails with its places and how to mend it, what is open, what passes in one line
// each. Several lines, each ending in '\n'.
std::string FormatConformance(const Conformance& conformance, const Catalogue& catalogue);

// RFC 4180, with a line of column names: one row for each place of a clause, or one for a clause without places. Texts
// are in the reader's language, words for machines (clause, severity, verdict) are not. A cell that a spreadsheet would
// take for a formula begins with an apostrophe.
std::string ConformanceCsvHeader();
std::string ConformanceCsvRows(const Conformance& conformance, const Catalogue& catalogue);

// "fail", "pass" …; of an optional clause that fails, "note".
Message Label(const ClauseResult& clause);

}  // namespace nachbau::report
