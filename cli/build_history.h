// How long earlier builds of a source took, from the build records in the workspace's evidence folders.
#pragma once

#include <cstdint>
#include <filesystem>

#include "model/lock.h"

namespace nachbau::cli {

struct BuildHistory {
  std::uint32_t builds = 0;
  std::uint64_t typical_ms = 0;  // their median; 0 without any
};

// Looks at the newest few successful builds of the same source, architecture and profile that ran the package's
// tests, or not, as this one will. A folder that cannot be read is passed over: all this is for is an estimate.
BuildHistory FindBuildHistory(const std::filesystem::path& evidence_folders, const Lock& lock);

}  // namespace nachbau::cli
