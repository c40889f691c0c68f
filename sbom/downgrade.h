// CycloneDX 1.7 written as 1.6, for readers that know no more.
#pragma once

#include "base/json.h"

namespace nachbau::sbom {

constexpr const char* kLeftOut = "nachbau:cyclonedx-1.6:left-out";

// What 1.6 has no word for stays as a property where there may be one ("nachbau:component:external",
// "nachbau:component:version-range", "nachbau:licence:declared" …); the rest is left out, and properties of the
// document named kLeftOut say what and how often. The serial number is another one, derived
// from the first.
//
// 1.6 allows one licence expression. Of several the concluded one stays; where each is a single SPDX identifier all do.
//
// Throws Error for a document that is not CycloneDX 1.7. A valid document gives a valid one.
Json ToCycloneDx16(const Json& document);

}  // namespace nachbau::sbom
