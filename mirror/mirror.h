// The front door of the mirror: from the machine's apt configuration to a lock, and from a lock to bytes in the store.
//
//   snapshot = Update(…)      signed Release files and indexes of every archive, verified, into the store
//   lock     = Resolve(…)     source package + build environment, by libapt-pkg, from the snapshot alone
//   result   = Fetch(…)       every file of the lock into the store, each checked by size and SHA-256
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "model/finding.h"
#include "model/lock.h"
#include "model/script_recipe.h"
#include "store/store.h"

namespace nachbau::mirror {

struct MirrorConfig {
  // Root of the apt configuration that names the archives: "/" is the machine's own. For tests, and for a workspace
  // with its own etc/apt.
  std::filesystem::path apt_root = "/";
  // Origins (Release field Origin) whose archives take part. Others on the machine are left alone, reachable or not.
  std::vector<std::string> origins = {"Debian"};
  std::string architecture;                        // Debian architecture; empty: the machine's own
  std::filesystem::path state_directory;           // what was last seen of each archive; locks for several processes
  bool allow_expired = false;                      // overrides; recorded in the lock
  bool allow_rollback = false;
  std::uint32_t connections = 6;                   // parallel downloads
  std::uint32_t processes = 0;                     // that resolve many sources; 0: one for each processor
  bool offline = false;                            // contact nothing: use the newest snapshot held
  const Clock* clock = nullptr;                    // dates the records of what came from where; null: none are kept
  const std::atomic<bool>* cancelled = nullptr;    // looked at while working; true ends the work (CancelledError)
};

// One index as verified: the object is the compressed file as received.
struct SnapshotIndex {
  IndexProof proof;
  std::string component;
  std::string architecture;  // "amd64", "all", "source"
};

// An archive's (here: all archives') indexes at one moment.
struct Snapshot {
  UnixSeconds time = 0;
  std::vector<ReleaseProof> releases;
  std::vector<SnapshotIndex> indexes;
  // Archives that were configured but left out, and why (English): other origin, unreachable and not needed …
  std::vector<std::string> left_out;
};

// Fetches and verifies the signed indexes. Throws ParseError, NetworkError, IntegrityError or Error, each naming the
// archive and the file, when a needed archive cannot be had or trusted; nothing of a refused archive is kept.
Snapshot Update(const MirrorConfig& config, Store& store, const Clock& clock, Progress& progress);

struct ResolveRequest {
  std::string source;        // source package, or a binary package's name (then its source is taken)
  std::string version;       // empty: the highest in the snapshot
  bool with_environment_sources = true;
  bool with_tests = false;  // without: build profile nocheck; dependencies marked <!nocheck> are not needed then
  std::vector<std::string> build_profiles;  // further ones ("nodoc")
  BuildParts parts = BuildParts::kAll;
  std::string profile = kMatchProfile;
};

// Resolves source package and build environment as a Debian build daemon would. Where the archive's binary packages are
// of a binNMU, so is what the lock asks for: then its parts are those of the architecture alone, because the others
// keep their version. Throws MissingError when the source or a dependency does not exist, naming the chain that leads
// to it; UsageError for build profiles that are none or contradict with_tests.
Lock Resolve(const ResolveRequest& request, const Snapshot& snapshot, const MirrorConfig& config, Store& store,
             Progress& progress);

struct ScriptRequest {
  ScriptRecipe recipe;
  std::string text;  // of the recipe file, whose digest the lock names
  std::string file;  // its path, for messages; paths in the recipe are relative to where it is
  bool with_environment_sources = true;
};

// Resolves the environment of a recipe file, and gets its source: a commit as tarball, or a tarball checked by its
// digest. Source and recipe are objects of the store then, so the lock is complete. Throws as Resolve and Fetch do,
// ParseError naming the recipe and the line for a dependency that is none, IntegrityError for another tarball.
Lock ResolveScript(const ScriptRequest& request, const Snapshot& snapshot, const MirrorConfig& config, Store& store,
                   Progress& progress);

struct MissingFile {
  LockedFile file;
  std::string url;
  std::string reason;  // English: "404 Not Found", "wrong size: …"
};
struct FetchResult {
  std::uint64_t files_fetched = 0;
  std::uint64_t files_present = 0;
  std::uint64_t bytes_fetched = 0;
  std::vector<MissingFile> missing;  // in lock order
};

// Downloads what the store does not have yet; several connections, resumed where cut, retried with back-off. Fills in
// LockedFile::sha512. A file that cannot be had is in `missing`, not an exception: whether that is bad depends on its
// role. With config.offline nothing is contacted.
FetchResult Fetch(Lock& lock, const MirrorConfig& config, Store& store, Progress& progress);

// Of a binNMU: takes the entry of debian/changelog from one of the references, which carries it as
// usr/share/doc/PACKAGE/changelog.Debian.ARCHITECTURE.gz, into lock.recipe. Nothing happens where that is not needed or
// known already. False when none of the references held has it: then the build would make another version.
bool CompleteBinNmu(Lock& lock, const Store& store);

// Proves every file of the lock again from the store alone: InRelease signature against the keyring object, index
// digest in the Release file, file digest and size in the index, bytes in the store. One line per broken link (English,
// naming the file); empty when all holds.
std::vector<std::string> CheckProofs(const Lock& lock, const Store& store);

// The same from a folder that holds InRelease files and keyrings under their SHA-256 (an evidence folder's proofs/):
// signatures and the indexes' digests in the Release files. What needs the indexes themselves is kUnknown only when
// nothing at all could be checked; else the finding says how far the proof reaches.
std::vector<Finding> CheckProofsIn(const Lock& lock, const std::filesystem::path& proofs);

// Of a build by script: whether the source is what the recipe names, by the recipe object from `read` (nothing where it
// is not at hand). For a tarball its digest says so. For a commit it was so when the lock was made, and that is
// kUnknown here: the reason tells how to see for oneself. Empty for source packages, whose files the indexes prove.
std::vector<Finding> CheckScriptSource(const Lock& lock,
                                       const std::function<std::optional<std::string>(const Sha256Digest&)>& read);

}  // namespace nachbau::mirror
