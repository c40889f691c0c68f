// The records of imported SBOMs: <home>/sboms/<sha256>.json. They keep the documents from being collected.
// docs/formats/imported-sbom.md
#pragma once

#include <filesystem>
#include <vector>

#include "sbom/documents/import_report.h"

namespace nachbau::cli {

std::filesystem::path ImportedSbomDirectory(const std::filesystem::path& home);
void SaveImportedSbom(const std::filesystem::path& home, const sbom::ImportedSbom& imported);
// Sorted by name, then time. Throws ParseError for a file that is none.
std::vector<sbom::ImportedSbom> ImportedSboms(const std::filesystem::path& home);

}  // namespace nachbau::cli
