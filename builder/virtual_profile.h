// The profile `virtual`: a build in a machine that is the same everywhere. docs/formats/build.md, docs/decisions/0027-observer.md
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "builder/recipe.h"
#include "builder/sandbox/sandbox.h"
#include "model/lock.h"
#include "store/store.h"

namespace nachbau::builder {

inline constexpr std::uint32_t kVirtualProcessors = 4;
// The variations (builder/variations.h) that no machine brings about under this profile: their values are part of it.
inline constexpr std::array<std::string_view, 6> kFixedByVirtualProfile = {"address-layout", "date",   "directory-order",
                                                                           "kernel",         "processor-model", "processors"};

// When the source was released: of the newest entry of debian/changelog, or SOURCE_DATE_EPOCH where the recipe sets it.
// Throws ParseError for a source without either.
UnixSeconds ReleaseTime(const Lock& lock, const Recipe& recipe, const Store& store);

// Sets what the command shall see, and the seeds of the hash tables of Perl and Python.
void UseVirtualMachine(UnixSeconds clock, Recipe& recipe, SandboxRequest& request);

}  // namespace nachbau::builder
