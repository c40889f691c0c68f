// Each thread reads a piece and hashes it; with twice as many threads as cores, reading and hashing overlap. Reading
// past the page cache finds what the disk has lost behind it, and does not push out what builds have in it.
#include "store/hash_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/error.h"
#include "base/fd.h"

namespace nachbau {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kPiece = 1 << 20;   // bytes of one read
constexpr std::size_t kAlignment = 4096;  // what O_DIRECT needs on every disk there is
// Reading past the cache costs a trip to the disk each time; for a small file hashing is nothing beside it.
constexpr unsigned kThreadsPerCoreFromDisk = 4;

struct Free {
  void operator()(char* buffer) const { std::free(buffer); }  // from aligned_alloc
};

// The disk lost something; anything else (no memory, no permission) says nothing about the object.
bool IsDamage(int reason) { return reason == EIO || reason == EUCLEAN || reason == EBADMSG || reason == ELOOP; }

// Lets `rate` bytes per second through, all threads together.
class Throttle {
 public:
  explicit Throttle(std::uint64_t rate) : rate_(rate) {}
  void Pass(std::uint64_t bytes, const std::atomic<bool>* cancelled) {
    if (rate_ == 0) return;
    SteadyClock::time_point until;
    {
      const std::lock_guard lock(mutex_);
      const auto now = SteadyClock::now();
      next_ = std::max(next_, now);
      until = next_;
      next_ += std::chrono::nanoseconds(
          static_cast<std::int64_t>(1e9 * static_cast<double>(bytes) / static_cast<double>(rate_)));
    }
    while (SteadyClock::now() < until) {
      if (cancelled != nullptr && *cancelled) throw CancelledError();
      std::this_thread::sleep_until(std::min(until, SteadyClock::now() + std::chrono::milliseconds(100)));
    }
  }

 private:
  std::uint64_t rate_;
  std::mutex mutex_;
  SteadyClock::time_point next_{};
};

// One thread's reader.
class Worker {
 public:
  Worker(const HashOptions& options, Throttle& throttle, Progress::Task& task)
      : options_(options),
        throttle_(throttle),
        task_(task),
        buffer_(static_cast<char*>(std::aligned_alloc(kAlignment, kPiece))) {
    if (!buffer_) throw std::bad_alloc();
  }

  // Nothing when the file is gone.
  std::optional<HashAnswer> Check(const HashJob& job) {
    HashAnswer answer;
    if (!job.expected) {
      answer.damage = "not the name of an object";
      return answer;
    }
    if (::lstat(job.path.c_str(), &answer.status) != 0) {
      if (errno == ENOENT) return std::nullopt;
      throw SystemError(errno, Msg("inspect {}", job.path.native()));
    }
    if (!S_ISREG(answer.status.st_mode)) {
      answer.damage = "not a regular file";
      return answer;
    }
    const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC;
    FileDescriptor fd;
    if (direct_) fd = FileDescriptor(::open(job.path.c_str(), flags | O_DIRECT));
    if (!fd.valid()) {
      fd = FileDescriptor(::open(job.path.c_str(), flags));
      if (fd.valid()) direct_ = false;  // tmpfs and others cannot
    }
    if (!fd.valid()) {
      if (errno == ENOENT) return std::nullopt;
      if (!IsDamage(errno)) throw SystemError(errno, Msg("open {}", job.path.native()));
      answer.damage = "cannot be opened: " + std::generic_category().message(errno);
      return answer;
    }
    // What is opened now may be another file than the one above: put anew meanwhile.
    if (::fstat(fd.get(), &answer.status) != 0) throw SystemError(errno, Msg("inspect {}", job.path.native()));
    if (!Read(fd, job, answer)) return answer;
    const Sha256Digest actual = Finish(answer);
    if (actual != *job.expected) answer.damage = "content has sha256 " + actual.Hex();
    return answer;
  }

 private:
  bool Read(const FileDescriptor& fd, const HashJob& job, HashAnswer& answer) {
    if (options_.both) both_.emplace();
    if (!direct_) ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    bool direct = direct_;
    for (;;) {
      const auto size = static_cast<std::uint64_t>(answer.status.st_size);
      throttle_.Pass(std::min<std::uint64_t>(kPiece, size - std::min(size, answer.bytes)), options_.cancelled);
      if (options_.cancelled != nullptr && *options_.cancelled) throw CancelledError();
      const ssize_t count = ::pread(fd.get(), buffer_.get(), kPiece, static_cast<off_t>(answer.bytes));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EINVAL && direct) {  // this file system takes the flag and cannot do it
        direct = direct_ = false;
        ::fcntl(fd.get(), F_SETFL, 0);
        continue;
      }
      if (count < 0) {
        if (!IsDamage(errno)) throw SystemError(errno, Msg("read {}", job.path.native()));
        answer.damage = "cannot be read: " + std::generic_category().message(errno);
        sha256_ = Sha256Hasher();
        return false;
      }
      if (count == 0) return true;
      const std::string_view piece(buffer_.get(), static_cast<std::size_t>(count));
      if (both_) {
        both_->Update(piece);
      } else {
        sha256_.Update(piece);
      }
      answer.bytes += piece.size();
      task_.Advance(piece.size());
      // The end of a file read past the cache has no alignment to go on from, and needs no further look.
      if (answer.bytes == size) return true;
      if (direct && answer.bytes % kAlignment != 0) {
        direct = false;
        ::fcntl(fd.get(), F_SETFL, 0);
      }
    }
  }

  Sha256Digest Finish(HashAnswer& answer) {
    if (!both_) return sha256_.Finish();
    answer.content = both_->Finish();
    both_.reset();
    return answer.content->sha256;
  }

  const HashOptions& options_;
  Throttle& throttle_;
  Progress::Task& task_;
  std::unique_ptr<char, Free> buffer_;
  bool direct_ = options_.from_disk;
  Sha256Hasher sha256_;
  std::optional<ContentHasher> both_;
};

}  // namespace

std::size_t HashFiles(const std::vector<HashJob>& jobs, const HashOptions& options, Progress::Task& task,
                      const std::function<void(std::size_t, const HashAnswer&)>& done) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const unsigned threads = options.from_disk ? cores * kThreadsPerCoreFromDisk : cores;
  const auto end = SteadyClock::now() + std::chrono::seconds(options.max_seconds);
  Throttle throttle(options.rate);
  std::atomic<std::size_t> next{0};
  std::size_t finished = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      Worker worker(options, throttle, task);
      for (std::size_t i = next++; i < jobs.size(); i = next++) {
        if (options.max_seconds != 0 && SteadyClock::now() >= end) break;
        const std::optional<HashAnswer> answer = worker.Check(jobs[i]);
        const std::lock_guard lock(mutex);
        ++finished;
        if (answer) done(i, *answer);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = jobs.size();
    }
  };
  {
    std::vector<std::jthread> pool;
    for (unsigned i = 0; i < std::min<std::size_t>(threads, std::max<std::size_t>(1, jobs.size())); ++i) {
      pool.emplace_back(work);
    }
  }
  if (failure) std::rethrow_exception(failure);
  return finished;
}

}  // namespace nachbau
