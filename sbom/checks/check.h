// Does an SBOM keep to a guideline: clause by clause, for any document that sbom/documents/bom.h reads.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/conformance.h"

namespace nachbau::sbom {

// The words of --profile, the strictest first.
std::span<const std::string_view> ProfileNames();  // "bsi-tr-03183-2", "ntia", "cra"

struct CheckOptions {
  std::vector<std::string> profiles;               // of ProfileNames(), each once, in this order in the result
  std::optional<std::filesystem::path> artifacts;  // folder with the files that the SBOM is about; looked at beneath
};

// `name` is what the document is called in the result and in messages. A function of the bytes of document and files.
// Throws ParseError for what is no SBOM, UsageError for a profile that there is none of.
Conformance CheckConformance(std::string_view document, std::string_view name, const CheckOptions& options);

}  // namespace nachbau::sbom
