// Garbage collection: what no root needs goes to the store's trash, and from there, later, for good.
//
// Safe beside processes that use the store, at any moment, and when killed at any moment (docs/formats/store.md). The
// store does not know what needs what: the caller says what lives. What is under a legal hold (store/holds.h) stays in
// any case.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "store/store.h"

namespace nachbau {

struct CollectRequest {
  UnixSeconds now = 0;
  std::int64_t grace_seconds = 7 * 86'400;  // objects that somebody began to rely on since then stay
  std::int64_t trash_seconds = 7 * 86'400;  // what lies in the trash for longer is deleted
  bool remove = false;                      // without: only says what would go
  // Which objects must stay. Called once, after what is in use was noted: what becomes needed later is young.
  std::function<std::unordered_set<Sha256Digest>()> live;
  const std::atomic<bool>* cancelled = nullptr;
};

struct CollectedObject {
  Sha256Digest sha256;
  std::uint64_t size = 0;  // bytes
  auto operator<=>(const CollectedObject&) const = default;
};

struct ObjectCount {
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
  auto operator<=>(const ObjectCount&) const = default;
};

struct CollectResult {
  // Sorted. Without CollectRequest::remove: what would be.
  std::vector<CollectedObject> set_aside;  // moved to the trash
  std::vector<CollectedObject> deleted;    // from the trash, for good
  std::vector<CollectedObject> restored;   // from the trash, because something needs them again
  ObjectCount live;      // needed by roots
  ObjectCount held;      // kept by legal holds alone
  ObjectCount young;     // in use, or within the grace period
  ObjectCount waiting;   // left in the trash, including what was set aside now
};

// Throws Error when another collection runs, what CollectRequest::live or the holds throw (then nothing was changed),
// SystemError, CancelledError.
CollectResult Collect(Store& store, const CollectRequest& request, Progress& progress);

}  // namespace nachbau
