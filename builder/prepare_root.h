// Prepares one build root in its directory: composes its files and runs its maintainer scripts.
#pragma once

#include <filesystem>
#include <vector>

#include "builder/builder.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

// A finished root that has the first packages of another one.
struct RootToBuildOn {
  std::filesystem::path path;
  Sha256Digest digest;
  std::size_t packages = 0;
};

// In a root that lies on another: the other's digest. In one that could not be put there: why.
inline constexpr const char* kBeneathFile = "beneath";
inline constexpr const char* kAtOnceFile = "at-once";

// Fills the empty directory `root`, which belongs to root inside: base/ and configured/, its layers. `packages` are
// unpacked in `package_path`. With `beneath` the layers belong over those of that root; where something in it stands in
// the way, the root is made of all packages at once, as the packages alone decide. The two files above tell which it
// was. What is half done when it throws is the caller's to remove.
void PrepareIn(const std::filesystem::path& root, const std::vector<LockedFile>& packages, const RootToBuildOn* beneath,
               const std::filesystem::path& package_path, const BuilderConfig& config, const IdMap& map,
               Progress::Task& task);

// The layers of the root in this directory, topmost first, without those beneath.
std::vector<std::filesystem::path> OwnLayers(const std::filesystem::path& root);

}  // namespace nachbau::builder
