// Spoils a JSON document in every place, one at a time: what a strict reader must refuse.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace nachbau {

struct SpoiledJson {
  std::string how;  // "without /files/0/size"
  Json json;
};

// Each document that is `good` but for: one member left out (not those in `optional`, JSON pointers with numbers as
// '*'), one member too many in an object, one value of another type. Objects in `free_form` take any members.
std::vector<SpoiledJson> SpoilEverywhere(const Json& good, const std::set<std::string>& optional,
                                         const std::set<std::string>& free_form);

// That `read` refuses each of them with a ParseError whose text begins with "doc". Reports through GoogleTest.
void ExpectAllRefused(const std::vector<SpoiledJson>& spoiled, const std::function<void(const Json&)>& read);

// The golden file's JSON (tests/golden/model/NAME). With NACHBAU_ACCEPT=1 it is written anew from `value`; always
// expects that both are the same bytes.
Json ExpectGolden(const std::string& name, const Json& value);

}  // namespace nachbau
