#include "sbom/schema.h"

#include <set>
#include <string>

#include "base/json.h"

namespace nachbau::sbom {

// Generated at build time (sbom/CMakeLists.txt) from the npm package that carries the official schemas.
namespace schemas {
std::string_view Bom12();
std::string_view Bom13();
std::string_view Bom14();
std::string_view Bom15();
std::string_view Bom16();
std::string_view Bom17();
std::string_view Spdx();
std::string_view Jsf();
std::string_view Cryptography();
}  // namespace schemas

std::optional<std::string_view> CycloneDxSchema(std::string_view spec_version) {
  if (spec_version == "1.2") return schemas::Bom12();
  if (spec_version == "1.3") return schemas::Bom13();
  if (spec_version == "1.4") return schemas::Bom14();
  if (spec_version == "1.5") return schemas::Bom15();
  if (spec_version == "1.6") return schemas::Bom16();
  if (spec_version == "1.7") return schemas::Bom17();
  return std::nullopt;
}

std::optional<std::string_view> ReferencedSchema(std::string_view file_name) {
  if (file_name.starts_with("spdx.")) return schemas::Spdx();
  if (file_name.starts_with("jsf-")) return schemas::Jsf();
  if (file_name.starts_with("cryptography-defs.")) return schemas::Cryptography();
  return std::nullopt;
}

bool IsSpdxLicense(std::string_view identifier) {
  static const std::set<std::string, std::less<>> known = [] {
    std::set<std::string, std::less<>> identifiers;
    for (const Json& item : ParseJson(schemas::Spdx(), "spdx.schema.json").at("enum")) {
      identifiers.insert(item.get<std::string>());
    }
    return identifiers;
  }();
  return known.contains(identifier);
}

}  // namespace nachbau::sbom
