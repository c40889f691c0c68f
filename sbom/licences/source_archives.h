// The files of a source package as its tarballs hold them, laid out as dpkg-source(1) lays them out.
//
// Patches are not applied: a file keeps the tag it came with, one that a patch adds has none. debian/copyright describes
// the patched tree, so patterns reach these too.
#pragma once

#include <optional>
#include <string>

#include "model/lock.h"
#include "sbom/licences/upstream_statements.h"
#include "store/store.h"

namespace nachbau::sbom {

struct SourceStatements {
  UpstreamStatements upstream;
  std::optional<std::string> copyright;  // debian/copyright
};

// Reads every source tarball of the lock once. Throws ParseError for a damaged one, and beyond a million files.
SourceStatements ReadSourceArchives(const Lock& lock, const Store& store);

}  // namespace nachbau::sbom
