// Looks at every object of packs: as git fsck does, on bytes that libgit2 has compared with their names.
#pragma once

#include <git2.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/progress.h"
#include "mirror/git_object.h"

namespace nachbau::mirror {

struct GitProblem {
  std::string object;  // 40 hexadecimal digits
  std::string detail;  // English
  // The object is not its name, cannot be read, or needs one that is not there. Else it is merely not as today's git
  // would write it, which old repositories have and nobody can change.
  bool damage = false;
  auto operator<=>(const GitProblem&) const = default;
};

struct GitCheckResult {
  std::uint64_t objects = 0;
  std::uint64_t damaged = 0, irregular = 0;
  std::vector<GitProblem> problems;  // sorted; at most kMaxGitProblems of them
  std::map<std::string, LargeFilePointer> large_files;  // by SHA-256: what pointers of Git LFS name
  std::vector<std::string> signed_objects;              // ids of tags and commits that carry a signature, sorted
};
inline constexpr std::size_t kMaxGitProblems = 200;

// `indexes`: of the packs (".idx", their packs beside them). `all`: where objects that these need may be. Throws
// CancelledError, Error when a pack cannot be opened.
GitCheckResult CheckGitPacks(const std::vector<std::filesystem::path>& indexes, git_odb* all,
                             const std::atomic<bool>* cancelled, Progress::Task& task);

}  // namespace nachbau::mirror
