// The recipe `script`: commands in the source of a git commit or a tarball. docs/formats/recipe.md
#pragma once

#include "builder/recipe.h"
#include "model/script_recipe.h"

namespace nachbau::builder {

// `source` is the file name of the tarball in kSourceDirectory, `time` what SOURCE_DATE_EPOCH is without a word of the
// recipe. The recipe was parsed, so its name, version and patterns mean nothing to a shell; its commands and variables
// do.
Recipe MakeScriptRecipe(const ScriptRecipe& script, const std::string& source, UnixSeconds time,
                        std::uint32_t parallel);

// From the lock and the store: reads the recipe file and finds the newest time in the source. Throws ParseError for a
// lock that does not name exactly one of each.
Recipe MakeScriptRecipe(const Lock& lock, const Store& store, std::uint32_t parallel);

}  // namespace nachbau::builder
