// How the builds of one machine share it.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/file.h"
#include "base/progress.h"
#include "builder/builder.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

// What the processes of all builds together may use: most of the machine's memory, in bytes.
std::uint64_t MemoryForBuilds();

// What one build below `work` may use.
SandboxLimits BuildLimits(const BuilderConfig& config, const std::filesystem::path& work);

// A part of the memory for builds, held until the end. All nachbau processes that work in the same directory share:
// each holds a locked file "<name>.share" there with its number of bytes, which the kernel sets free with its process.
class MemoryShare {
 public:
  // Waits, and says so once, until `bytes` fit beside what others hold within `total`; more than `total` is granted
  // when nobody else holds any. Throws CancelledError.
  MemoryShare(const std::filesystem::path& directory, std::uint64_t bytes, std::uint64_t total,
              const std::atomic<bool>* cancelled, Progress& progress);
  ~MemoryShare();
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;

 private:
  std::filesystem::path path_;
  std::optional<FileLock> lock_;
};

}  // namespace nachbau::builder
