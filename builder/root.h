// Build roots: unpacked packages and configured trees, cached. docs/decisions/0025-build-roots.md
#pragma once

#include <filesystem>
#include <vector>

#include "builder/builder.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

// A root ready for use: overlay layers, topmost first, never written again.
struct RootLayers {
  PreparedRoot prepared;
  std::vector<std::filesystem::path> lower;
  std::filesystem::path cache;  // on whose file system upper layers should lie
};

// Finds the root of the lock's environment in the cache or makes it. Several processes may do so at once.
RootLayers MakeRoot(const Lock& lock, const BuilderConfig& config, const IdMap& map, const Store& store,
                    Progress& progress);

// Of what a root is made of: the packages in their order, and whether their owners are kept.
Sha256Digest RootDigest(const std::vector<LockedFile>& packages, const IdMap& map);

}  // namespace nachbau::builder
