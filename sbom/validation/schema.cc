#include "sbom/validation/schema.h"

#include <map>

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

std::optional<std::string> FindSpdxLicense(std::string_view name) {
  const auto lower = [](std::string_view text) {
    std::string result(text);
    for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return result;
  };
  static const std::map<std::string, std::string> known = [&] {
    std::map<std::string, std::string> identifiers;
    const Json schema = ParseJson(schemas::Spdx(), "spdx.schema.json");
    for (const Json& item : schema.at("enum")) {
      const auto identifier = item.get<std::string>();
      identifiers.emplace(lower(identifier), identifier);
    }
    return identifiers;
  }();
  const auto found = known.find(lower(name));
  if (found == known.end()) return std::nullopt;
  return found->second;
}

}  // namespace nachbau::sbom
