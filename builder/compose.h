// Composes one tree of many unpacked packages by hard links: the lower layer of a build root.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "builder/dpkg_database.h"
#include "builder/unpack.h"

namespace nachbau::builder {

struct RootBeneath;

struct PackageTree {
  FileDescriptor directory;            // with data/, control/ and entries, as UnpackDeb made it
  UnpackedPackage package;
  std::vector<UnpackedEntry> entries;  // parents first
};

// Reads control/ and entries. `name` is for messages.
PackageTree ReadPackageTree(FileDescriptor directory, std::string_view name);

// The newest modification time in all packages, at least 1: what stands for "now" in a root, so that it depends on the
// packages alone.
UnixSeconds NewestTime(const std::vector<PackageTree>& trees);

// Where a package's file lies in a root: "bin/ls" → "usr/bin/ls". Nothing for the link /bin → usr/bin itself.
std::optional<std::string> PlaceInRoot(const UnpackedEntry& entry);

// Fills the empty directory `target`. /bin, /sbin and /lib* become links into /usr (merged-/usr, as debootstrap and
// mmdebstrap make them), and what packages put there lands in /usr. Where two packages have the same file, the one that
// Replaces the other wins; identical bytes are fine; else throws Error naming both. A directory gets the owner, mode and
// time of the first package that has it. Directories and links of no package get the time `now`. To be called as root in
// a user namespace; trees and target on one file system.
//
// With a root beneath, which has the first packages already, the target becomes a layer over it: what the others add or
// replace. Directories that the root has stay as they are in it. WhyNotOn must have had no objection.
void Compose(const std::vector<PackageTree>& trees, const FileDescriptor& target, UnixSeconds now,
             Owners owners = Owners::kKept, const RootBeneath* beneath = nullptr);

}  // namespace nachbau::builder
