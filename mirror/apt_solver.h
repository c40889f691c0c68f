// Which packages a build environment consists of, decided by libapt-pkg's own resolver in a private directory tree.
//
// Nothing of the machine takes part: no installed packages, no apt configuration or preferences, no environment
// variables, no network. Pins follow from the Release files (NotAutomatic) as apt's defaults say.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace nachbau::mirror {

// The tree: lists, an empty dpkg status, a sources.list.
class AptTree {
 public:
  // In an empty directory that outlives this.
  explicit AptTree(std::filesystem::path directory);

  // Adds the next Packages index, under the (clear-signed or plain) Release file it belongs to. Earlier ones win where
  // the same package is in several. Returns the file that the caller has to write its plain text to before Solve.
  std::filesystem::path AddIndex(std::string_view release);
  std::filesystem::path PackagesPath(std::uint32_t index) const;  // 0-based, in the order of AddIndex
  std::uint32_t index_count() const { return index_count_; }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
  std::uint32_t index_count_ = 0;
};

struct SolveRequest {
  std::string architecture;     // Debian architecture; no other takes part
  std::string source;           // source package whose binary packages are the references; empty: there are none
  std::string source_version;
  std::string name;             // what needs all this, for messages: "source package hello 2.10-3"
  std::string build_depends;    // as a binary package's Depends: reduced, no restrictions
  std::string build_conflicts;  // as a binary package's Conflicts
};

struct SolvedPackage {
  std::string name;
  std::string version;
  std::string architecture;
  std::string source;
  std::string source_version;
  std::string path;         // Filename field, cleaned
  std::uint32_t index = 0;  // 0-based, in the order of AddIndex; the first that has it
  std::uint64_t size = 0;   // bytes
  Sha256Digest sha256;
  auto operator<=>(const SolvedPackage&) const = default;
};

struct Solution {
  std::vector<SolvedPackage> environment;  // everything to install: essential, build-essential, build dependencies
  std::vector<SolvedPackage> references;   // binary packages of this source at this version
};                                         // both sorted

// Takes AptMutex. Throws MissingError naming the chain that leads to the dependency that cannot be satisfied; Error when
// libapt-pkg cannot read the tree; ParseError for a chosen package whose entry in the index lacks what is needed.
Solution Solve(const AptTree& tree, const SolveRequest& request);

}  // namespace nachbau::mirror
