// The append-only log of attestations: an RFC 6962 tree as static files in the C2SP tlog-tiles layout, with a signed
// checkpoint. docs/formats/log.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/progress.h"
#include "base/signature.h"
#include "model/finding.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {

// Where an entry stands, with the proof for it.
struct LogPlace {
  std::uint64_t index = 0;          // 0-based
  std::uint64_t size = 0;           // of the tree that the checkpoint signs
  Sha256Digest root;
  std::vector<Sha256Digest> proof;  // leaf to root
  std::string checkpoint;           // the signed note
};

// Appends one entry (at most 65,535 bytes) and signs the new checkpoint. One writer at a time: blocks on a lock. Durable
// when it returns; killed at any moment, it leaves a log that the next call continues.
//
// Signs nothing that contradicts what was signed before: throws IntegrityError when tiles, entries, state, checkpoint or
// the key's memory do not fit each other, which is how a tampered file or a restored old copy shows.
//
// key_memory  file in which the key keeps the size and hash it last signed for this log; best kept outside of the log's
//             directory, so that not both come from one old backup. Empty path: none.
LogPlace AppendToLog(const std::filesystem::path& directory, const std::string& origin, const Ed25519PrivateKey& key,
                     const std::filesystem::path& key_memory, std::string_view entry);

// Recomputes the tree from the entries and compares it with the tiles and the signed checkpoint (rules "log.…"). Throws
// MissingError when there is no log in `directory`.
std::vector<Finding> VerifyLog(const std::filesystem::path& directory, const std::vector<TrustedKey>& trusted,
                               Progress& progress);

}  // namespace nachbau::verifier
