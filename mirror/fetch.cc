#include <algorithm>

#include "mirror/apt_sources.h"
#include "mirror/download.h"
#include "mirror/mirror.h"
#include "mirror/url.h"

namespace nachbau::mirror {

namespace {

// Into the store, from one place after the other until nothing is missing. What nobody had keeps the last reason.
Downloads DownloadFiles(const Lock& lock, const std::vector<const LockedFile*>& files, const MirrorConfig& config, Store& store,
                        Progress& progress) {
  Downloads all;
  if (files.empty()) return all;
  const AptSetup setup = ReadAptSetup(config.apt_root);
  std::vector<std::vector<std::string>> places;  // by release
  for (const ReleaseProof& release : lock.releases) places.push_back(PlacesToAsk(setup, release.uri));
  for (std::size_t round = 0;; ++round) {
    std::vector<WantedObject> wanted;
    for (const LockedFile* file : files) {
      const IndexProof& index = lock.indexes.at(file->index);
      if (round >= places.at(index.release).size() || store.Has(file->sha256)) continue;
      wanted.push_back({file->sha256, file->size, UrlOf(places[index.release][round], file->path), file->file_name,
                        {index.sha256, lock.releases[index.release].in_release}});
    }
    if (wanted.empty()) return all;
    Downloads some = DownloadObjects(wanted, config, store, progress);
    all.files += some.files;
    all.bytes += some.bytes;
    for (auto& [sha256, reason] : some.reasons) all.reasons[sha256] = std::move(reason);
  }
}

}  // namespace

FetchResult Fetch(Lock& lock, const MirrorConfig& config, Store& store, Progress& progress) {
  FetchResult result;
  const auto url_of = [&](const LockedFile& file) {
    if (!file.Indexed()) return file.path;
    return UrlOf(lock.releases.at(lock.indexes.at(file.index).release).uri, file.path);
  };
  std::vector<const LockedFile*> wanted;
  for (const LockedFile& file : lock.files) {
    if (store.Has(file.sha256)) {
      ++result.files_present;
    } else if (file.Indexed()) {  // others came when the lock was made; no archive has them
      wanted.push_back(&file);
    }
  }
  const Downloads downloads = DownloadFiles(lock, wanted, config, store, progress);
  result.files_fetched = downloads.files;
  result.bytes_fetched = downloads.bytes;
  for (LockedFile& file : lock.files) {
    std::string reason =
        file.Indexed() ? "not held"
        : file.role == InputRole::kReference
            ? "no archive that was searched offers it; its digest is known from the .buildinfo file"
            : "not held; 'nachbau resolve' with the recipe fetches it";
    if (const auto content = store.Find(file.sha256)) {
      if (content->size == file.size) {
        file.sha512 = content->sha512;
        continue;
      }
      reason = "the index names another size than the object has";
    }
    const auto failed = downloads.reasons.find(file.sha256);
    result.missing.push_back({file, url_of(file), failed == downloads.reasons.end() ? reason : failed->second});
  }
  return result;
}

}  // namespace nachbau::mirror
