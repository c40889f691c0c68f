// Downloads objects whose size and digest are known.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/progress.h"
#include "mirror/mirror.h"
#include "store/store.h"

namespace nachbau::mirror {

struct WantedObject {
  Sha256Digest sha256;
  std::uint64_t size = 0;  // bytes
  std::string url;
  std::string name;                     // for the record
  std::vector<Sha256Digest> proven_by;  // for the record: index, Release file
};

struct Downloads {
  std::uint64_t files = 0;  // that came
  std::uint64_t bytes = 0;  // of these
  std::unordered_map<Sha256Digest, std::string> reasons;  // English; of each that could not be had: why
};

// Into the store, what it does not have yet, each object once (from its first URL), in this order: several connections,
// resumed where cut, retried with back-off, put on record. With config.offline nothing is contacted. Throws what is no
// matter of one file: the disk, CancelledError.
Downloads DownloadObjects(const std::vector<WantedObject>& wanted, const MirrorConfig& config, Store& store,
                          Progress& progress);

}  // namespace nachbau::mirror
