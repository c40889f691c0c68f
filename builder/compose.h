// Composes one tree of many unpacked packages by hard links: the lower layer of a build root.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "builder/dpkg_database.h"

namespace nachbau::builder {

struct PackageTree {
  FileDescriptor directory;  // with data/ and control/, as UnpackDeb made it
  UnpackedPackage package;   // control, members and paths are filled by ReadPackageTree
};

// Reads control/ and the paths of data/. `name` is for messages.
PackageTree ReadPackageTree(FileDescriptor directory, std::string_view name);

// Fills the empty directory `target`. /bin, /sbin and /lib* become links into /usr (merged-/usr, as debootstrap and
// mmdebstrap make them), and what packages put there lands in /usr. Where two packages have the same file, the one that
// Replaces the other wins; identical bytes are fine; else throws Error naming both. Order of `trees` decides nothing
// else. To be called as root in a user namespace; trees and target on one file system.
void Compose(std::vector<PackageTree>& trees, const FileDescriptor& target);

}  // namespace nachbau::builder
