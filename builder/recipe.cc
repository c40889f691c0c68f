#include "builder/recipe.h"

#include "base/error.h"
#include "builder/recipe_debian.h"

namespace nachbau::builder {

Recipe MakeRecipe(const Lock& lock, const Store&, std::uint32_t parallel) {
  if (lock.recipe.kind == RecipeKind::kScript) throw MissingError(Msg("script"));
  return MakeDebianRecipe(lock, parallel);
}

}  // namespace nachbau::builder
