// Which packages a build environment consists of, decided by libapt-pkg's own resolver in a private directory tree.
//
// Nothing of the machine takes part: no installed packages, no apt configuration or preferences, no environment
// variables, no network. Pins follow from the Release files (NotAutomatic) as apt's defaults say.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "mirror/apt_tree.h"

namespace nachbau::mirror {

struct SolveRequest {
  std::string name;             // what needs all this, for messages: "source package hello 2.10-3"
  std::string build_depends;    // as a binary package's Depends: reduced, no restrictions
  std::string build_conflicts;  // as a binary package's Conflicts
  auto operator<=>(const SolveRequest&) const = default;
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
  // Sources that parts of were copied into it: name and version of Built-Using and Static-Built-Using. Sorted.
  std::vector<std::pair<std::string, std::string>> built_using;
  auto operator<=>(const SolvedPackage&) const = default;
};

struct Answer {
  std::vector<std::uint32_t> packages;  // for AptSolver::Package: essential, build-essential, build dependencies
  std::optional<MissingError> problem;  // why there is none: names the chain to what cannot be satisfied
  // False where libapt-pkg had to choose between packages that cannot be together. Its choice then may depend on what
  // else it was asked: only a solver that was given this request alone gives the one answer.
  bool certain = true;
};

// One set of indexes, read once, for any number of requests, each answered as if it were the only one. Holds AptMutex.
// Safe from one thread; after fork(2) in each process.
class AptSolver {
 public:
  // `architecture`: of the packages; no other takes part. With `keep_indexes` see AptSession. Throws MissingError where
  // there is no build-essential, Error when libapt-pkg cannot read the tree.
  AptSolver(const AptTree& tree, const std::string& architecture, std::vector<SolveRequest> requests,
            bool keep_indexes = false);
  ~AptSolver();

  // `request`: 0-based.
  Answer Solve(std::size_t request);
  // Throws ParseError for a package whose entry in the index lacks what is needed.
  const SolvedPackage& Package(std::uint32_t number);
  // Binary packages of exactly this source, sorted. Throws as Package does.
  std::vector<SolvedPackage> References(const std::string& source, const std::string& source_version);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nachbau::mirror
