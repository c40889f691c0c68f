#include "builder/work_directory.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace nachbau::builder {
namespace {

constexpr std::string_view kPrefix = "build-";
constexpr std::string_view kLockSuffix = ".lock";

// A lock file that nobody holds belonged to a run that was killed. Directories without one were kept on purpose.
void Sweep(const std::filesystem::path& parent, const IdMap& map) {
  std::vector<std::filesystem::path> names;
  for (const auto& entry : std::filesystem::directory_iterator(parent)) {
    const std::string name = entry.path().filename().native();
    if (name.starts_with(kPrefix) && name.ends_with(kLockSuffix)) names.push_back(entry.path());
  }
  for (const std::filesystem::path& name : names) {
    const auto lock = FileLock::TryLock(name, FileLock::Mode::kExclusive);
    if (!lock) continue;
    RemoveTree(map, name.native().substr(0, name.native().size() - kLockSuffix.size()));
    ::unlink(name.c_str());
  }
}

}  // namespace

WorkDirectory::WorkDirectory(const std::filesystem::path& parent, const IdMap& map) : map_(map) {
  MakeDirectories(parent);
  // One at a time: the sweep of one run must not see the lock file of another that has not locked it yet.
  const FileLock alone(parent / "lock", FileLock::Mode::kExclusive);
  Sweep(parent, map);
  const std::string start = std::string(kPrefix) + std::to_string(::getpid()) + "-";
  std::uint64_t number = MonotonicMilliseconds();
  do {
    path_ = parent / (start + std::to_string(number++));
  } while (std::filesystem::exists(path_) || std::filesystem::exists(LockName()));
  lock_ = FileLock::TryLock(LockName(), FileLock::Mode::kExclusive);
  if (!lock_) throw Error(Msg("{} is in use", path_.native()));
  MakeOwnedDirectory(map_, path_, 0700);
}

WorkDirectory::~WorkDirectory() {
  if (keep_) return;
  try {
    RemoveTree(map_, path_);
  } catch (const std::exception&) {
    return;  // its lock file stays, so the next run's sweep tries again
  }
  ::unlink(LockName().c_str());
}

void WorkDirectory::Keep() {
  keep_ = true;
  ::unlink(LockName().c_str());
}

}  // namespace nachbau::builder
