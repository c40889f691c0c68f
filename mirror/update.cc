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
#include "mirror/acquisition.h"
#include "mirror/apt_sources.h"
#include "mirror/archive_state.h"
#include "mirror/clear_signed.h"
#include "mirror/mirror.h"
#include "mirror/parallel.h"
#include "mirror/release_file.h"
#include "mirror/retry.h"
#include "mirror/step_back.h"
#include "mirror/url.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxInRelease = 2 << 20;       // bytes; Debian's has 150 kB
constexpr std::uint64_t kMaxIndex = 1ULL << 30;        // compressed
constexpr std::uint64_t kMaxIndexText = 4ULL << 30;    // decompressed, where the Release file does not say
constexpr UnixSeconds kTolerance = 300;                // seconds an archive's clock may be ahead of ours
constexpr UnixSeconds kDay = 86400;
constexpr int kRestarts = 3;
constexpr std::string_view kTimestamp = "{timestamp}";
constexpr std::array<std::string_view, 4> kCompressions = {".xz", ".zst", ".gz", ""};

struct Accepted {
  AptArchive archive;
  ReleaseFile release;
  ReleaseProof proof;
  std::string left_out;  // English: why it takes no part; empty where it does
  std::vector<Message> warnings;
};

// What the steps of one Update share.
struct Work {
  const MirrorConfig& config;
  Store& store;
  Fetcher& fetcher;
  const ArchiveState& state;
  const AcquisitionLog acquisitions;
  UnixSeconds now = 0;                // of the clock
  UnixSeconds moment = 0;             // as of which everything is judged
  std::optional<UnixSeconds> as_of;   // the same, where it is not now

  void Record(Acquisition acquisition) const {
    acquisition.time = now;
    acquisitions.Append({std::move(acquisition)});
  }
};

// Counts what goes over the line.
class CountingFetcher final : public Fetcher {
 public:
  CountingFetcher(std::unique_ptr<Fetcher> fetcher) : fetcher_(std::move(fetcher)) {}
  void Get(const std::string& url, const TransferOptions& options,
           const std::function<void(std::uint64_t, std::string_view)>& sink) override {
    ++requests;
    fetcher_->Get(url, options, [&](std::uint64_t position, std::string_view piece) {
      bytes += piece.size();
      sink(position, piece);
    });
  }
  std::atomic<std::uint64_t> requests = 0, bytes = 0;

 private:
  std::unique_ptr<Fetcher> fetcher_;
};

std::string Shown(const AptArchive& archive) { return archive.uri + " " + archive.suite; }

std::optional<std::uint32_t> MaxAge(const AptArchive& archive, const MirrorConfig& config) {
  for (const std::string& key : {Shown(archive), archive.suite, std::string()}) {
    if (const auto found = config.max_age_days.find(key); found != config.max_age_days.end()) return found->second;
  }
  return std::nullopt;
}

// Stable suites have no Valid-Until: only their age tells that somebody may be holding updates back.
void CheckAge(const AptArchive& archive, UnixSeconds date, const MirrorConfig& config, UnixSeconds now,
              std::vector<std::string>& overrides, std::vector<Message>& warnings) {
  const auto limit = MaxAge(archive, config);
  if (!limit) return;
  const UnixSeconds age = now - date, allowed = UnixSeconds{*limit} * kDay;
  if (age <= allowed / 2) return;
  if (age <= allowed) {
    warnings.push_back(Msg("{}: the Release file is {} days old, of {} that are allowed", Shown(archive), age / kDay,
                           *limit));
    return;
  }
  if (!config.allow_expired) {
    Error error(Msg("{}: the Release file is of {}, {} days old; {} are allowed", Shown(archive), FormatTime(date),
                    age / kDay, *limit));
    error.SetHint(Msg("the archive stands still, or somebody holds its updates back: ask another mirror of it; allow "
                      "more in nachbau.toml ([mirror] max_age), or accept it for now with --allow-expired (this is "
                      "recorded in the lock)"));
    throw error;
  }
  overrides.push_back("max-age");
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
std::string FetchInRelease(const std::string& url, const Work& work) {
  const TransferOptions options{.limit = kMaxInRelease, .total_seconds = work.config.release_seconds};
  for (int attempt = 0;; ++attempt) {
    try {
      std::string message;
      work.fetcher.Get(url, options, [&](std::uint64_t, std::string_view piece) { message += piece; });
      return message;
    } catch (const NetworkError& error) {
      if (error.status() == 0 || !WorthAnotherTry(error) || attempt + 1 >= kTries) throw;
    }
    BackOff(attempt, work.config);
  }
}

// Fetches and verifies one Release file. Throws where it cannot be had or trusted.
Accepted AcceptRelease(const AptArchive& archive, const Work& work) {
  const MirrorConfig& config = work.config;
  // What an archive was like in the past is no news, and no step back.
  const auto seen = work.as_of ? std::nullopt : work.state.Find(archive.uri, archive.suite);
  // An archive that took part before must not quietly stay away: its updates would be missing.
  const bool needed = seen && IsOurs(seen->origin, config);
  const std::string url = UrlOf(archive.uri, "dists/" + archive.suite + "/InRelease");
  Accepted accepted{archive, {}, {}, archive.problem, {}};
  if (!archive.problem.empty()) {
    if (needed) throw Error(Msg("{}: {}", Shown(archive), archive.problem));
    return accepted;
  }
  std::string message;
  try {
    message = FetchInRelease(url, work);
  } catch (const NetworkError& error) {
    if (needed) throw;
    accepted.left_out = error.what();
    return accepted;
  }
  VerifiedText verified;
  try {
    verified = VerifyClearSigned(message, archive.keyring, url, work.moment, archive.signed_by);
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
  RequirePinned(verified.signers, archive.uri, archive.suite, config.pinned_keys);
  ReleaseProof& proof = accepted.proof;
  CheckTimes(archive, accepted.release, seen, config, work.moment, proof.overrides);
  CheckAge(archive, accepted.release.date, config, work.moment, proof.overrides, accepted.warnings);
  proof.uri = archive.uri;
  proof.suite = archive.suite;
  proof.origin = accepted.release.origin;
  proof.codename = accepted.release.codename;
  proof.date = accepted.release.date;
  proof.valid_until = accepted.release.valid_until;
  proof.as_of = work.as_of;
  proof.signers = config.pinned_keys.keys.empty() ? verified.signers
                                                  : config.pinned_keys.Counting(verified.signers, archive.suite);
  proof.in_release = Sha256(message);
  proof.keyring = Sha256(archive.keyring);
  const bool new_release = !work.store.Has(proof.in_release), new_keyring = !work.store.Has(proof.keyring);
  work.store.Put(message);
  work.store.Put(archive.keyring);
  if (new_keyring) {
    work.Record({proof.keyring, archive.keyring.size(), "keyring", 0, (config.apt_root / "etc/apt").native(),
                 Proof::kConfigured, {}});
  }
  if (new_release) {
    work.Record({proof.in_release, message.size(), archive.suite + "/InRelease", 0, url, Proof::kSignature,
                 {proof.keyring}});
  }
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

// What an archive answers that was changed since its Release file was fetched: nothing there, or more than was expected.
bool MayHaveChanged(const NetworkError& error) {
  return error.status() == 404 || (error.status() >= 200 && error.status() < 300);
}

// `checked`: objects whose text was found right by an earlier run.
Sha256Digest FetchIndex(const Accepted& accepted, const Wanted& wanted, const std::set<Sha256Digest>& checked,
                        const Work& work, Progress::Task& task) {
  Store& store = work.store;
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
        FetchInto(store, by_hash, entry, work.fetcher, work.config, task);
        held = true;
        url = by_hash;
      } catch (const NetworkError& error) {
        if (!MayHaveChanged(error)) throw;
      }
    }
    if (!held) FetchInto(store, url, entry, work.fetcher, work.config, task);
    work.Record({entry.sha256, entry.size, accepted.archive.suite + "/" + wanted.path, 0, url, Proof::kRelease,
                 {accepted.proof.in_release}});
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

// "20260131T120000Z", as dated archives have it in their URLs.
std::string Timestamp(UnixSeconds time) {
  std::string text = FormatTime(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

bool IsDated(const AptArchive& archive) { return archive.uri.find(kTimestamp) != archive.uri.npos; }

AptArchive AsOf(AptArchive archive, UnixSeconds time) {
  for (std::size_t at; (at = archive.uri.find(kTimestamp)) != archive.uri.npos;) {
    archive.uri.replace(at, kTimestamp.size(), Timestamp(time));
  }
  return archive;
}

Snapshot CheckedPins(Snapshot snapshot, const MirrorConfig& config) {
  for (const ReleaseProof& release : snapshot.releases) {
    RequirePinned(release.signers, release.uri, release.suite, config.pinned_keys);
  }
  return snapshot;
}

// The newest that is held of that moment or before. Of two of the same moment the one that came when it was.
std::optional<Snapshot> FindHeldAt(const ArchiveState& state, UnixSeconds at, bool dated_too) {
  std::optional<Snapshot> best;
  for (HeldSnapshot& held : state.Snapshots()) {
    if (held.snapshot.as_of && !dated_too) continue;
    if (held.snapshot.as_of.value_or(held.snapshot.time) > at) continue;
    best = std::move(held.snapshot);
  }
  return best;
}

[[noreturn]] void NothingHeldAt(const ArchiveState& state, UnixSeconds at) {
  const auto held = state.Snapshots();
  MissingError error(held.empty() ? Msg("no snapshot of the archives is held yet")
                                  : Msg("no snapshot of {} or before is held; the oldest one is of {}", FormatTime(at),
                                        FormatTime(held.front().snapshot.as_of.value_or(held.front().snapshot.time))));
  error.SetHint(Msg("'nachbau mirror snapshots' lists them; for older ones configure an archive whose URL has a "
                    "time in it ({timestamp}, see docs/formats/snapshot.md)"));
  throw error;
}

Snapshot HeldAt(const ArchiveState& state, const MirrorConfig& config) {
  auto held = FindHeldAt(state, *config.at, true);
  if (!held) NothingHeldAt(state, *config.at);
  return CheckedPins(std::move(*held), config);
}

// Lower versions under a newer Release file: only who signs the archive can do that, so it is no error.
void WarnOfStepsBack(const ArchiveState& state, const Snapshot& snapshot, const Store& store, std::vector<Message>& warnings) {
  std::vector<std::string> steps;
  try {
    if (const auto before = state.NewestSnapshot()) steps = FindStepsBack(*before, snapshot, store);
  } catch (const ParseError&) {  // a damaged snapshot of before; it is made anew
  }
  if (steps.empty()) return;
  warnings.push_back(Msg("{} packages have a lower version than in the snapshot before, among them {}", steps.size(),
                         steps.front()));
}

// True when one of the archives shows another Release file by now.
bool ChangedMeanwhile(const std::vector<Accepted>& accepted, const Work& work) {
  return std::any_of(accepted.begin(), accepted.end(), [&](const Accepted& one) {
    try {
      const std::string url = UrlOf(one.archive.uri, "dists/" + one.archive.suite + "/InRelease");
      return Sha256(FetchInRelease(url, work)) != one.proof.in_release;
    } catch (const NetworkError&) {
      return false;
    }
  });
}

// Those that take part; why the others do not is in `snapshot`.
std::vector<Accepted> AcceptReleases(const std::vector<AptArchive>& archives, const Work& work, Progress& progress,
                                     Snapshot& snapshot) {
  std::vector<Accepted> results(archives.size());
  const auto task = progress.Start(Msg("Checking {} archives", archives.size()), Unit::kItems, archives.size());
  ForEachInParallel(
      archives.size(),
      [&](std::size_t i) {
        results[i] = AcceptRelease(archives[i], work);
        task->Advance(1);
      },
      std::max(1U, work.config.connections));
  task->Succeed();
  std::vector<Accepted> accepted;
  for (Accepted& result : results) {
    if (result.left_out.empty()) {
      accepted.push_back(std::move(result));
    } else {
      snapshot.left_out.push_back(Shown(result.archive) + ": " + result.left_out);
    }
  }
  return accepted;
}

void FetchIndexes(const std::vector<Accepted>& accepted, const std::string& architecture, const Work& work,
                  Progress& progress, Snapshot& snapshot) {
  std::vector<Wanted> wanted;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < accepted.size(); ++i) {
    for (Wanted& index : IndexesOf(accepted[i], i, architecture)) {
      total += accepted[i].release.files.find(index.path)->second.size;
      wanted.push_back(std::move(index));
    }
  }
  const std::set<Sha256Digest> checked = CheckedBefore(work.state);
  std::vector<Sha256Digest> objects(wanted.size());
  const auto task = progress.Start(Msg("Fetching indexes"), Unit::kBytes, total);
  ForEachInParallel(
      wanted.size(),
      [&](std::size_t i) { objects[i] = FetchIndex(accepted[wanted[i].release], wanted[i], checked, work, *task); },
      std::max(1U, work.config.connections));
  task->Succeed();
  for (const Accepted& release : accepted) snapshot.releases.push_back(release.proof);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    snapshot.indexes.push_back({{static_cast<std::uint32_t>(wanted[i].release), wanted[i].path, objects[i]},
                                wanted[i].component, wanted[i].architecture});
  }
}

// Of archives without a time in their URL: what is held of them from that moment or before.
void AddHeld(const std::vector<AptArchive>& archives, const Work& work, Snapshot& snapshot) {
  if (archives.empty()) return;
  const auto held = FindHeldAt(work.state, *work.as_of, false);
  for (const AptArchive& archive : archives) {
    const auto known = held ? std::find_if(held->releases.begin(), held->releases.end(),
                                           [&](const ReleaseProof& release) {
                                             return release.uri == archive.uri && release.suite == archive.suite;
                                           })
                            : std::vector<ReleaseProof>::const_iterator();
    if (!held || known == held->releases.end()) {
      snapshot.left_out.push_back(Shown(archive) + ": nothing is held of it from that time");
      continue;
    }
    RequirePinned(known->signers, known->uri, known->suite, work.config.pinned_keys);
    const auto from = static_cast<std::uint32_t>(known - held->releases.begin());
    for (const SnapshotIndex& index : held->indexes) {
      if (index.proof.release != from) continue;
      snapshot.indexes.push_back(index);
      snapshot.indexes.back().proof.release = static_cast<std::uint32_t>(snapshot.releases.size());
    }
    snapshot.releases.push_back(*known);
  }
}

}  // namespace

bool HasDatedArchives(const MirrorConfig& config) {
  const AptSetup setup = ReadAptSetup(config.apt_root);
  return std::any_of(setup.archives.begin(), setup.archives.end(), IsDated);
}

Snapshot Update(const MirrorConfig& config, Store& store, const Clock& clock, Progress& progress,
                UpdateReport* report) {
  UpdateReport unwanted;
  UpdateReport& told = report == nullptr ? unwanted : *report;
  ArchiveState state(config.state_directory);
  if (config.offline) {
    told.unchanged = true;
    if (config.at) return HeldAt(state, config);
    if (auto snapshot = state.NewestSnapshot()) return CheckedPins(std::move(*snapshot), config);
    MissingError error(Msg("no snapshot of the archives is held yet"));
    error.SetHint(Msg("run the same command once without --offline"));
    throw error;
  }
  AptSetup setup = ReadAptSetup(config.apt_root);
  const auto first_plain = std::stable_partition(setup.archives.begin(), setup.archives.end(), IsDated);
  std::vector<AptArchive> dated(setup.archives.begin(), first_plain), plain(first_plain, setup.archives.end());
  if (config.at && dated.empty()) {
    told.unchanged = true;
    return HeldAt(state, config);
  }
  const UnixSeconds now = clock.Now();
  const UnixSeconds moment = config.at ? std::min(*config.at, now) : now;
  const std::string architecture = config.architecture.empty() ? setup.architecture : config.architecture;
  CountingFetcher fetcher(MakeFetcher(setup.proxies, config.cancelled));
  const Work work{config, store,  fetcher, state,
                  AcquisitionLog(config.state_directory), now, moment, config.at ? std::optional(moment) : std::nullopt};
  std::vector<AptArchive> archives;
  if (config.at) {
    for (const AptArchive& archive : dated) archives.push_back(AsOf(archive, moment));
  } else {
    archives = plain;
  }

  Snapshot snapshot;
  std::vector<Accepted> accepted;
  for (;;) {
    snapshot = {};
    snapshot.time = snapshot.confirmed = now;
    snapshot.as_of = work.as_of;
    accepted = AcceptReleases(archives, work, progress, snapshot);
    for (const AptArchive& archive : dated) {
      if (!config.at) snapshot.left_out.push_back(Shown(archive) + ": has a time in its URL; takes part with --at alone");
    }
    if (accepted.empty()) NothingUsable(snapshot.left_out, config);
    std::exception_ptr failure;
    try {
      FetchIndexes(accepted, architecture, work, progress, snapshot);
      break;
    } catch (const IntegrityError&) {
      failure = std::current_exception();
    } catch (const NetworkError& error) {
      if (!MayHaveChanged(error)) throw;
      failure = std::current_exception();
    }
    // Indexes of yesterday under a Release file of today: of one archive that is a change in between.
    if (told.restarts == kRestarts || !ChangedMeanwhile(accepted, work)) std::rethrow_exception(failure);
    ++told.restarts;
    progress.Note(Msg("an archive changed while its indexes were fetched; beginning anew"));
  }
  std::vector<Message> warnings;
  if (config.at) {
    AddHeld(plain, work, snapshot);
  } else {
    WarnOfStepsBack(state, snapshot, store, warnings);
  }
  told.unchanged = state.Accept(snapshot);
  if (told.unchanged) snapshot.time = state.NewestSnapshot().value_or(snapshot).time;
  told.requests = fetcher.requests;
  told.bytes = fetcher.bytes;
  for (const Accepted& one : accepted) warnings.insert(warnings.end(), one.warnings.begin(), one.warnings.end());
  for (const Message& warning : warnings) progress.Note(warning);
  told.warnings = std::move(warnings);
  return snapshot;
}

}  // namespace nachbau::mirror
