// The guidelines, each a list of clauses in its order. What a clause asks is in docs/formats/conformance.md.
#pragma once

#include "model/conformance.h"
#include "sbom/checks/artifact_files.h"
#include "sbom/checks/sheet.h"
#include "sbom/documents/bom.h"

namespace nachbau::sbom {

struct CheckInput {
  const Bom& bom;
  const Sheet& sheet;
  const ArtifactFiles* files = nullptr;  // null: not at hand
};

ProfileResult CheckBsi(const CheckInput& input);   // BSI TR-03183-2, version 2.1.0
ProfileResult CheckNtia(const CheckInput& input);  // NTIA minimum elements, 2021
ProfileResult CheckCra(const CheckInput& input);   // Regulation (EU) 2024/2847, Annex I Part II (1)

}  // namespace nachbau::sbom
