// Finds source packages in a snapshot's Sources indexes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mirror/debian_source.h"
#include "mirror/package_index.h"

namespace nachbau::mirror {

struct NumberedIndex {
  std::uint32_t index = 0;  // 0-based into Snapshot::indexes
  std::shared_ptr<const PackageIndex> packages;
};

struct FoundSource {
  DebianSource source;
  std::uint32_t index = 0;  // 0-based into Snapshot::indexes: where it stands
};

// All versions of a source package: highest version first, equal versions in the order of the indexes.
std::vector<FoundSource> FindSources(const std::vector<NumberedIndex>& sources, std::string_view name);

// Exactly this version, from the first index that has it.
std::optional<FoundSource> FindSource(const std::vector<NumberedIndex>& sources, std::string_view name,
                                      std::string_view version);

// The source that a binary package is built from: that of its highest version. Nothing when no index has the package.
std::optional<std::string> FindSourceOfBinary(const std::vector<NumberedIndex>& binaries, std::string_view name);

// The source to build. `wanted` is a source package's name, or else a binary package's; `version` may be empty (the
// highest; one that is only kept because something was built using it comes last). `binaries` is called only when no
// source has the name. Throws MissingError saying which versions there are, or which names are alike.
FoundSource ChooseSource(const std::vector<NumberedIndex>& sources,
                         const std::function<std::vector<NumberedIndex>()>& binaries, const std::string& wanted,
                         const std::string& version);

// Up to three of `names` that a person may have meant, nearest first. Both are compared without regard to case.
std::vector<std::string> FindSimilarNames(std::string_view wanted, const std::vector<std::string_view>& names);

}  // namespace nachbau::mirror
