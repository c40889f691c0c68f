// Writes a repository for apt as static files: packages of the store, indexes, a signed Release file.
// docs/formats/published-repository.md
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/progress.h"
#include "mirror/release_signer.h"
#include "store/store.h"

namespace nachbau::mirror {

// A binary package or a .dsc; the other files of a source are named by its .dsc.
struct PublishedObject {
  Sha256Digest sha256;
  std::string file_name;  // "hello_1.0-1_amd64.deb"
  std::string component = "main";
  auto operator<=>(const PublishedObject&) const = default;
};

struct PublishRequest {
  std::filesystem::path directory;         // of the repository: new, empty, or one that Publish wrote
  std::string suite = "nachbau";           // other suites of the repository stay as they are
  std::string origin = "Nachbau";          // Release fields Origin and Label
  std::vector<std::string> architectures;  // for which there are indexes even if no package is of them
  std::vector<PublishedObject> objects;
  std::int64_t valid_seconds = 14 * 86'400;  // Valid-Until, from now
  std::int64_t keep_seconds = 7 * 86'400;    // how long files that went out of use stay
  bool hard_links = false;                   // share the store's files instead of copying them
  std::filesystem::path roots_directory;     // where the objects in use are registered
  const std::atomic<bool>* cancelled = nullptr;
};

struct PublishResult {
  std::string fingerprint;  // of the key that signed
  UnixSeconds date = 0, valid_until = 0;
  std::vector<std::string> components, architectures;
  std::uint64_t binaries = 0, sources = 0;         // in the indexes
  std::uint64_t files_added = 0, bytes_added = 0;  // to the pool
  std::uint64_t files_removed = 0;                 // from it
  std::vector<std::string> left_out;               // English: "hello_1.0-1.dsc: hello_1.0.orig.tar.xz is not held"
};

// A reader of the repository sees the suite as it was or as it is now, never anything between, also when this is
// killed: pool files first, then the suite is made aside and exchanged with the old one (renameat2 RENAME_EXCHANGE).
//
// Throws UsageError for a directory that holds something else; Error for two different files of one package, version
// and architecture, and for a clock behind the suite's date (apt would silently stay with what it has); MissingError
// where there is nothing to publish; IntegrityError where the store's bytes are damaged.
PublishResult Publish(const PublishRequest& request, Store& store, ReleaseSigner& signer, const Clock& clock,
                      Progress& progress);

// True for letters, digits, '+', '-', '.', '_' and '~', not beginning with '.' or '-': safe as one part of a path.
bool IsSuiteName(std::string_view name);

}  // namespace nachbau::mirror
