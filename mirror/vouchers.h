// Who vouches for a source package beside the archive: the maintainer who signed its .dsc, and upstream where the package
// has upstream's signature. Additional proof: nothing is believed or refused for it. docs/formats/vouchers.md
#pragma once

#include <filesystem>
#include <vector>

#include "base/clock.h"
#include "mirror/file_signature.h"
#include "model/lock.h"
#include "model/voucher.h"
#include "store/store.h"

namespace nachbau::mirror {

// Where Debian keeps the keys of its developers (package debian-keyring), below `root`.
std::vector<std::filesystem::path> DebianKeyrings(const std::filesystem::path& root);

// Of the source that a lock builds, from files in the store. `keyrings` that do not exist are passed over; where none
// does, that is told. What cannot be looked at stands in `problems`; throws SystemError and IntegrityError only.
Vouchers FindVouchers(const Lock& lock, const std::vector<std::filesystem::path>& keyrings, const Store& store,
                      const Clock& clock);

}  // namespace nachbau::mirror
