// The outcome of a check as CycloneDX declarations ("CDXA", since 1.6): for auditors' tools.
#pragma once

#include <string>

#include "base/json.h"
#include "model/conformance.h"

namespace nachbau::sbom {

// A CycloneDX 1.7 document of its own: the guidelines as definitions.standards, each clause a requirement; one claim for
// each clause with its reason; the places found as evidence; attestations that map requirements to claims or, where a
// clause fails, to counter claims. The score is 1 or 0; what cannot be judged has none, and what is open is said.
//
// assessor  who checks, as to be named; empty: the program itself is named.
// Deterministic: a function of its arguments. Its time is that of the checked document.
Json Declare(const Conformance& conformance, const std::string& assessor);

}  // namespace nachbau::sbom
