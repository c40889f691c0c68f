// What a published suite consists of: dists/SUITE/nachbau.json, switched with the suite itself, so that the next run
// knows which files are in use and which may go. docs/formats/published-repository.md
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "mirror/repository_entry.h"

namespace nachbau::mirror {

struct Publication {
  std::string suite;
  UnixSeconds date = 0;
  std::vector<RepositoryFile> files;  // of the pool, sorted by path, each once
  std::vector<std::string> by_hash;   // of the indexes, below the suite, sorted: "main/binary-amd64/by-hash/SHA256/…"
  struct Superseded {
    std::string path;       // as in files or by_hash; paths below pool/ are of the pool
    UnixSeconds since = 0;  // when it went out of use
    auto operator<=>(const Superseded&) const = default;
  };
  std::vector<Superseded> superseded;  // sorted; still there for clients in the middle of an update

  bool InPool(const std::string& path) const { return path.starts_with("pool/"); }
};

Json ToJson(const Publication& publication);
// Throws ParseError naming `name`; paths are checked (CleanArchivePath).
Publication ParsePublication(std::string_view text, const std::string& name);

// What `next` no longer has of `previous`, and what that had superseded itself, as far as it went out of use after
// `oldest`.
std::vector<Publication::Superseded> SupersededBy(const Publication& next, const Publication& previous,
                                                  UnixSeconds oldest);

}  // namespace nachbau::mirror
