// References inside a CycloneDX document, which no schema can state.
#pragma once

#include <vector>

#include "base/json.h"
#include "sbom/sbom.h"

namespace nachbau::sbom {

// Every bom-ref is used once; what dependencies, compositions and formulations point to is there (a BOM-Link, "urn:cdx:…",
// points into another document and is let pass); no component has two entries among the dependencies. Appends what it
// finds. The document may have any shape.
void CheckReferences(const Json& document, std::vector<SchemaViolation>& violations);

}  // namespace nachbau::sbom
