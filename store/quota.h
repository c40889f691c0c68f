// How much a store may hold.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>

namespace nachbau {

// Bytes of all files of the store: objects, what is being written, trash, quarantine. Not the index.
std::uint64_t MeasureStore(const std::filesystem::path& root);

// Looks at the disk seldom: again when half of what was left has been written by this process. Several processes at once
// may exceed the quota by what they write between two looks. Safe from several threads.
class Quota {
 public:
  Quota(std::filesystem::path root, std::uint64_t limit) : root_(std::move(root)), limit_(limit) {}
  // Before `bytes` are written. Throws Error, with what to do, when they do not fit.
  void Take(std::uint64_t bytes);

 private:
  std::filesystem::path root_;
  std::uint64_t limit_;  // bytes; 0: none
  std::mutex mutex_;
  std::uint64_t left_ = 0;  // may be written before the next look
};

}  // namespace nachbau
