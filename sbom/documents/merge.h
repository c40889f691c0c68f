// Several SBOMs as one CycloneDX 1.7 document.
//
// Components that say the same about the same thing become one; whatever says something else, be it only about the
// licence, stays a component of its own (BSI TR-03183-2 v2.1.0, section 8.1.13). The order of the inputs does not
// matter.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/message.h"
#include "sbom/documents/bom.h"

namespace nachbau::sbom {

struct MergeInput {
  Bom bom;
  ContentId content;  // of the file
};

struct MergeProduct {
  std::string name;  // empty: the inputs' own product, which must then be the same in all
  std::string version;
};

struct MergeResult {
  Json document;
  std::size_t components = 0;       // in the result
  std::size_t components_read = 0;  // in all inputs together
  std::size_t kept_apart = 0;       // with a purl that another component of the result has too
  std::vector<Message> losses;      // what could not be taken over
};

// Throws UsageError when no product is named and the inputs are about several; Error when the result would not be
// valid.
MergeResult Merge(const std::vector<MergeInput>& inputs, const MergeProduct& product);

}  // namespace nachbau::sbom
