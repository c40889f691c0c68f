// What a git repository's refs were at one moment, and which packs have its objects. docs/formats/git.md
//
// An object of the store, named by the closure of the repository's product. Each document has all refs and all packs, so
// the newest alone is enough to make the repository again; `previous` leads to what was before.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"

namespace nachbau::mirror {

enum class GitChange {
  kCreated,
  kAdvanced,   // a branch that leads to what it led to before
  kRewritten,  // a branch that does not: history was changed
  kMoved,      // a tag, or another ref that is no branch, that names something else now
  kDeleted,
};
std::string_view Name(GitChange change);  // "created", "advanced", "rewritten", "moved", "deleted"

struct GitRefChange {
  std::string ref;
  GitChange change = GitChange::kCreated;
  std::string before, after;  // 40 hexadecimal digits; empty where there was or is nothing
  auto operator<=>(const GitRefChange&) const = default;
  // A tag is a promise, and a branch grows: what breaks that is for a person to look at.
  bool Alarming() const;
};

struct GitPack {
  Sha256Digest sha256;
  std::uint64_t size = 0;     // bytes
  std::uint64_t objects = 0;
  auto operator<=>(const GitPack&) const = default;
};

struct GitRefs {
  std::string origin;
  UnixSeconds time = 0;
  std::optional<Sha256Digest> previous;
  std::string head;                         // the branch that HEAD names; may be empty
  std::map<std::string, std::string> refs;  // as the repository has them: "refs/heads/main" → id
  // What it had once and has no more, below refs/nachbau/seen/TIME/: the objects stay reachable.
  std::map<std::string, std::string> seen;
  std::vector<GitPack> packs;               // sorted
  std::vector<GitRefChange> changes;        // since `previous`, sorted
  auto operator<=>(const GitRefs&) const = default;

  // What HEAD leads to; empty where there is no such branch.
  std::string HeadId() const;
};

inline constexpr const char* kSeenRefs = "refs/nachbau/";

Json ToJson(const GitRefs& refs);
// Refuses refs that git would refuse: names with "..", a leading '-', control bytes and the like.
GitRefs GitRefsFromJson(const Json& json, const std::string& place);

}  // namespace nachbau::mirror
