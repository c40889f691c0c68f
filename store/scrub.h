// Scrubbing: looks for objects whose bytes are no longer what their name says, oldest check first, and puts them out of
// use. docs/formats/store.md
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "store/store.h"

namespace nachbau {

struct ScrubRequest {
  const Clock* clock = nullptr;   // required: when an object was checked is remembered
  std::uint64_t rate = 0;         // bytes per second; 0: as fast as disk and processors go
  std::uint64_t max_seconds = 0;  // begins no object after that; the next run goes on there. 0: no limit
  std::int64_t older_than = 0;    // seconds: leaves out what was checked since then. 0: checks everything
  bool from_disk = true;          // past the page cache, where the file system can
  const std::atomic<bool>* cancelled = nullptr;
};

struct ScrubDamage {
  std::optional<Sha256Digest> sha256;  // nothing: a file that is no object
  std::string path;                    // of the file as it was, relative to the store
  std::string detail;                  // English: "content has sha256 …", "cannot be read: …"
  std::string quarantined;             // where it lies now, relative to the store; empty: left where it is
};

struct ScrubResult {
  std::uint64_t objects = 0;       // checked now
  std::uint64_t bytes = 0;
  std::uint64_t left = 0;          // not checked, because time was up
  std::uint64_t recent = 0;        // left out by older_than
  std::optional<UnixSeconds> oldest;  // of all objects, the longest time ago that one was checked; nothing: one never was
  std::vector<ScrubDamage> damages;   // sorted by path
  // Objects that the index knows and that are neither in objects/ nor in the trash: nobody collected them. Sorted.
  std::vector<Sha256Digest> vanished;
};

// A damaged object is moved to quarantine/, never deleted, so that the good bytes can take its place. Killed at any
// moment, it goes on where it was, but for the last seconds. Throws SystemError, CancelledError.
ScrubResult Scrub(Store& store, const ScrubRequest& request, Progress& progress);

}  // namespace nachbau
