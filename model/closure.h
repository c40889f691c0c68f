// The closure of a product: every file that it needs, with where it comes from and how it is proven. docs/formats/closure.md
//
// A document that lies in the store as canonical JSON, under its digest; a product file (model/product.h) names it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "model/lock.h"

namespace nachbau {

// What a file is there for. The first five are of Debian sources and have the names of InputRole where they mean the
// same; the others are of git repositories, upstream tarballs and npm lock files.
enum class ClosureRole {
  kSource,             // a file of the source package itself
  kEnvironment,        // a binary package of a build environment
  kEnvironmentSource,  // a file of the source package of one of those
  kBuiltUsing,         // a file of a source that one of those names in Built-Using or Static-Built-Using
  kReference,          // a binary package that the archive offers for the product: to compare with
  kRefs,               // what a git repository's refs were at one moment
  kPack,               // a pack of git objects
  kLargeFile,          // a file kept beside a git repository (LFS)
  kTarball,            // an upstream or npm tarball
  kSignature,          // a detached signature
  kKey,                // the key it was checked with
  kPackageLock,        // an npm lock file
};
std::string_view Name(ClosureRole role);  // "source", "environment", "environment-source", "built-using", "reference",
                                          // "refs", "pack", "large-file", "tarball", "signature", "key", "package-lock"

struct ClosureFile {
  Sha256Digest sha256;
  std::uint64_t size = 0;  // bytes
  std::string name;        // of the file, without directories
  ClosureRole role = ClosureRole::kSource;
  // 0: the product and its build environment; 1: the environments that the sources of that environment are built in,
  // and so on. Of several uses of one file the lowest, and of that level the first role.
  std::uint32_t level = 0;
  std::string package;       // the package it belongs to: source package for source files; may be empty
  std::string version;       // of that package
  std::string architecture;  // "amd64", "all", "source"; empty where it has no meaning
  std::string path;          // with an index: below the archive's base URI; else where it came from (URL, repository)
  std::uint32_t index = kNoIndex;  // 0-based into Closure::indexes, where size and sha256 stand; or kNoIndex
  std::string missing;       // English: why it could not be had when the closure was made; empty: it is held
  auto operator<=>(const ClosureFile&) const = default;

  bool Indexed() const { return index != kNoIndex; }
  // Without it the product cannot be rebuilt (or used). All else is wanted for independence from others: the sources of
  // the environment, what those are built with, references and signatures.
  bool Needed() const;
};

// One source package that the closure follows.
struct ClosureSource {
  std::string name;
  std::string version;
  std::uint32_t level = 0;                   // 0: the product; 1: a source of its environment, and so on
  std::string missing;                       // English: why its files cannot be had; empty where they are in `files`
  std::optional<std::uint32_t> environment;  // packages of its build environment; nothing where that was not resolved
  std::string problem;                       // English: why its environment cannot be resolved; empty as a rule
  auto operator<=>(const ClosureSource&) const = default;
};

struct Closure {
  std::string product;       // name
  std::string version;
  std::string architecture;  // empty where it has no meaning
  std::vector<ReleaseProof> releases;  // positions as in the product's lock where there is one
  std::vector<IndexProof> indexes;
  std::vector<ClosureFile> files;      // sorted by sha256, each once
  std::vector<ClosureSource> sources;  // sorted by name, version; each once

  // Every object that belongs to it: files, indexes, InRelease files, keyrings. Sorted, each once; some may not be held.
  std::vector<Sha256Digest> Objects() const;
};

Json ToJson(const Closure& closure);
// Refuses what no closure is: unknown members and roles, files or sources out of order or twice, indexes of no release.
Closure ClosureFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
