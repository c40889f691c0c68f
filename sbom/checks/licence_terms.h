// What stands in the place of a licence, judged by TR-03183-2, 6.1: an SPDX expression of identifiers of the SPDX list, or
// of references "LicenseRef-<entity>-<name>".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nachbau::sbom {

struct LicenceTerms {
  bool empty = false;       // nothing, NONE or NOASSERTION: no licence is stated
  bool malformed = false;   // no expression at all
  std::vector<std::string> unknown;    // neither on the SPDX list nor a reference; the first few
  std::vector<std::string> unentitled; // references that name no entity: "LicenseRef-x"
};
LicenceTerms ReadLicenceTerms(std::string_view terms);

}  // namespace nachbau::sbom
