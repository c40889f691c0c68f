#include "store/quota.h"

#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"

namespace nachbau {

std::uint64_t MeasureStore(const std::filesystem::path& root) {
  std::uint64_t bytes = 0;
  for (const char* part : {"objects", "tmp", "trash", "quarantine"}) {
    std::error_code gone;  // files come and go while we look
    for (std::filesystem::recursive_directory_iterator it(root / part, gone), end; !gone && it != end; it.increment(gone)) {
      struct stat status {};
      if (::lstat(it->path().c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
        bytes += static_cast<std::uint64_t>(status.st_size);
      }
    }
  }
  return bytes;
}

void Quota::Take(std::uint64_t bytes) {
  if (limit_ == 0) return;
  const std::lock_guard lock(mutex_);
  if (bytes > left_) {
    const std::uint64_t used = MeasureStore(root_);
    const std::uint64_t free = limit_ - std::min(limit_, used);
    if (bytes > free) {
      Error error(Msg("the store {} is full: its quota is {} bytes, it holds {}, and {} more do not fit", root_.native(), limit_,
                      used, bytes));
      error.SetHint(Msg("'nachbau store gc' tells what can go; or raise 'quota' in [store] of nachbau.toml"));
      throw error;
    }
    left_ = std::max(bytes, free / 2);
  }
  left_ -= bytes;
}

}  // namespace nachbau
