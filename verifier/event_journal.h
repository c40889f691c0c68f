// Events on record: signed statements about what was done to a mirror, each an entry of the log. docs/formats/event.md
//
//   <directory>/<log index>.sigstore.json    one bundle each
//   <directory>/.pending.json                a statement that is being recorded
//
// A kill loses no event: the statement is on disk before it is signed, and whoever records next records it again (marked
// `repeated`) unless its bundle is there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/event.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {

struct EventJournal {
  std::filesystem::path directory;
  std::filesystem::path log_directory;
  std::string log_origin;
};

// Signs, enters into the log, keeps the bundle. Returns the log index. One process at a time: blocks on a lock.
std::uint64_t RecordEvent(const MirrorEvent& event, const SigningKey& key, const EventJournal& journal,
                          const Clock& clock);

struct RecordedEvent {
  std::uint64_t index = 0;           // position in the log, as the bundle says
  std::string file;                  // name of the bundle
  std::optional<MirrorEvent> event;  // as signed; nothing where it cannot be read
  std::vector<Finding> findings;     // of the bundle ("attestation.…"), and "event.form"
  bool Verified() const;             // all findings pass
};

// All events in the order of the log. A bundle that is none, or says something else than its name, is listed with a
// finding. Empty where nothing was recorded.
std::vector<RecordedEvent> ListEvents(const std::filesystem::path& directory, const std::vector<TrustedKey>& trusted);

}  // namespace nachbau::verifier
