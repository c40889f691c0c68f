// What the files of a source package are, and where dpkg-source(1) puts what they hold.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/lock.h"

namespace nachbau {

// In the order in which they are laid over each other.
enum class TarballKind { kUpstream, kComponent, kDebian, kDiff };

struct SourceTarball {
  TarballKind kind = TarballKind::kUpstream;
  std::string component;  // kComponent: "foo" of "x_1.orig-foo.tar.xz", the directory it goes into
  LockedFile file;
};

// Those of the lock, without signatures and .dsc; sorted by kind, component and name. Of a script everything is upstream.
std::vector<SourceTarball> SourceTarballs(const Lock& lock);

// A directory alone at the top of a tarball is taken away, whatever its name; but not of debian.tar. Known once every
// member was seen.
class TarballTop {
 public:
  // A member's path without "./" and without a slash at its end.
  void See(std::string_view path, bool directory);
  // In the source tree.
  std::string PlaceOf(const SourceTarball& tarball, std::string_view path) const;

 private:
  std::set<std::string, std::less<>> names_;  // two are enough
  bool file_ = false;                         // something else than a directory at the top
};

}  // namespace nachbau
