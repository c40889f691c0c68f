// Binary packages unpacked once: <cache>/packages/<sha256>/ as UnpackDeb makes it.
#pragma once

#include <filesystem>
#include <vector>

#include "builder/builder.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

// Unpacks what is not in `cache`/packages yet, on all processors. A package is there whole or not at all; several
// processes may do this at once. `locks` is a directory for lock files. Throws ParseError naming a package that is
// malformed, MissingError and IntegrityError as Store::Open does, CancelledError.
void UnpackPackages(const std::vector<LockedFile>& packages, const std::filesystem::path& cache,
                    const std::filesystem::path& locks, const IdMap& map, const BuilderConfig& config,
                    const Store& store, Progress& progress);

}  // namespace nachbau::builder
