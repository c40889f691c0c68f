// Getting objects back whose digests are known: from other stores, or from where they once came.
//
// Nobody is trusted: what comes must have the digest.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/http.h"
#include "base/progress.h"
#include "store/store.h"

namespace nachbau {

struct LostObject {
  Sha256Digest sha256;
  std::uint64_t size = 0;         // bytes, where known; else 0
  std::vector<std::string> urls;  // where it once came from
};

struct Repaired {
  Sha256Digest sha256;
  std::uint64_t size = 0;
  std::string from;                   // path or URL; empty: could not be had
  std::vector<std::string> failures;  // English, one per place that did not help: "https://…: 404 Not Found"
};

// `peers` are other stores, tried in this order before the objects' own URLs: a directory, or the http, https or file URL
// of one that is served as static files (objects/ab/cdef…). Several objects at once. Sorted as `lost`. Throws what the
// store throws when it cannot be written; CancelledError.
std::vector<Repaired> Repair(Store& store, const std::vector<LostObject>& lost, const std::vector<std::string>& peers,
                             Fetcher& fetcher, const std::atomic<bool>* cancelled, Progress& progress);

}  // namespace nachbau
