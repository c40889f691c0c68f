// One file from a URL or a path into the store, known by a digest or not yet known.
#pragma once

#include <optional>
#include <string>

#include "mirror/mirror.h"

namespace nachbau::mirror {

inline constexpr std::uint64_t kMaxDownload = 8ULL << 30;  // bytes

struct DownloadRequest {
  std::string place;                     // http, https or file URL, or a path
  std::uint64_t limit = kMaxDownload;    // bytes
  std::optional<Sha256Digest> sha256 = {};  // what it must be; an object that is held is not fetched again
  std::optional<Sha512Digest> sha512 = {};
};

// True for what is not a path.
bool IsUrl(const std::string& place);

// Retried with back-off. Throws NetworkError, IntegrityError (then nothing is kept), MissingError offline, SystemError.
ContentId DownloadToStore(const DownloadRequest& request, const MirrorConfig& config, Store& store, Progress& progress);

}  // namespace nachbau::mirror
