// Bringing the indexes up to date, with what that puts on record.
#pragma once

#include <optional>

#include "cli/context.h"

namespace nachbau::cli {

// mirror::Update. On record are: a snapshot that is new; checks that a person switched off; an archive that was refused,
// with the reason. With `always` also that nothing is new. What is taken from snapshots held is no event.
// `at` stands in place of the command line's.
mirror::Snapshot SyncArchives(Context& context, bool always, mirror::UpdateReport* report = nullptr,
                              std::optional<UnixSeconds> at = std::nullopt);

}  // namespace nachbau::cli
