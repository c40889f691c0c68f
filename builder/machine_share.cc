#include "builder/machine_share.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace nachbau::builder {
namespace {

constexpr std::uint64_t kDiskLimit = 30ULL << 30;  // bytes, unless the configuration says otherwise
constexpr std::string_view kSuffix = ".share";
constexpr auto kPause = std::chrono::milliseconds(250);

std::uint64_t BytesIn(const std::filesystem::path& share) {
  const auto file = OpenForReadingIfExists(share);
  if (!file) return 0;
  const std::string text = ReadDescriptor(*file, share.native(), 64);
  std::uint64_t bytes = 0;
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return bytes;
}

struct Held {
  std::uint64_t bytes = 0;
  std::uint32_t builds = 0;
};

// What others hold. A file that nobody has locked was left by a process that was killed.
Held HeldBeneath(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> shares;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().native().ends_with(kSuffix)) shares.push_back(entry.path());
  }
  Held held;
  for (const std::filesystem::path& share : shares) {
    if (FileLock::TryLock(share, FileLock::Mode::kExclusive)) {
      ::unlink(share.c_str());
    } else {
      const std::uint64_t bytes = BytesIn(share);
      held.bytes += std::min(bytes, std::numeric_limits<std::uint64_t>::max() - held.bytes);
      ++held.builds;
    }
  }
  return held;
}

}  // namespace

std::uint64_t MemoryForBuilds() {
  const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 10 * 8;
}

SandboxLimits BuildLimits(const BuilderConfig& config, const std::filesystem::path& work) {
  SandboxLimits limits;
  std::error_code ignored;
  const std::uint64_t disk =
      std::min<std::uint64_t>(kDiskLimit, std::filesystem::space(work, ignored).available / 10 * 9);
  limits.memory =
      config.memory_limit != 0 ? config.memory_limit : MemoryForBuilds() / std::max(1U, config.builds_at_once);
  limits.processes = config.process_limit;
  limits.disk = config.disk_limit != 0 ? config.disk_limit : disk;
  limits.file_size = limits.disk;
  limits.seconds = config.time_limit_seconds;
  return limits;
}

MemoryShare::MemoryShare(const std::filesystem::path& directory, std::uint64_t bytes, std::uint64_t total,
                         const std::atomic<bool>* cancelled, Progress& progress) {
  MakeDirectories(directory);
  path_ = directory / ("memory-" + std::to_string(::getpid()) + "-" + std::to_string(MonotonicMilliseconds()) +
                       std::string(kSuffix));
  std::unique_ptr<Progress::Task> waiting;
  while (true) {
    if (cancelled != nullptr && cancelled->load()) throw CancelledError();
    {
      // One at a time looks and takes.
      const FileLock alone(directory / "memory.lock", FileLock::Mode::kExclusive);
      const Held held = HeldBeneath(directory);
      if (held.builds == 0 || (bytes <= total && held.bytes <= total - bytes)) {
        lock_ = FileLock::TryLock(path_, FileLock::Mode::kExclusive);
        if (!lock_) throw Error(Msg("{} is in use", path_.native()));
        // Into the locked file itself: a new one under its name would not be locked.
        const FileDescriptor file(::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
        if (!file.valid()) throw SystemError(errno, Msg("open {}", path_.native()));
        WriteAll(file, std::to_string(bytes), path_.native());
        if (waiting) waiting->Succeed();
        return;
      }
      if (!waiting) {
        waiting =
            progress.Start(Msg("Waiting for memory: the builds that run may use {} of {} MB, this one needs {} MB",
                               held.bytes >> 20, total >> 20, bytes >> 20),
                           Unit::kNone, 0);
      }
    }
    std::this_thread::sleep_for(kPause);
  }
}

MemoryShare::~MemoryShare() { ::unlink(path_.c_str()); }

}  // namespace nachbau::builder
