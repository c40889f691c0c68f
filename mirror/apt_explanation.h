// Why libapt-pkg found no way to install what a build needs. Only for apt_solver.cc: AptMutex must be held.
#pragma once

#include <apt-pkg/cachefile.h>
#include <apt-pkg/pkgcache.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace nachbau::mirror {

struct Explanation {
  MissingError error;
  // True where some dependency has nothing at all that satisfies it; false where packages exclude each other.
  bool certain = false;
};

// `wanted`: the packages that had to be installed; the last is the dummy whose Depends are the build dependencies, called
// `title` in the message.
Explanation ExplainUnsolved(pkgCacheFile& cache, const std::vector<pkgCache::PkgIterator>& wanted,
                            const std::string& title);

}  // namespace nachbau::mirror
