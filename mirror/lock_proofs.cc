#include "mirror/lock_proofs.h"

#include <optional>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/acquisition.h"
#include "mirror/apt_sources.h"
#include "mirror/clear_signed.h"
#include "mirror/fetch_file.h"
#include "mirror/release_file.h"
#include "mirror/url.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxSmall = 64 << 20;  // bytes: InRelease files, keyrings and recipes

std::string ByHash(const IndexProof& index) {
  return index.path.substr(0, index.path.rfind('/') + 1) + "by-hash/SHA256/" + index.sha256.Hex();
}

class Gatherer {
 public:
  Gatherer(const Lock& lock, const std::filesystem::path& folder, const MirrorConfig& config, Store& store, Progress& progress)
      : lock_(lock), folder_(folder), config_(config), store_(store), progress_(progress) {}

  std::vector<std::string> Gather() {
    for (const LockedFile& recipe : lock_.WithRole(InputRole::kRecipe)) {
      if (const auto text = store_.Has(recipe.sha256) ? std::nullopt : FromFolder(recipe.sha256)) {
        Keep(*text, recipe.file_name, Proof::kPinnedDigest, {});
      }
    }
    if (lock_.build_info && !store_.Has(lock_.build_info->sha256)) {
      if (const auto text = FromFolder(lock_.build_info->sha256)) Keep(*text, ".buildinfo", Proof::kPinnedDigest, {});
    }
    std::vector<bool> here;
    for (const ReleaseProof& release : lock_.releases) here.push_back(GatherRelease(release));
    for (const IndexProof& index : lock_.indexes) {
      if (here.at(index.release) && !store_.Has(index.sha256)) GatherIndex(index, lock_.releases[index.release]);
    }
    return std::move(missing_);
  }

 private:
  std::optional<std::string> FromFolder(const Sha256Digest& sha256) const {
    const std::filesystem::path path = folder_ / sha256.Hex();
    const auto fd = OpenForReadingIfExists(path);
    if (!fd) return std::nullopt;
    std::string bytes = ReadDescriptor(*fd, path.native(), kMaxSmall);
    if (const Sha256Digest actual = Sha256(bytes); actual != sha256) {
      throw IntegrityError(path.native() + ": sha256", sha256.Hex(), actual.Hex());
    }
    return bytes;
  }

  const AptSetup& Setup() {
    if (!setup_) setup_ = ReadAptSetup(config_.apt_root);
    return *setup_;
  }

  // Into the store.
  bool GatherKeyring(const Sha256Digest& sha256) {
    if (store_.Has(sha256)) return true;
    for (const AptArchive& archive : Setup().archives) {
      if (!archive.problem.empty() || Sha256(archive.keyring) != sha256) continue;
      Keep(archive.keyring, "keyring", Proof::kConfigured, {}, (config_.apt_root / "etc/apt").native());
      return true;
    }
    const auto keyring = FromFolder(sha256);
    if (keyring) Keep(*keyring, "keyring", Proof::kPinnedDigest, {});
    return keyring.has_value();
  }

  // Into the store, from the first place that has it. Its URL, or nothing and the first reason why not.
  std::string Download(const ReleaseProof& release, const std::vector<std::string>& paths, std::uint64_t limit,
                       const Sha256Digest& sha256, std::string& reason) {
    for (const std::string& place : PlacesToAsk(Setup(), release.uri)) {
      for (const std::string& path : paths) {
        const std::string url = UrlOf(place, path);
        try {
          DownloadToStore({.place = url, .limit = limit, .sha256 = sha256}, config_, store_, progress_);
          return url;
        } catch (const CancelledError&) {
          throw;
        } catch (const SystemError&) {  // the disk
          throw;
        } catch (const Error& error) {  // not there, out of reach, another file or a larger one
          if (reason.empty()) reason = error.what();
        }
      }
    }
    return {};
  }

  std::optional<std::string> InRelease(const ReleaseProof& release, std::string& from) {
    if (store_.Has(release.in_release)) return store_.Read(release.in_release, kMaxSmall);
    if (auto bytes = FromFolder(release.in_release)) {
      from = (folder_ / release.in_release.Hex()).native();
      return bytes;
    }
    std::string reason;
    from = Download(release, {"dists/" + release.suite + "/InRelease"}, kMaxSmall, release.in_release, reason);
    if (from.empty()) return std::nullopt;  // the archive has another one by now
    return store_.Read(release.in_release, kMaxSmall);
  }

  // The lock brings its own keyring, so a good signature by that one says nothing yet.
  void RequireTrusted(const std::string& message, const ReleaseProof& release, const std::string& name) {
    std::string reasons;
    for (const AptArchive& archive : Setup().archives) {
      if (!archive.problem.empty()) continue;
      try {
        const auto verified = VerifyClearSigned(message, archive.keyring, name, std::nullopt, archive.signed_by);
        RequirePinned(verified.signers, release.uri, release.suite, config_.pinned_keys);
        return;
      } catch (const Error& error) {
        if (reasons.empty()) reasons = error.what();
      }
    }
    Error error(Msg("the lock names a Release file of {} {} that is signed by none of the keys trusted here{}", release.uri,
                    release.suite, reasons.empty() ? "" : ": " + reasons));
    error.SetHint(Msg("make a lock by this machine's own archives: nachbau resolve {}", lock_.source));
    throw error;
  }

  bool GatherRelease(const ReleaseProof& release) {
    const std::string name = release.uri + " " + release.suite;
    if (store_.Has(release.in_release) && store_.Has(release.keyring)) return true;
    std::string from;
    const auto message = InRelease(release, from);
    if (!message) {
      missing_.push_back("the Release file of " + name);
      return false;
    }
    RequireTrusted(*message, release, name);
    if (!GatherKeyring(release.keyring)) {
      missing_.push_back("the keyring of " + name);
      return false;
    }
    Keep(*message, "InRelease", Proof::kSignature, {release.keyring}, from);
    return true;
  }

  void GatherIndex(const IndexProof& index, const ReleaseProof& release) {
    const std::string name = release.uri + " " + release.suite + "/" + index.path;
    const std::string message = store_.Read(release.in_release, kMaxSmall);
    const ReleaseFile listed = ParseRelease(SplitClearSigned(message, name), name);
    const auto entry = listed.files.find(index.path);
    if (entry == listed.files.end() || entry->second.sha256 != index.sha256) return;  // CheckProofs tells of it
    const std::string suite = "dists/" + release.suite + "/";
    std::vector<std::string> paths = {suite + index.path};
    if (listed.acquire_by_hash) paths.insert(paths.begin(), suite + ByHash(index));
    std::string reason;
    if (const std::string url = Download(release, paths, entry->second.size, index.sha256, reason); !url.empty()) {
      Record({index.sha256, entry->second.size, index.path, 0, url, Proof::kRelease, {release.in_release}});
      return;
    }
    missing_.push_back(name + " (" + reason + ")");
  }

  void Keep(const std::string& bytes, const std::string& name, Proof proof, std::vector<Sha256Digest> proven_by,
            std::string from = {}) {
    const Sha256Digest sha256 = Sha256(bytes);
    if (from.empty()) from = (folder_ / sha256.Hex()).native();
    store_.Put(bytes);
    Record({sha256, bytes.size(), name, 0, from, proof, std::move(proven_by)});
  }

  void Record(Acquisition acquisition) const {
    if (config_.clock == nullptr) return;
    acquisition.time = config_.clock->Now();
    AcquisitionLog(config_.state_directory).Append({acquisition});
  }

  const Lock& lock_;
  const std::filesystem::path& folder_;
  const MirrorConfig& config_;
  Store& store_;
  Progress& progress_;
  std::optional<AptSetup> setup_;
  std::vector<std::string> missing_;
};

}  // namespace

std::vector<std::string> GatherProofs(const Lock& lock, const std::filesystem::path& folder, const MirrorConfig& config,
                                      Store& store, Progress& progress) {
  return Gatherer(lock, folder, config, store, progress).Gather();
}

}  // namespace nachbau::mirror
