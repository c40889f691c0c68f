#include "builder/recipe.h"

#include "builder/recipe_debian.h"
#include "builder/recipe_script.h"

namespace nachbau::builder {

Recipe MakeRecipe(const Lock& lock, const Store& store, std::uint32_t parallel) {
  switch (lock.recipe.kind) {
    case RecipeKind::kScript:
      return MakeScriptRecipe(lock, store, parallel);
    case RecipeKind::kDebian:
      break;
  }
  return MakeDebianRecipe(lock, parallel);
}

}  // namespace nachbau::builder
