// Packages that went back in version: no attack that a signature shows, but one that a person should see.
#pragma once

#include <string>
#include <vector>

#include "mirror/mirror.h"

namespace nachbau::mirror {

// Of indexes that are in both snapshots and have changed: packages whose highest version is lower than before. Sorted,
// "hello 2.10-3 -> 2.10-2". Packages that are gone are not among them. Indexes that are not held are passed over.
std::vector<std::string> FindStepsBack(const Snapshot& before, const Snapshot& after, const Store& store);

}  // namespace nachbau::mirror
