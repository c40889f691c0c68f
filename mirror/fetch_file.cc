#include "mirror/fetch_file.h"

#include "base/error.h"
#include "base/file.h"
#include "base/http.h"
#include "mirror/apt_sources.h"
#include "mirror/retry.h"

namespace nachbau::mirror {
namespace {

// Writes and hashes; the store knows objects by SHA-256 alone.
class CheckedWriter {
 public:
  CheckedWriter(const DownloadRequest& request, Store& store) : request_(request), writer_(store.StartWriting()) {}
  void Write(std::string_view bytes) {
    if (writer_.size() + bytes.size() > request_.limit) {
      throw ParseError(request_.place, 0, Msg("larger than {} bytes", request_.limit));
    }
    writer_.Write(bytes);
    hasher_.Update(bytes);
  }
  ContentId Commit() {
    if (request_.sha512) {
      const Sha512Digest actual = hasher_.Finish().sha512;
      if (actual != *request_.sha512) {
        throw IntegrityError(request_.place, "sha512 " + request_.sha512->Hex(), "sha512 " + actual.Hex());
      }
    }
    return writer_.Commit(request_.place, request_.sha256);
  }

 private:
  const DownloadRequest& request_;
  Store::Writer writer_;
  ContentHasher hasher_;
};

}  // namespace

bool IsUrl(const std::string& place) { return place.find("://") != place.npos; }

ContentId DownloadToStore(const DownloadRequest& request, const MirrorConfig& config, Store& store, Progress& progress) {
  if (request.sha256) {
    if (const auto held = store.Find(*request.sha256)) return *held;
  }
  if (!IsUrl(request.place)) {
    const FileDescriptor fd = OpenForReading(request.place);
    CheckedWriter writer(request, store);
    ReadPieces(fd, request.place, [&](std::string_view piece) { writer.Write(piece); });
    return writer.Commit();
  }
  if (config.offline) {
    MissingError error(Msg("{} is not held, and --offline forbids fetching it", request.place));
    error.SetHint(Msg("run the same command once without --offline"));
    throw error;
  }
  const auto fetcher = MakeFetcher(ReadAptSetup(config.apt_root).proxies, config.cancelled);
  const auto task = progress.Start(Msg("Fetching {}", request.place), Unit::kBytes, 0);
  for (int attempt = 0;; ++attempt) {
    try {
      CheckedWriter writer(request, store);
      fetcher->Get(request.place, {.limit = request.limit}, [&](std::uint64_t, std::string_view bytes) {
        writer.Write(bytes);
        task->Advance(bytes.size());
      });
      const ContentId content = writer.Commit();
      task->Succeed();
      return content;
    } catch (const NetworkError& error) {
      if (!WorthAnotherTry(error) || attempt + 1 >= kTries) throw;
    }
    BackOff(attempt, config);
  }
}

}  // namespace nachbau::mirror
