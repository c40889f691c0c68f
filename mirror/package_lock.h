// npm's package-lock.json (npm-docs, package-lock.json), versions 2 and 3: what is to be fetched, and by which digest.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"

namespace nachbau::mirror {

struct NpmPackage {
  std::string path;     // in the lock: "node_modules/@scope/name"
  std::string name;     // "@scope/name"
  std::string version;
  std::string url;      // where the lock says it is; empty where it does not
  Sha512Digest sha512;  // of the tarball
  auto operator<=>(const NpmPackage&) const = default;
};

struct PackageLock {
  std::string name;     // of the project; may be empty
  std::string version;  // likewise
  std::vector<NpmPackage> packages;  // sorted by path
  Json json;            // all of it
};

// Throws ParseError naming `file` for what is no such lock, and for packages that cannot be mirrored: without a SHA-512,
// from git or from a local file. What needs no fetching (links, workspaces, what lies in other packages) is left out.
PackageLock ParsePackageLock(std::string_view text, const std::string& file);

// Where the registry has a tarball, as npm computes it: REGISTRY/@scope/name/-/name-1.0.0.tgz.
std::string NpmTarballUrl(const std::string& registry, const NpmPackage& package);

// The lock with every package taken from a file, `files` by path in the lock: "file:tarballs/….tgz". npm then contacts
// nothing, and checks each file by the same digest as before.
Json WithLocalTarballs(const PackageLock& lock, const std::map<std::string, std::string>& files);

// The package.json that the lock was made from, as far as npm compares the two.
Json PackageJsonOf(const PackageLock& lock);

}  // namespace nachbau::mirror
