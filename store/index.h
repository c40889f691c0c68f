// The store's index: size and SHA-512 of each object and when it was last checked, in SQLite (WAL). Nothing but a memory of what hashing the files
// would tell: it can be lost, and is then made anew.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"

namespace nachbau {

// Safe from several threads and processes. On a read-only medium, or where the file is damaged, it knows nothing and
// remembers nothing.
class StoreIndex {
 public:
  explicit StoreIndex(const std::filesystem::path& path);
  ~StoreIndex();
  StoreIndex(const StoreIndex&) = delete;
  StoreIndex& operator=(const StoreIndex&) = delete;

  std::optional<ContentId> Find(const Sha256Digest& sha256) const;
  std::vector<Sha256Digest> All() const;  // sorted
  void Insert(const ContentId& content);
  void Insert(const std::vector<ContentId>& contents);  // in one transaction
  void Remove(const std::vector<Sha256Digest>& digests);
  // Exactly these, nothing else. Throws Error where the index cannot be written.
  void Replace(const std::vector<ContentId>& contents);

  // When scrubbing last found an object good. Objects that it was never told of are not in it.
  std::unordered_map<Sha256Digest, UnixSeconds> LastChecks() const;
  void RememberChecks(const std::vector<Sha256Digest>& digests, UnixSeconds time);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nachbau
