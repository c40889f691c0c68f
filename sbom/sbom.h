// The front door of the SBOM room: CycloneDX 1.7 from a lock, a build record and what was built.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/progress.h"
#include "model/build_record.h"
#include "model/finding.h"
#include "model/lock.h"
#include "store/store.h"

namespace nachbau::sbom {

// The document, deterministic: a function of lock, record outputs and the store's bytes alone (no clock, no host).
// Throws Error when the result does not validate: an invalid document is never handed out.
Json Describe(const Lock& lock, const BuildRecord& record, const Store& store, Progress& progress);

// Of a CycloneDX document, with those inside of others.
std::size_t CountComponents(const Json& document);

struct SchemaViolation {
  std::string pointer;  // JSON pointer into the document
  std::string rule;     // "required", "enum", "format:iri-reference", "uniqueItems", "bom-ref" …
  std::string detail;   // English
};
// Validates any CycloneDX JSON 1.2 to 1.7 against the official schemas, formats asserted, plus bom-ref rules.
std::vector<SchemaViolation> Validate(const Json& document);

// Checks document against the real files in a folder: every component with a file name and hashes.
std::vector<Finding> CheckAgainstArtifacts(const std::string& sbom, const std::string& artifacts_directory);

}  // namespace nachbau::sbom
