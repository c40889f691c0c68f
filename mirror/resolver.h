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

// Build profiles of a build, sorted: those asked for, and nocheck unless the tests are to run. Throws UsageError.
std::vector<std::string> ActiveProfiles(const ResolveRequest& request);

// The recipe as asked for, without what only the archive tells.
LockedRecipe RecipeFor(const ResolveRequest& request);

// Tells that less is built than was asked for.
struct ResolvedSource;
void NoteBinNmu(const ResolvedSource& resolved, const ResolveRequest& request, const std::string& architecture,
                Progress& progress);

// The version of the binary packages where it is that of a binNMU of this source version ("1.0-1+b2"): the highest
// among the references that are for an architecture. Empty otherwise.
std::string FindBinNmu(const std::vector<LockedFile>& references, const std::string& source_version);

}  // namespace nachbau::mirror
