// A roots file: objects of the store that somebody needs, for whatever reason. docs/formats/roots.md
//
// Whoever keeps references to objects in a form that garbage collection does not know writes one into <home>/roots/.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json.h"

namespace nachbau {

struct Roots {
  std::string name;    // what needs them
  std::string reason;  // for people: shown by 'nachbau store gc --explain'
  std::vector<Sha256Digest> objects;
  auto operator<=>(const Roots&) const = default;
};

Json ToJson(const Roots& roots);
Roots RootsFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
