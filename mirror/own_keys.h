// Whether this machine's own apt configuration trusts Release files that came from elsewhere.
#pragma once

#include <string>
#include <vector>

#include "mirror/apt_sources.h"
#include "model/lock.h"
#include "store/store.h"

namespace nachbau::mirror {

// One line per Release file (English) that no key counts for: there must be an archive configured with its suite (the
// address may be another: mirrors of one archive have several), and a key that this archive may be signed with must
// have signed the InRelease file, which is an object of the store. The keyring that `releases` names plays no part.
std::vector<std::string> CheckByOwnKeys(const std::vector<ReleaseProof>& releases, const AptSetup& setup,
                                        const Store& store);

}  // namespace nachbau::mirror
