// The official CycloneDX JSON schemas, embedded at build time.
#pragma once

#include <optional>
#include <string_view>

namespace nachbau::sbom {

// The schema's text: "1.2" … "1.7"; nothing for a version there is no schema of.
std::optional<std::string_view> CycloneDxSchema(std::string_view spec_version);
// What the schemas refer to, by the last part of the reference: "spdx.SNAPSHOT.schema.json", …
std::optional<std::string_view> ReferencedSchema(std::string_view file_name);
// True for an identifier of the SPDX licence list that comes with the schemas. Case matters.
bool IsSpdxLicense(std::string_view identifier);

}  // namespace nachbau::sbom
