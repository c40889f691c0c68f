// What a build finds: the files of the source package, and a directory of its own.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "builder/recipe.h"
#include "builder/sandbox/sandbox.h"
#include "model/lock.h"
#include "store/store.h"

namespace nachbau::builder {

// Puts the lock's source files under their names beneath the new directory `layer`, where the build expects them: a layer of
// the overlay, because the table of mounts inside would name the host's directory of a bind mount. Readable for everyone.
// Throws as Store::Open does, and ParseError for an unsafe or repeated name.
void WriteSourceFiles(const Lock& lock, const Store& store, const std::filesystem::path& layer);

// Makes `upper`, the overlay layer of a build: the build's directory, owned by the build user, `script`, and files that
// stand in place of the root's (path relative to the root → content).
void PrepareUpper(const IdMap& map, const std::filesystem::path& upper, const std::string& script,
                  const std::map<std::string, std::string>& replaced = {},
                  const std::string& build_directory = kBuildDirectory);

inline constexpr const char* kBuildScript = "/build/nachbau-build";

}  // namespace nachbau::builder
