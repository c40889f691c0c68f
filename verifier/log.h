// The append-only log of attestations: an RFC 6962 tree as static files in the C2SP tlog-tiles layout.
#pragma once

#include <filesystem>
#include <vector>

#include "base/progress.h"
#include "model/finding.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {

// Recomputes the tree from the entries and compares it with the tiles and the signed checkpoint (rules "log.…").
std::vector<Finding> VerifyLog(const std::filesystem::path& directory, const std::vector<TrustedKey>& trusted,
                               Progress& progress);

}  // namespace nachbau::verifier
