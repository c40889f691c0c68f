#include <algorithm>

#include "mirror/download.h"
#include "mirror/mirror.h"
#include "mirror/url.h"

namespace nachbau::mirror {

FetchResult Fetch(Lock& lock, const MirrorConfig& config, Store& store, Progress& progress) {
  FetchResult result;
  const auto url_of = [&](const LockedFile& file) {
    if (!file.Indexed()) return file.path;
    return UrlOf(lock.releases.at(lock.indexes.at(file.index).release).uri, file.path);
  };
  std::vector<WantedObject> wanted;
  for (const LockedFile& file : lock.files) {
    if (store.Has(file.sha256)) {
      ++result.files_present;
    } else if (file.Indexed()) {  // others came when the lock was made; no archive has them
      const IndexProof& index = lock.indexes.at(file.index);
      wanted.push_back({file.sha256, file.size, url_of(file), file.file_name,
                        {index.sha256, lock.releases.at(index.release).in_release}});
    }
  }
  const Downloads downloads = DownloadObjects(wanted, config, store, progress);
  result.files_fetched = downloads.files;
  result.bytes_fetched = downloads.bytes;
  for (LockedFile& file : lock.files) {
    std::string reason = file.Indexed() ? "not held" : "not held; 'nachbau resolve' with the recipe fetches it";
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
