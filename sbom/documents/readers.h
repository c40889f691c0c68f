// One reader per family of formats; they fill the view in `bom` from `bom.document`. ParseBom chooses.
#pragma once

#include <string>
#include <string_view>

#include "sbom/documents/bom.h"

namespace nachbau::sbom {

void ReadCycloneDx(Bom& bom);  // specVersion is one of 1.2 to 1.7
void ReadSpdx2(Bom& bom);      // SPDX-2.2, SPDX-2.3
void ReadSpdx3(Bom& bom);      // 3.0.0, 3.0.1

// Appends a component, after checking kMaxBomElements. Throws ParseError.
BomComponent& AddComponent(Bom& bom, std::string pointer);
// In the view a component has one parent: the first that contains it. What would make a cycle, or too deep a tree, is
// left out. Positions in bom.components.
void PutInto(Bom& bom, std::size_t parent, std::size_t child);
// "SHA512", "sha-512", "sha3_256" … as CycloneDX spells it; what is none of these as found.
std::string HashAlgorithmName(std::string_view text);
// "/" and "~" of a key in a JSON pointer (RFC 6901).
std::string PointerTo(const std::string& parent, std::string_view key);
std::string PointerTo(const std::string& parent, std::size_t index);

}  // namespace nachbau::sbom
