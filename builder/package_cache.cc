#include "builder/package_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <future>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "builder/unpack.h"

namespace nachbau::builder {
namespace {

constexpr char kTemporary = '.';  // first character of a name that is not finished

// Counters that forked children share with this process.
struct Counters {
  std::atomic<std::uint32_t> next{0};
  std::atomic<std::uint32_t> done{0};
};
class SharedCounters {
 public:
  SharedCounters()
      : memory_(::mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw SystemError(errno, Msg("map memory"));
    new (memory_) Counters;
  }
  ~SharedCounters() { ::munmap(memory_, sizeof(Counters)); }
  SharedCounters(const SharedCounters&) = delete;
  SharedCounters& operator=(const SharedCounters&) = delete;
  Counters* operator->() { return static_cast<Counters*>(memory_); }

 private:
  void* memory_;
};

struct Job {
  std::string directory;  // name below packages/
  std::string file_name;
  FileDescriptor deb;
};

// In packages/, as root inside.
void UnpackJob(const Job& job, Owners owners) {
  const std::string temporary = kTemporary + job.directory + "." + std::to_string(::getpid());
  if (::mkdir(temporary.c_str(), 0755) != 0) throw SystemError(errno, Msg("make directory {}", temporary));
  const FileDescriptor directory(::open(temporary.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) throw SystemError(errno, Msg("open {}", temporary));
  UnpackDeb(job.deb, directory, job.file_name, owners);
  if (::rename(temporary.c_str(), job.directory.c_str()) == 0) return;
  // Another process was faster; ours goes with the next sweep.
  if (errno != EEXIST && errno != ENOTEMPTY) throw SystemError(errno, Msg("rename to {}", job.directory));
}

// Everything unfinished in packages/ belongs to somebody who holds the lock shared, or to nobody.
FileLock SweepAndLock(const std::filesystem::path& packages, const std::filesystem::path& locks, const IdMap& map) {
  const std::filesystem::path name = locks / "packages.lock";
  if (const auto alone = FileLock::TryLock(name, FileLock::Mode::kExclusive)) {
    for (const auto& entry : std::filesystem::directory_iterator(packages)) {
      if (entry.path().filename().native().front() == kTemporary) RemoveTree(map, entry.path());
    }
  }
  return FileLock(name, FileLock::Mode::kShared);
}

std::vector<LockedFile> Missing(const std::vector<LockedFile>& packages, const std::filesystem::path& directory) {
  std::vector<LockedFile> missing;
  for (const LockedFile& file : packages) {
    if (!std::filesystem::exists(directory / file.sha256.Hex())) missing.push_back(file);
  }
  // The largest first: then no processor waits long for another at the end.
  std::sort(missing.begin(), missing.end(), [](const auto& left, const auto& right) { return left.size > right.size; });
  return missing;
}

}  // namespace

void UnpackPackages(const std::vector<LockedFile>& packages, const std::filesystem::path& cache,
                    const std::filesystem::path& locks, const IdMap& map, const BuilderConfig& config,
                    const Store& store, Progress& progress) {
  const std::filesystem::path path = cache / "packages";
  if (Missing(packages, path).empty()) return;
  const FileLock lock = SweepAndLock(path, locks, map);
  const std::vector<LockedFile> missing = Missing(packages, path);
  const auto task = progress.Start(Msg("Unpacking packages"), Unit::kItems, missing.size());
  std::vector<Job> jobs;
  for (const LockedFile& file : missing) {
    if (config.cancelled != nullptr && *config.cancelled) throw CancelledError();
    jobs.push_back({file.sha256.Hex(), file.file_name, store.Open(file.sha256)});
  }
  const FileDescriptor directory = OpenDirectory(path);
  SharedCounters shared;
  const auto work = [&] {
    try {
      for (std::uint32_t i = shared->next++; i < jobs.size(); i = shared->next++) {
        UnpackJob(jobs[i], OwnersFor(map));
        ++shared->done;
      }
    } catch (...) {
      shared->next = static_cast<std::uint32_t>(jobs.size());
      throw;
    }
  };
  std::uint32_t told = 0;
  const auto tell = [&] {
    const std::uint32_t done = shared->done;
    task->Advance(done - told);
    told = done;
    if (config.cancelled != nullptr && *config.cancelled) shared->next = static_cast<std::uint32_t>(jobs.size());
  };
  // The threads are the child's: a process that forks while others of its threads allocate memory may leave its child with
  // locks that nobody gives back.
  InUserNamespace(
      map,
      [&] {
        if (::fchdir(directory.get()) != 0) throw SystemError(errno, Msg("enter the cache"));
        ::umask(0022);
        std::vector<std::future<void>> workers;
        for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
          workers.push_back(std::async(std::launch::async, work));
        }
        for (std::future<void>& worker : workers) worker.wait();
        for (std::future<void>& worker : workers) worker.get();
      },
      tell);
  tell();
  if (config.cancelled != nullptr && *config.cancelled) throw CancelledError();
  task->Succeed();
}

}  // namespace nachbau::builder
