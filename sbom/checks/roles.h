// Which component is delivered, which is a group, which is outside.
#pragma once

#include <string_view>

#include "sbom/checks/sheet.h"

namespace nachbau::sbom {

// CycloneDX has no marker for a logical component (TR-03183-2, 3.2.2) or, before 1.7, for one outside of what is
// delivered. These properties mark them; their meaning is part of docs/formats/conformance.md.
inline constexpr std::string_view kKindProperty = "nachbau:component:kind";
inline constexpr std::string_view kExternalProperty = "nachbau:component:external";  // "true"

enum class Kind { kUnmarked, kLogical, kExternal, kOther };
Kind KindOf(std::string_view property_value);
bool IsSourceKind(std::string_view property_value);  // logical, of source code

// Sets Subject::role of all, walking from the primary component.
void SettleRoles(Sheet& sheet);

// Positions reached from the primary component over dependencies and parts; as long as `subjects`. Without a primary
// component nothing is reached.
std::vector<bool> Reached(const Sheet& sheet);

}  // namespace nachbau::sbom
