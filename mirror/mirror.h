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
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "model/archive_keys.h"
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
  // The keys that the workspace has pinned. With none, those count that apt is told to trust.
  ArchiveKeys pinned_keys;
  // How old a Release file may be, in days: by "URI SUITE", by suite, and "" for all others. Without an entry any age will
  // do. An archive that stands still looks just like one whose updates somebody holds back.
  std::map<std::string, std::uint32_t> max_age_days;
  std::filesystem::path products_directory;        // see product_list.h; empty: what is mirrored there plays no part
  bool allow_expired = false;                      // overrides; recorded in the lock
  bool allow_rollback = false;
  std::uint32_t connections = 6;                   // parallel downloads
  std::uint32_t release_seconds = 300;             // how long a Release file may take to come; slowness too is an attack
  std::uint32_t processes = 0;                     // that resolve many sources; 0: one for each processor
  bool offline = false;                            // contact nothing: use the newest snapshot held
  std::optional<UnixSeconds> at;                   // as of this moment, see Update
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
  UnixSeconds confirmed = 0;           // when the archives were last found to be like this; not before `time`
  std::optional<UnixSeconds> as_of;    // of archives whose URL carries a time: that time
  std::vector<ReleaseProof> releases;
  std::vector<SnapshotIndex> indexes;
  // Archives that were configured but left out, and why (English): other origin, unreachable and not needed …
  std::vector<std::string> left_out;
};

// What an Update did, for the record.
struct UpdateReport {
  bool unchanged = false;              // the same as the newest snapshot
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;             // received
  std::uint32_t restarts = 0;          // the archive changed in between: all over again
  std::vector<Message> warnings;       // for people; they have been shown as notes
};

// Fetches and verifies the signed indexes. Throws ParseError, NetworkError, IntegrityError or Error, each naming the
// archive and the file, when a needed archive cannot be had or trusted; nothing of a refused archive is kept. Where an
// archive changes while its indexes are fetched, everything is begun anew, at most three times.
//
// With config.at the newest snapshot held of that moment or before is taken, and nothing is contacted; but archives whose
// base URL has a `{timestamp}` are fetched as of then (20260131T120000Z put in its place): expiry of signatures, keys and
// Release files is judged as of that moment, which the proof says (as_of). They take part with config.at only. Throws
// MissingError saying from when on snapshots are held.
Snapshot Update(const MirrorConfig& config, Store& store, const Clock& clock, Progress& progress,
                UpdateReport* report = nullptr);

// A snapshot held, and the digest of its file.
struct HeldSnapshot {
  std::filesystem::path file;  // relative to config.state_directory
  Snapshot snapshot;
};
// Oldest first, those of archives with a time in their URL by that time. The objects they name are needed as long as they
// are held.
std::vector<HeldSnapshot> HeldSnapshots(const MirrorConfig& config);

// Throws Error unless enough of the workspace's keys are among the good signers of a Release file. No pins: nothing.
void RequirePinned(const std::vector<std::string>& signers, const std::string& uri, const std::string& suite,
                   const ArchiveKeys& pinned);

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

// A .buildinfo file (deb-buildinfo(5)) as what to build: not an environment like it, but exactly that one.
struct BuildInfoRequest {
  std::string text;  // of the file, with its signature where it has one
  std::string name;  // its path, for messages
  std::vector<std::string> keyrings;  // contents of files of keys that may have signed it, binary or armored
  bool with_environment_sources = true;
  std::string profile = kMatchProfile;
};
struct BuildInfoResult {
  Lock lock;                         // complete when nothing is missing
  std::vector<std::string> missing;  // "libc6 2.36-9", "source hello 2.10-3": in no snapshot
  std::uint32_t snapshots = 0;       // that were looked through
};
// Looks in the snapshots that `next` hands out, one after another, for every package that was installed, by name and
// version, and for the source; asks for no more of them once all is found. Path, variables, profiles and parts of the
// build are in the lock's recipe. References are the packages that the file says were built: those by the digests it
// names, in an index or not. Beside what the file records there is fakeroot, where the archive offers it. Throws
// ParseError for a malformed file; Error where its signature is bad.
BuildInfoResult ResolveBuildInfo(const BuildInfoRequest& request, const std::function<std::optional<Snapshot>()>& next,
                                 const MirrorConfig& config, Store& store, UnixSeconds now, Progress& progress);
// True when the apt configuration has an archive with `{timestamp}` in its URL.
bool HasDatedArchives(const MirrorConfig& config);

// The moment of the build, as the file says; nothing where it does not. Throws as above.
std::optional<UnixSeconds> BuildDateOf(const BuildInfoRequest& request);

// Of a lock made from a .buildinfo file: whether its references are those of the file, and what that file is worth, read
// as CheckScriptSource reads. Empty for other locks.
std::vector<Finding> CheckBuildInfo(const Lock& lock,
                                    const std::function<std::optional<std::string>(const Sha256Digest&)>& read);

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

// Downloads what the store does not have yet; several connections, resumed where cut, retried with back-off. From the
// lock's archives; where those are none of this machine's, from this machine's first (see PlacesToAsk). Fills in
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
