// The legal holds of a store: <store>/holds/<name>.json, one document each (model/hold.h). docs/formats/hold.md
//
// They lie in the store itself, so that no program, home or flag that collects in it can miss them.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "model/hold.h"

namespace nachbau {

class HoldDirectory {
 public:
  explicit HoldDirectory(const std::filesystem::path& store_root) : directory_(store_root / "holds") {}

  // All holds in force, sorted by name. Throws ParseError for a file that is none, or that has another hold's name.
  std::vector<Hold> List() const;
  std::optional<Hold> Find(std::string_view name) const;
  // What they hold. Throws as List does: then nothing may be deleted.
  std::unordered_set<Sha256Digest> Objects() const;

  // Atomically and durably. Throws UsageError where there is one of this name.
  void Add(const Hold& hold) const;
  // Ends a hold. Whoever calls this has checked `release`, the document that the people signed, which is kept with the
  // hold in holds/released/. Returns that file.
  std::filesystem::path Release(const Hold& hold, const Json& release, UnixSeconds now) const;
  // Documents of released holds, sorted by file name: {"format", "hold", "release", "released"}.
  std::vector<std::filesystem::path> Released() const;

 private:
  std::filesystem::path PathOf(std::string_view name) const;
  std::filesystem::path directory_;
};

}  // namespace nachbau
