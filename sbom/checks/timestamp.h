// When the data was put together: what BSI and NTIA ask alike.
#pragma once

#include "sbom/checks/clause.h"
#include "sbom/checks/profiles.h"

namespace nachbau::sbom {

// To `clause`: each time that the document states is one of RFC 3339, and there is one.
void JudgeTimestamp(const CheckInput& input, Clause& clause);

}  // namespace nachbau::sbom
