// The proofs of a lock that was made elsewhere: brought into this mirror, where it never saw them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "mirror/mirror.h"
#include "model/lock.h"
#include "store/store.h"

namespace nachbau::mirror {

// Puts into the store what it does not hold of the Release files, keyrings, indexes and recipes that the lock names:
// Release files, keyrings and recipes from `folder` (an evidence folder's proofs/, files named by their SHA-256; need not
// exist), keyrings from the apt configuration, Release files and indexes from the lock's archives (indexes by hash:
// DebianRepository/Format, "indices acquisition via hashsums"). A Release file comes in only when a key signed it that
// apt on this machine trusts and, where keys are pinned, a pinned one. Returns what could not be had, English, one each;
// that is no error, but the lock's files are then proven by nobody here. Throws Error for a Release file that nobody
// trusted here signed, IntegrityError for a damaged file of the folder, CancelledError.
std::vector<std::string> GatherProofs(const Lock& lock, const std::filesystem::path& folder, const MirrorConfig& config,
                                      Store& store, Progress& progress);

}  // namespace nachbau::mirror
