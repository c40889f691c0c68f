// From a snapshot to a lock. The front door is Resolve in mirror/mirror.h; here are the pieces its tests look at.
#pragma once

#include <string>
#include <vector>

#include "mirror/debian_source.h"
#include "mirror/mirror.h"

namespace nachbau::mirror {

// The architecture to resolve for: the configured one, else the only one that the snapshot has binary packages of, else
// the machine's own (dpkg).
std::string ChooseArchitecture(const MirrorConfig& config, const Snapshot& snapshot);

// Build profiles of a build: nocheck unless the tests are to run.
std::vector<std::string> ActiveProfiles(const ResolveRequest& request);

}  // namespace nachbau::mirror
