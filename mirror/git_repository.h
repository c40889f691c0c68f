// The bare repository that is kept of an origin below the state directory: a cache, made from packs and refs that lie in
// the store (git_refs.h), or filled by a fetch whose packs then go there.
#pragma once

#include <git2.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "mirror/git_handles.h"
#include "mirror/git_refs.h"
#include "store/store.h"

namespace nachbau::mirror {

// <state directory>/git/<part of the origin's SHA-256>.git; beside it a lock file.
std::filesystem::path GitCachePath(const std::filesystem::path& state_directory, const std::string& origin);

class GitCache {
 public:
  // Opens it, making it where there is none. Whoever writes holds the lock of `path`.
  explicit GitCache(const std::filesystem::path& path);

  git_repository* get() const { return repository_.get(); }
  const std::filesystem::path& path() const { return path_; }
  GitOdb OpenObjects() const;  // as they are now

  // Adds the packs that it does not have. Throws as Store::Open does, and Error for an object that is no pack.
  void AddPacks(const std::vector<GitPack>& packs, const Store& store);
  // Makes its refs those of `refs`, with what was seen earlier, and HEAD. Others go.
  void SetRefs(const GitRefs& refs);

  std::vector<std::filesystem::path> Indexes() const;  // of all packs
  // Packs that a fetch has left and that are not among `held`: paths of their indexes.
  std::vector<std::filesystem::path> NewIndexes(const std::vector<GitPack>& held) const;
  // Puts one of these there and remembers it.
  GitPack Keep(const std::filesystem::path& index, std::uint64_t objects, Store& store);
  void Remove(const std::filesystem::path& index);  // with its pack; open handles must not use it

 private:
  void Remember(const std::string& file, const Sha256Digest& sha256);
  std::filesystem::path path_;
  GitRepository repository_;
  std::map<std::string, Sha256Digest> known_;  // name of a pack's file → object
};

}  // namespace nachbau::mirror
