// The recipe `debian`: how a Debian build daemon builds a source package.
#pragma once

#include "builder/recipe.h"

namespace nachbau::builder {

// As lock.recipe says: build profiles, parts, the changelog entry of a binNMU. Throws MissingError when the lock names
// no .dsc, or a binNMU without its entry; ParseError when it names two, or for a source, version, file name or build
// profile that is none.
Recipe MakeDebianRecipe(const Lock& lock, std::uint32_t parallel);

}  // namespace nachbau::builder
