// What a build finds: the files of the source package, and a directory of its own.
#pragma once

#include <filesystem>
#include <string>

#include "builder/sandbox/sandbox.h"
#include "model/lock.h"
#include "store/store.h"

namespace nachbau::builder {

// Puts the lock's source files under their names into the new directory `directory`, readable for everyone. Throws as
// Store::Open does, and ParseError for an unsafe or repeated name.
void WriteSourceFiles(const Lock& lock, const Store& store, const std::filesystem::path& directory);

// Makes `upper`, the overlay layer of a build: the build's directory, owned by the build user, and `script`.
void PrepareUpper(const IdMap& map, const std::filesystem::path& upper, const std::string& script);

inline constexpr const char* kBuildScript = "/build/nachbau-build";

}  // namespace nachbau::builder
