#include "mirror/download.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>

#include "base/error.h"
#include "base/http.h"
#include "mirror/acquisition.h"
#include "mirror/apt_sources.h"
#include "mirror/retry.h"

namespace nachbau::mirror {
namespace {

// One file into the store. Continues where a connection was cut; starts over after a wrong digest, once.
class Download {
  static constexpr long kNothingMore = 416;  // HTTP status: there is nothing from this offset on

 public:
  Download(const WantedObject& wanted, Fetcher& fetcher, const MirrorConfig& config, Store& store,
           Progress::Task& task)
      : wanted_(wanted), url_(wanted.url), fetcher_(fetcher), config_(config), store_(store), task_(task) {}

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
    if (offset == wanted_.size && offset != 0) return;
    fetcher_.Get(url_, {.limit = wanted_.size, .offset = offset}, [&](std::uint64_t position, std::string_view bytes) {
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
    throw NetworkError(url_, 0, Msg("only {} of {} bytes came", writer_->size(), wanted_.size));
  }
  ContentId Commit() {
    if (writer_->size() < wanted_.size) EndsEarly();
    try {
      ContentId content = writer_->Commit(url_, wanted_.sha256);
      Drop();
      return content;
    } catch (const IntegrityError&) {
      Drop();
      throw;
    }
  }

  const WantedObject& wanted_;
  const std::string& url_;
  Fetcher& fetcher_;
  const MirrorConfig& config_;
  Store& store_;
  Progress::Task& task_;
  std::optional<Store::Writer> writer_;
};

}  // namespace

Downloads DownloadObjects(const std::vector<WantedObject>& wanted, const MirrorConfig& config, Store& store,
                          Progress& progress) {
  Downloads result;
  std::vector<const WantedObject*> needed;
  std::unordered_set<Sha256Digest> seen;
  std::uint64_t total = 0;
  for (const WantedObject& one : wanted) {
    if (!seen.insert(one.sha256).second || store.Has(one.sha256)) continue;
    needed.push_back(&one);
    total += one.size;
  }
  if (config.offline) {
    for (const WantedObject* one : needed) {
      result.reasons.emplace(one->sha256, "not held, and --offline forbids fetching it");
    }
    return result;
  }
  if (needed.empty()) return result;
  const AptSetup setup = ReadAptSetup(config.apt_root);
  const auto fetcher = MakeFetcher(setup.proxies, config.cancelled);
  const AcquisitionLog acquisitions(config.state_directory);
  const auto task = progress.Start(Msg("Fetching {} files", needed.size()), Unit::kBytes, total);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    for (std::size_t k = next++; k < needed.size(); k = next++) {
      const WantedObject& one = *needed[k];
      std::string reason;
      try {
        Download(one, *fetcher, config, store, *task).Run();
        if (config.clock != nullptr) {
          acquisitions.Append(
              {{one.sha256, one.size, one.name, config.clock->Now(), one.url, Proof::kIndex, one.proven_by}});
        }
        const std::lock_guard guard(mutex);
        ++result.files;
        result.bytes += one.size;
        continue;
      } catch (const NetworkError& error) {
        reason = Render(error.parts().back());
      } catch (const IntegrityError& error) {
        reason = error.what();
      } catch (...) {  // the disk, or cancelled: no use in going on
        const std::lock_guard guard(mutex);
        if (!failure) failure = std::current_exception();
        next = needed.size();
        continue;
      }
      const std::lock_guard guard(mutex);
      result.reasons.emplace(one.sha256, std::move(reason));
    }
  };
  {
    std::vector<std::jthread> pool;
    for (std::uint32_t i = 0; i < std::max(1U, config.connections); ++i) pool.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  task->Succeed();
  return result;
}

}  // namespace nachbau::mirror
