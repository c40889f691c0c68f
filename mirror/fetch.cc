#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/http.h"
#include "mirror/acquisition.h"
#include "mirror/apt_sources.h"
#include "mirror/mirror.h"
#include "mirror/retry.h"
#include "mirror/url.h"

namespace nachbau::mirror {
namespace {

// One file into the store. Continues where a connection was cut; starts over after a wrong digest, once.
class Download {
  static constexpr long kNothingMore = 416;  // HTTP status: there is nothing from this offset on

 public:
  Download(const LockedFile& file, std::string url, Fetcher& fetcher, const MirrorConfig& config, Store& store,
           Progress::Task& task)
      : file_(file), url_(std::move(url)), fetcher_(fetcher), config_(config), store_(store), task_(task) {}

  ContentId Run() {
    bool started_over = false;
    for (int attempt = 0;; ++attempt) {
      try {
        Transfer();
        return Commit();
      } catch (const NetworkError& error) {
        if (error.status() == kNothingMore) EndsEarly();
        if (!WorthAnotherTry(error) || attempt + 1 >= kTries) throw;
      } catch (const IntegrityError&) {
        if (started_over) throw;
        started_over = true;
      }
      if (started_over) Drop();
      BackOff(attempt, config_);
    }
  }

 private:
  void Transfer() {
    if (!writer_) writer_.emplace(store_.StartWriting());
    const std::uint64_t offset = writer_->size();
    if (offset == file_.size && offset != 0) return;
    fetcher_.Get(url_, {.limit = file_.size, .offset = offset}, [&](std::uint64_t position, std::string_view bytes) {
      if (position < writer_->size()) {  // the server sends all of it again
        Drop();
        writer_.emplace(store_.StartWriting());
      }
      writer_->Write(bytes);
      task_.Advance(bytes.size());
    });
  }
  void Drop() { writer_.reset(); }
  [[noreturn]] void EndsEarly() {
    throw NetworkError(url_, 0, Msg("only {} of {} bytes came", writer_->size(), file_.size));
  }
  ContentId Commit() {
    if (writer_->size() < file_.size) EndsEarly();
    try {
      ContentId content = writer_->Commit(url_, file_.sha256);
      Drop();
      return content;
    } catch (const IntegrityError&) {
      Drop();
      throw;
    }
  }

  const LockedFile& file_;
  std::string url_;
  Fetcher& fetcher_;
  const MirrorConfig& config_;
  Store& store_;
  Progress::Task& task_;
  std::optional<Store::Writer> writer_;
};

// The chain that a lock gives for a file: index, Release file.
Acquisition AcquisitionOf(const Lock& lock, const LockedFile& file, const std::string& url, UnixSeconds time) {
  Acquisition acquisition{file.sha256, file.size, file.file_name, time, url, Proof::kIndex, {}};
  const IndexProof& index = lock.indexes.at(file.index);
  acquisition.proven_by = {index.sha256, lock.releases.at(index.release).in_release};
  return acquisition;
}

}  // namespace

FetchResult Fetch(Lock& lock, const MirrorConfig& config, Store& store, Progress& progress) {
  FetchResult result;
  std::vector<std::size_t> wanted;
  std::map<Sha256Digest, std::size_t> first;  // which of several entries for one object is fetched
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < lock.files.size(); ++i) {
    LockedFile& file = lock.files[i];
    if (store.Has(file.sha256)) {
      ++result.files_present;
    } else if (!file.Indexed()) {
      // No archive has it; it came when the lock was made.
    } else if (first.emplace(file.sha256, i).second) {
      wanted.push_back(i);
      total += file.size;
    }
  }
  std::vector<std::string> reasons(lock.files.size());
  const auto url_of = [&](const LockedFile& file) {
    if (!file.Indexed()) return file.path;
    return UrlOf(lock.releases.at(lock.indexes.at(file.index).release).uri, file.path);
  };
  if (config.offline) {
    for (const std::size_t i : wanted) reasons[i] = "not held, and --offline forbids fetching it";
  } else if (!wanted.empty()) {
    const AptSetup setup = ReadAptSetup(config.apt_root);
    const auto fetcher = MakeFetcher(setup.proxies, config.cancelled);
    const AcquisitionLog acquisitions(config.state_directory);
    const auto task = progress.Start(Msg("Fetching {} files", wanted.size()), Unit::kBytes, total);
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::exception_ptr failure;
    const auto work = [&] {
      for (std::size_t k = next++; k < wanted.size(); k = next++) {
        const LockedFile& file = lock.files[wanted[k]];
        try {
          const std::string url = url_of(file);
          Download(file, url, *fetcher, config, store, *task).Run();
          if (config.clock != nullptr) acquisitions.Append({AcquisitionOf(lock, file, url, config.clock->Now())});
          const std::lock_guard guard(mutex);
          ++result.files_fetched;
          result.bytes_fetched += file.size;
        } catch (const NetworkError& error) {
          reasons[wanted[k]] = Render(error.parts().back());
        } catch (const IntegrityError& error) {
          reasons[wanted[k]] = error.what();
        } catch (...) {  // the disk, or cancelled: no use in going on
          const std::lock_guard guard(mutex);
          if (!failure) failure = std::current_exception();
          next = wanted.size();
        }
      }
    };
    {
      std::vector<std::jthread> pool;
      for (std::uint32_t i = 0; i < std::max(1U, config.connections); ++i) pool.emplace_back(work);
    }
    if (failure) std::rethrow_exception(failure);
    task->Succeed();
  }
  for (std::size_t i = 0; i < lock.files.size(); ++i) {
    LockedFile& file = lock.files[i];
    if (const auto content = store.Find(file.sha256)) {
      if (content->size == file.size) {
        file.sha512 = content->sha512;
        continue;
      }
      reasons[i] = "the index names another size than the object has";
    }
    if (const auto fetched = first.find(file.sha256); fetched != first.end()) reasons[i] = reasons[fetched->second];
    result.missing.push_back(
        {file, url_of(file),
         reasons[i].empty() ? (file.Indexed() ? "not held" : "not held; 'nachbau resolve' with the recipe fetches it")
                            : reasons[i]});
  }
  return result;
}

}  // namespace nachbau::mirror
