// Takes what a build made out of its tree, without trusting it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "builder/recipe.h"
#include "builder/sandbox/sandbox.h"
#include "model/artifact.h"
#include "store/store.h"

namespace nachbau::builder {

struct Outputs {
  std::vector<Artifact> artifacts;  // sorted by name
  std::string problem;              // English, one line: why the build has not succeeded after all; empty when all is well
};

// To be called when no process of the build is left. Takes .deb, .udeb, .buildinfo and .changes files directly in the
// build directory of the overlay layer `upper`: opened beneath it, no links followed, only regular files that have no
// other name; copied into the store while hashing. Then CheckChanges. Throws SystemError when the machine fails.
// With `output_directory` (Recipe::output_directory): every file in that directory of the build directory; there must
// be one, and nothing that is no file.
Outputs CollectOutputs(const IdMap& map, const std::filesystem::path& upper, Store& store,
                       const std::string& output_directory = "",
                       const std::string& build_directory = kBuildDirectory);

// The .changes file (deb-changes(5)) must name exactly the other artifacts, with their SHA-256 digests and sizes. Returns
// what is wrong, or nothing.
std::string CheckChanges(std::string_view changes, const std::string& changes_name,
                         const std::vector<Artifact>& artifacts);

}  // namespace nachbau::builder
