// The parts of the profile of BSI TR-03183-2.
#pragma once

#include <vector>

#include "sbom/checks/profiles.h"

namespace nachbau::sbom {

void CheckBsiDocument(const CheckInput& input, std::vector<ClauseResult>& clauses);    // 3.1, 4, 5.2.1, 5.2.3, 8.1, 8.4
void CheckBsiGraph(const CheckInput& input, std::vector<ClauseResult>& clauses);       // 5.1, 5.2.2, 8.3, 8.4.3
void CheckBsiComponents(const CheckInput& input, std::vector<ClauseResult>& clauses);  // 3.2, 5.2.2, 5.2.4, 5.2.5, 6.1, 8.1

}  // namespace nachbau::sbom
