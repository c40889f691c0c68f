// Where SPDX 3 keeps the fields of TR-03183-2 (its mapping, 8.2): a package, and the file it is distributed as.
#pragma once

#include "sbom/checks/sheet.h"

namespace nachbau::sbom {

// Completes what the neutral view cannot hold. `sheet.subjects` is as `bom.components`.
void AdaptSpdxThree(const Bom& bom, Sheet& sheet);

}  // namespace nachbau::sbom
