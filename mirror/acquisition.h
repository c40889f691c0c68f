// Where each object came from: one record per object that the mirror took in, append-only. docs/formats/acquisition.md
//
//   <mirror's state directory>/acquisitions/2026-11.jsonl
//
// One canonical JSON document per line, one file per month (UTC). A line that was cut off by a kill has no newline: it
// is not read, and the next writer cuts it. An object may have several records (fetched again, repaired from a peer).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"

namespace nachbau::mirror {

// Why the bytes were believed.
enum class Proof {
  kSignature,     // a signed Release file, by the keys of a keyring: `proven_by` is the keyring
  kRelease,       // an index: its digest stands in the Release file `proven_by`
  kIndex,         // a file: its digest stands in the index, whose digest stands in the Release file, both `proven_by`
  kPinnedDigest,  // its digest was written down by a person; `proven_by` is the recipe or lock where it stands, if held
  kCommit,        // made from a commit that a person wrote down, or signed
  kSignedFile,    // a detached signature over it, by a pinned key: `proven_by` are signature and key
  kImport,        // came with an export whose proofs were checked: `proven_by` is its manifest
  kRepair,        // its digest was known, its bytes came from a peer
};
std::string_view Name(Proof proof);  // "signature", "release", "index", "pinned-digest", "commit", …

struct Acquisition {
  Sha256Digest sha256;
  std::uint64_t size = 0;                // bytes
  std::string name;                      // file name, or path below the suite for indexes
  UnixSeconds time = 0;                  // when it came
  std::string from;                      // URL or path
  Proof proof = Proof::kIndex;
  std::vector<Sha256Digest> proven_by;   // objects, nearest first
  auto operator<=>(const Acquisition&) const = default;
};
Json ToJson(const Acquisition& acquisition);
Acquisition AcquisitionFromJson(const Json& json, const std::string& place);

class AcquisitionLog {
 public:
  // `state_directory` as in MirrorConfig.
  explicit AcquisitionLog(const std::filesystem::path& state_directory);
  // Durable when it returns. Safe from several threads and processes.
  void Append(const std::vector<Acquisition>& acquisitions) const;
  // All records in the order they were written. A whole line that is none is a ParseError with its file and line.
  void ForEach(const std::function<void(const Acquisition&)>& sink) const;

 private:
  std::filesystem::path directory_;
};

}  // namespace nachbau::mirror
