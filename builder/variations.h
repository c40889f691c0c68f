// Deliberate differences between two builds of the same lock. docs/formats/variation.md
//
// The idea and most of the list are those of reprotest(1) and of Debian's reproducible builds; what they vary by wrapping the
// build is a matter of the sandbox here.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/message.h"
#include "builder/recipe.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

struct Variation {
  std::string_view name;  // "build-path"
  Message what;           // "a longer build path"
};
// All that there are, in alphabetical order of their names.
const std::vector<Variation>& Variations();

// Throws UsageError for a name that is none.
void CheckVariations(const std::set<std::string>& chosen);

// Why this machine cannot vary these (name → reason, English); empty when it can vary all.
std::map<std::string, std::string> ImpossibleVariations();

// This user's directory in memory, made if missing, for the variation "file-system". Throws Error where another user was
// there before.
std::filesystem::path MemoryDirectory();

// Files that a variation replaces in the root: path relative to it → content.
using ReplacedFiles = std::map<std::string, std::string>;

// Changes recipe and request as the chosen variations say; `layers` are the root's, topmost first, whose files are taken
// for those that are replaced. "file-system" is left to the caller, who chooses the place of `upper`. Throws UsageError for
// a name that is none.
ReplacedFiles Vary(const std::set<std::string>& chosen, const std::vector<std::filesystem::path>& layers,
                   Recipe& recipe, SandboxRequest& request);

}  // namespace nachbau::builder
