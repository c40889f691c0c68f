// Software hash identifiers (SWHID, ISO/IEC 18670): names of contents, directories, revisions, releases and snapshots that
// follow from the bytes alone. They are git's object names, which Software Heritage uses too.
//
//   swh:1:cnt:…  the blob of a file       swh:1:rev:…  a commit       swh:1:snp:…  all refs of a repository
//   swh:1:dir:…  the tree of a directory  swh:1:rel:…  an annotated tag
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "mirror/git_refs.h"
#include "store/store.h"

namespace nachbau::mirror {

// Of a file: its content. Of a directory: the tree of all that is in it, empty directories too; a file is executable
// when its owner may execute it. A symbolic link at `path` itself is a content, its target. Throws SystemError, and
// ParseError for what no tree can hold (devices, sockets).
std::string SwhidOf(const std::filesystem::path& path);

// One branch of a snapshot.
struct SwhidBranch {
  std::string name;         // "refs/heads/main", "HEAD"
  std::string target_type;  // "content", "directory", "revision", "release", "alias"
  std::string target;       // 40 hexadecimal digits; of an alias the name of another branch
  auto operator<=>(const SwhidBranch&) const = default;
};
std::string SwhidOfSnapshot(std::vector<SwhidBranch> branches);

// In a mirrored repository: of the object that `name` names (a ref, its last part, or an object id); of all refs
// together where it is empty. Throws MissingError when there is no such thing.
std::string SwhidIn(const GitRefs& refs, const std::string& name, const std::filesystem::path& state_directory,
                    const Store& store);

}  // namespace nachbau::mirror
