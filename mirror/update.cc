// From the apt configuration to a snapshot: signed Release files and the indexes they list.
//
// Everything is fetched and verified first, then the snapshot and what was seen are written: a refused archive, a cut
// connection or a kill leaves the previous state. Objects that were fetched stay in the store; they are what they are.
#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "base/archive.h"
#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/http.h"
#include "mirror/apt_sources.h"
#include "mirror/archive_state.h"
#include "mirror/clear_signed.h"
#include "mirror/mirror.h"
#include "mirror/release_file.h"
#include "mirror/retry.h"
#include "mirror/url.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxInRelease = 2 << 20;       // bytes; Debian's has 150 kB
constexpr std::uint64_t kMaxIndex = 1ULL << 30;        // compressed
constexpr std::uint64_t kMaxIndexText = 4ULL << 30;    // decompressed, where the Release file does not say
constexpr UnixSeconds kTolerance = 300;                // seconds an archive's clock may be ahead of ours
constexpr std::array<std::string_view, 4> kCompressions = {".xz", ".zst", ".gz", ""};

struct Accepted {
  AptArchive archive;
  ReleaseFile release;
  ReleaseProof proof;
  std::string left_out;  // English: why it takes no part; empty where it does
};

std::string Shown(const AptArchive& archive) { return archive.uri + " " + archive.suite; }

// Work on several threads; the first exception wins.
void ForEach(std::size_t count, std::uint32_t threads, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  {
    std::vector<std::jthread> pool;
    for (std::uint32_t i = 0; i < std::max<std::uint32_t>(1, std::min<std::uint32_t>(threads, static_cast<std::uint32_t>(count))); ++i) {
      pool.emplace_back([&] {
        try {
          for (std::size_t k = next++; k < count; k = next++) work(k);
        } catch (...) {
          const std::lock_guard lock(mutex);
          if (!failure) failure = std::current_exception();
          next = count;
        }
      });
    }
  }
  if (failure) std::rethrow_exception(failure);
}

void CheckTimes(const AptArchive& archive, const ReleaseFile& release, const std::optional<SeenRelease>& seen,
                const MirrorConfig& config, UnixSeconds now, std::vector<std::string>& overrides) {
  if (release.date > now + kTolerance) {
    throw Error(Msg("{}: the Release file is dated in the future: {}", Shown(archive), FormatTime(release.date)));
  }
  if (release.valid_until && *release.valid_until < now) {
    if (!config.allow_expired) {
      Error error(Msg("{}: the Release file was valid until {} and has expired", Shown(archive),
                      FormatTime(*release.valid_until)));
      error.SetHint(Msg("the mirror behind this address is stale; use another one, or accept it for now with "
                        "--allow-expired (this is recorded in the lock)"));
      throw error;
    }
    overrides.push_back("valid-until");
  }
  if (seen && release.date < seen->date) {
    if (!config.allow_rollback) {
      Error error(Msg("{}: the Release file is of {}, older than the one of {} seen before", Shown(archive),
                      FormatTime(release.date), FormatTime(seen->date)));
      error.SetHint(Msg("somebody may be hiding updates, or the mirror was reset; accept it with --allow-rollback "
                        "(this is recorded in the lock)"));
      throw error;
    }
    overrides.push_back("rollback");
  }
}

void CheckSuite(const AptArchive& archive, const ReleaseFile& release) {
  // "bookworm-security" is called so in the sources; older archives' Suite or Codename lack the suffix part after '/'.
  const std::string wanted = archive.suite.substr(0, archive.suite.find('/'));
  if (wanted == release.codename || wanted == release.suite) return;
  throw Error(Msg("{}: the Release file is of another suite: {} ({})", Shown(archive), Printable(release.suite),
                  Printable(release.codename)));
}

bool IsOurs(const std::string& origin, const MirrorConfig& config) {
  return std::find(config.origins.begin(), config.origins.end(), origin) != config.origins.end();
}

// What a message says of itself without proof. Good for nothing but leaving an archive alone.
std::string ClaimedOrigin(std::string_view message) {
  constexpr std::string_view kField = "Origin: ";
  while (!message.empty()) {
    const std::string_view line = message.substr(0, message.find('\n'));
    if (line.starts_with(kField)) return std::string(Trim(line.substr(kField.size())));
    message.remove_prefix(std::min(line.size() + 1, message.size()));
  }
  return {};
}

// A server that is busy is asked again; one that does not answer at all is not waited for.
std::string FetchInRelease(const std::string& url, Fetcher& fetcher, const MirrorConfig& config) {
  for (int attempt = 0;; ++attempt) {
    try {
      return fetcher.GetWhole(url, kMaxInRelease);
    } catch (const NetworkError& error) {
      if (error.status() == 0 || !WorthAnotherTry(error) || attempt + 1 >= kTries) throw;
    }
    BackOff(attempt, config);
  }
}

// Fetches and verifies one Release file. Throws where it cannot be had or trusted.
Accepted AcceptRelease(const AptArchive& archive, Fetcher& fetcher, const ArchiveState& state,
                       const MirrorConfig& config, Store& store, UnixSeconds now) {
  const auto seen = state.Find(archive.uri, archive.suite);
  // An archive that took part before must not quietly stay away: its updates would be missing.
  const bool needed = seen && IsOurs(seen->origin, config);
  const std::string url = UrlOf(archive.uri, "dists/" + archive.suite + "/InRelease");
  Accepted accepted{archive, {}, {}, archive.problem};
  if (!archive.problem.empty()) {
    if (needed) throw Error(Msg("{}: {}", Shown(archive), archive.problem));
    return accepted;
  }
  std::string message;
  try {
    message = FetchInRelease(url, fetcher, config);
  } catch (const NetworkError& error) {
    if (needed) throw;
    accepted.left_out = error.what();
    return accepted;
  }
  VerifiedText verified;
  try {
    verified = VerifyClearSigned(message, archive.keyring, url, now, archive.signed_by);
    accepted.release = ParseRelease(verified.text, url);
  } catch (const Error& error) {
    const std::string origin = ClaimedOrigin(message);
    if (needed || origin.empty() || IsOurs(origin, config)) throw;
    accepted.left_out = error.what();
    return accepted;
  }
  if (!IsOurs(accepted.release.origin, config)) {  // its suite and its times are nobody's business
    accepted.left_out = "origin " + Printable(accepted.release.origin);
    if (!needed) return accepted;
    throw Error(Msg("{}: the Release file was of origin {} before and is of origin {} now", Shown(archive),
                    seen->origin, Printable(accepted.release.origin)));
  }
  CheckSuite(archive, accepted.release);
  ReleaseProof& proof = accepted.proof;
  CheckTimes(archive, accepted.release, seen, config, now, proof.overrides);
  proof.uri = archive.uri;
  proof.suite = archive.suite;
  proof.origin = accepted.release.origin;
  proof.codename = accepted.release.codename;
  proof.date = accepted.release.date;
  proof.valid_until = accepted.release.valid_until;
  proof.signers = verified.signers;
  proof.in_release = store.Put(message).sha256;
  proof.keyring = store.Put(archive.keyring).sha256;
  return accepted;
}

struct Wanted {
  std::size_t release = 0;  // into the accepted ones
  std::string path;         // the compressed file, as in the Release file
  std::string plain;        // its path without compression
  std::string component, architecture;
};

void Want(const Accepted& accepted, std::size_t release, const std::string& plain, const std::string& component,
          const std::string& architecture, std::vector<Wanted>& wanted) {
  for (const std::string_view compression : kCompressions) {
    const std::string path = plain + std::string(compression);
    if (accepted.release.files.contains(path)) {
      wanted.push_back({release, path, plain, component, architecture});
      return;
    }
  }
}

// Packages of the architecture (and of "all" where these are listed apart), and Sources.
std::vector<Wanted> IndexesOf(const Accepted& accepted, std::size_t release, const std::string& architecture) {
  std::vector<Wanted> wanted;
  const auto& offered = accepted.release.architectures;
  for (const std::string& component : accepted.archive.components) {
    Want(accepted, release, component + "/binary-" + architecture + "/Packages", component, architecture, wanted);
    if (std::find(offered.begin(), offered.end(), "all") != offered.end()) {
      Want(accepted, release, component + "/binary-all/Packages", component, "all", wanted);
    }
    Want(accepted, release, component + "/source/Sources", component, "source", wanted);
  }
  return wanted;
}

// The decompressed text must be what the Release file says too: a decompressor is no place for surprises.
void CheckText(const Store& store, const Accepted& accepted, const Wanted& wanted, const Sha256Digest& object,
               const std::string& url) {
  if (wanted.path == wanted.plain) return;
  const auto listed = accepted.release.files.find(wanted.plain);
  const std::uint64_t limit = listed == accepted.release.files.end() ? kMaxIndexText : listed->second.size;
  ContentHasher hasher;
  DecompressPieces(store.Open(object), url, limit, [&](std::string_view piece) { hasher.Update(piece); });
  const ContentId content = hasher.Finish();
  if (listed != accepted.release.files.end() && content.sha256 != listed->second.sha256) {
    throw IntegrityError(url + " decompressed: sha256", listed->second.sha256.Hex(), content.sha256.Hex());
  }
}

void FetchInto(Store& store, const std::string& url, const ReleaseEntry& entry, Fetcher& fetcher,
               const MirrorConfig& config, Progress::Task& task) {
  for (int attempt = 0;; ++attempt) {
    try {
      Store::Writer writer = store.StartWriting();
      fetcher.Get(url, {.limit = std::min(entry.size, kMaxIndex)}, [&](std::uint64_t, std::string_view piece) {
        writer.Write(piece);
        task.Advance(piece.size());
      });
      if (writer.size() != entry.size) {
        throw IntegrityError(url + ": size", std::to_string(entry.size), std::to_string(writer.size()));
      }
      writer.Commit(url, entry.sha256);
      return;
    } catch (const NetworkError& error) {
      if (!WorthAnotherTry(error) || attempt + 1 >= kTries) throw;
    }
    BackOff(attempt, config);
  }
}

// `checked`: objects whose text was found right by an earlier run.
Sha256Digest FetchIndex(const Accepted& accepted, const Wanted& wanted, const std::set<Sha256Digest>& checked,
                        Fetcher& fetcher, const MirrorConfig& config, Store& store, Progress::Task& task) {
  const ReleaseEntry& entry = accepted.release.files.find(wanted.path)->second;
  const std::string directory = "dists/" + accepted.archive.suite + "/";
  std::string url = UrlOf(accepted.archive.uri, directory + wanted.path);
  if (store.Has(entry.sha256)) {
    task.Advance(entry.size);
    if (checked.contains(entry.sha256)) return entry.sha256;
  } else {
    bool held = false;
    if (accepted.release.acquire_by_hash) {
      const std::string by_hash =
          UrlOf(accepted.archive.uri,
                directory + wanted.path.substr(0, wanted.path.rfind('/')) + "/by-hash/SHA256/" + entry.sha256.Hex());
      try {
        FetchInto(store, by_hash, entry, fetcher, config, task);
        held = true;
      } catch (const NetworkError& error) {
        if (error.status() != 404) throw;
      }
    }
    if (!held) FetchInto(store, url, entry, fetcher, config, task);
  }
  CheckText(store, accepted, wanted, entry.sha256, url);
  return entry.sha256;
}

// The indexes of the newest snapshot. That one cannot be read is no reason not to make another.
std::set<Sha256Digest> CheckedBefore(const ArchiveState& state) {
  std::set<Sha256Digest> checked;
  try {
    if (const auto newest = state.NewestSnapshot()) {
      for (const SnapshotIndex& index : newest->indexes) checked.insert(index.proof.sha256);
    }
  } catch (const ParseError&) {
  }
  return checked;
}

[[noreturn]] void NothingUsable(const std::vector<std::string>& left_out, const MirrorConfig& config) {
  std::string reasons;
  for (const std::string& reason : left_out) reasons += (reasons.empty() ? "" : "; ") + reason;
  std::string origins;
  for (const std::string& origin : config.origins) origins += (origins.empty() ? "" : ", ") + origin;
  MissingError error(Msg("no archive of origin {} can be used: {}", origins,
                         reasons.empty() ? std::string("none is configured") : reasons));
  error.SetHint(Msg("the archives come from the apt configuration (/etc/apt/sources.list and sources.list.d); choose "
                    "another origin with --origin"));
  throw error;
}

}  // namespace

std::string UrlOf(std::string_view uri, std::string_view path) {
  return std::string(uri) + "/" + PercentEncode(path, "/+:");
}

Snapshot Update(const MirrorConfig& config, Store& store, const Clock& clock, Progress& progress) {
  ArchiveState state(config.state_directory);
  if (config.offline) {
    if (auto snapshot = state.NewestSnapshot()) return *snapshot;
    MissingError error(Msg("no snapshot of the archives is held yet"));
    error.SetHint(Msg("run the same command once without --offline"));
    throw error;
  }
  AptSetup setup = ReadAptSetup(config.apt_root);
  const std::string architecture = config.architecture.empty() ? setup.architecture : config.architecture;
  const auto fetcher = MakeFetcher(setup.proxies, config.cancelled);
  const UnixSeconds now = clock.Now();

  Snapshot snapshot;
  snapshot.time = now;
  std::vector<Accepted> results(setup.archives.size());
  {
    const auto task = progress.Start(Msg("Checking {} archives", setup.archives.size()), Unit::kItems, setup.archives.size());
    ForEach(setup.archives.size(), config.connections, [&](std::size_t i) {
      results[i] = AcceptRelease(setup.archives[i], *fetcher, state, config, store, now);
      task->Advance(1);
    });
    task->Succeed();
  }
  std::vector<Accepted> accepted;
  for (Accepted& result : results) {
    if (result.left_out.empty()) {
      accepted.push_back(std::move(result));
    } else {
      snapshot.left_out.push_back(Shown(result.archive) + ": " + result.left_out);
    }
  }
  if (accepted.empty()) NothingUsable(snapshot.left_out, config);

  std::vector<Wanted> wanted;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < accepted.size(); ++i) {
    for (Wanted& index : IndexesOf(accepted[i], i, architecture)) {
      total += accepted[i].release.files.find(index.path)->second.size;
      wanted.push_back(std::move(index));
    }
  }
  const std::set<Sha256Digest> checked = CheckedBefore(state);
  std::vector<Sha256Digest> objects(wanted.size());
  const auto task = progress.Start(Msg("Fetching indexes"), Unit::kBytes, total);
  ForEach(wanted.size(), config.connections, [&](std::size_t i) {
    objects[i] = FetchIndex(accepted[wanted[i].release], wanted[i], checked, *fetcher, config, store, *task);
  });
  task->Succeed();
  for (const Accepted& release : accepted) snapshot.releases.push_back(release.proof);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    snapshot.indexes.push_back({{static_cast<std::uint32_t>(wanted[i].release), wanted[i].path, objects[i]},
                                wanted[i].component, wanted[i].architecture});
  }
  state.Accept(snapshot);
  return snapshot;
}

}  // namespace nachbau::mirror
