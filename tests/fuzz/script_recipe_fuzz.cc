// A recipe file: read or refused; what is read is safe to stand in a shell's quotes and in a path.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "model/script_recipe.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(script_recipe) {
  try {
    const auto recipe = nachbau::ParseScriptRecipe({reinterpret_cast<const char*>(data), size}, "recipe.toml");
    if (recipe.commands.empty() || recipe.outputs.empty() || recipe.git.empty() == recipe.tarball.empty())
      __builtin_trap();
    for (const std::string& text : {recipe.name, recipe.version, recipe.Origin()}) {
      if (text.empty() || text.find_first_of("'\"\\$`\n ") != text.npos) __builtin_trap();
    }
    for (const std::string& pattern : recipe.outputs) {
      if (pattern.front() == '/' || ("/" + pattern + "/").find("/../") != pattern.npos ||
          pattern.find_first_of("'\"\\$`;&|\n ") != pattern.npos) {
        __builtin_trap();
      }
    }
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
