// The official CycloneDX JSON schemas, embedded at build time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nachbau::sbom {

// The schema's text: "1.2" … "1.7"; nothing for a version there is no schema of.
std::optional<std::string_view> CycloneDxSchema(std::string_view spec_version);
// What the schemas refer to, by the last part of the reference: "spdx.SNAPSHOT.schema.json", …
std::optional<std::string_view> ReferencedSchema(std::string_view file_name);
// The identifier of a licence or exception in its proper spelling, from the SPDX lists that come with the schemas; the
// name is compared without case.
std::optional<std::string> FindSpdxLicense(std::string_view name);

}  // namespace nachbau::sbom
