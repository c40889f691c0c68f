// Files that Git LFS keeps beside a repository, by its batch API (git-lfs, docs/api/batch.md).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "mirror/git_object.h"
#include "mirror/mirror.h"

namespace nachbau::mirror {

// Where one large file is to be had, as a server answers.
struct LargeFileAction {
  std::string sha256;
  std::string url;                   // empty where it is not to be had
  std::vector<std::string> headers;  // "Name: value", to be sent with the request
  std::string reason;                // English, why it is not to be had
};
// The server's answer. Throws ParseError for one that is none.
std::vector<LargeFileAction> ParseLargeFileAnswer(std::string_view text, std::string_view name);

// Fetches those that the store does not have, each checked by its SHA-256 and size: over http and https from
// ORIGIN/info/lfs, of a repository on this machine from its lfs/objects. Returns why (English) for each that cannot be
// had, by SHA-256. Throws CancelledError, SystemError.
std::map<std::string, std::string> FetchLargeFiles(const std::string& origin, const std::vector<LargeFilePointer>& files,
                                                   const MirrorConfig& config, Store& store, Progress& progress);

}  // namespace nachbau::mirror
