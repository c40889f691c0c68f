// The chains of proof of a closure once more, from objects alone. As CheckProofs (mirror/mirror.h) does for a lock.
#pragma once

#include <string>
#include <vector>

#include "model/closure.h"
#include "store/store.h"

namespace nachbau::mirror {

// One line per broken link (English, naming the file); empty when all holds. Files without index are no part of it, nor
// those that the closure says are missing.
std::vector<std::string> CheckClosureProofs(const Closure& closure, const Store& store);

}  // namespace nachbau::mirror
