// "All top-level dependencies": what NTIA and the Cyber Resilience Act ask alike.
#pragma once

#include "sbom/checks/clause.h"
#include "sbom/checks/profiles.h"

namespace nachbau::sbom {

// One thing to `clause`: that the dependencies of the primary component are listed. Whether they are all that there are
// is judged by what the document itself says.
void JudgeTopLevel(const CheckInput& input, Clause& clause);

}  // namespace nachbau::sbom
