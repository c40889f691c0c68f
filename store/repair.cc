#include "store/repair.h"

#include <fcntl.h>

#include <cerrno>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/file.h"

namespace nachbau {
namespace {

constexpr unsigned kConnections = 4;
constexpr std::uint64_t kMaxObject = 64ULL << 30;  // bytes, where the size is not known

bool IsUrl(const std::string& place) { return place.find("://") != place.npos; }

std::string RelativeName(const Sha256Digest& sha256) {
  const std::string hex = sha256.Hex();
  return "objects/" + hex.substr(0, 2) + "/" + hex.substr(2);
}

void CheckRoom(std::uint64_t size, std::uint64_t limit, const std::string& place) {
  if (size > limit) throw ParseError(place, 0, Msg("larger than the limit of {} bytes", limit));
}

void FromPeerDirectory(const std::string& place, const LostObject& object, std::uint64_t limit, Store& store) {
  const FileDescriptor directory = OpenDirectory(place);
  const FileDescriptor fd = OpenBeneath(directory, RelativeName(object.sha256), O_RDONLY | O_NONBLOCK);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) throw SystemError(EINVAL, Msg("read {}", place));
  Store::Writer writer = store.StartWriting();
  ReadPieces(fd, place, [&](std::string_view piece) {
    CheckRoom(writer.size() + piece.size(), limit, place);
    writer.Write(piece);
  });
  writer.Commit(place, object.sha256);
}

void FromUrl(const std::string& url, const LostObject& object, std::uint64_t limit, Fetcher& fetcher, Store& store) {
  std::optional<Store::Writer> writer(store.StartWriting());
  fetcher.Get(url, {.limit = limit}, [&](std::uint64_t position, std::string_view bytes) {
    if (position < writer->size()) {  // sent anew from the beginning
      writer.reset();
      writer.emplace(store.StartWriting());
    }
    CheckRoom(writer->size() + bytes.size(), limit, url);
    writer->Write(bytes);
  });
  writer->Commit(url, object.sha256);
}

// An error of the store's own disk or quota is nothing that another place would mend.
bool IsOurs(const Error& error) { return !error.hints().empty(); }

}  // namespace

std::vector<Repaired> Repair(Store& store, const std::vector<LostObject>& lost, const std::vector<std::string>& peers,
                             Fetcher& fetcher, const std::atomic<bool>* cancelled, Progress& progress) {
  std::vector<Repaired> results(lost.size());
  const auto task = progress.Start(Msg("Repairing {} objects", lost.size()), Unit::kItems, lost.size());
  const auto mend = [&](const LostObject& object, Repaired& result) {
    result.sha256 = object.sha256;
    const std::uint64_t limit = object.size != 0 ? object.size : kMaxObject;
    std::vector<std::string> places = peers;
    places.insert(places.end(), object.urls.begin(), object.urls.end());
    for (std::size_t i = 0; i < places.size(); ++i) {
      const bool peer = i < peers.size();
      std::string place = places[i];
      while (peer && place.size() > 1 && place.ends_with('/')) place.pop_back();
      if (peer && IsUrl(place)) place += "/" + RelativeName(object.sha256);
      try {
        if (IsUrl(place)) {
          FromUrl(place, object, limit, fetcher, store);
        } else {
          FromPeerDirectory(place, object, limit, store);
        }
        result.from = place;
        if (const auto content = store.Find(object.sha256)) result.size = content->size;
        return;
      } catch (const CancelledError&) {
        throw;
      } catch (const NetworkError& error) {
        result.failures.push_back(place + ": " + Render(error.parts().back()));
      } catch (const Error& error) {
        if (IsOurs(error)) throw;
        result.failures.push_back(place + ": " + error.what());
      }
    }
  };
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  {
    std::vector<std::jthread> pool;
    for (unsigned t = 0; t < std::min<std::size_t>(kConnections, lost.size()); ++t) {
      pool.emplace_back([&] {
        try {
          for (std::size_t i = next++; i < lost.size(); i = next++) {
            if (cancelled != nullptr && *cancelled) throw CancelledError();
            mend(lost[i], results[i]);
            task->Advance(1);
          }
        } catch (...) {
          const std::lock_guard lock(mutex);
          if (!failure) failure = std::current_exception();
          next = lost.size();
        }
      });
    }
  }
  if (failure) std::rethrow_exception(failure);
  task->Succeed();
  return results;
}

}  // namespace nachbau
