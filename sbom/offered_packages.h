// What the archives offered when the lock was made, from the indexes it names: for packages that what was built depends
// on at run time, but was not built with.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "model/lock.h"
#include "sbom/deb_control.h"
#include "store/store.h"

namespace nachbau::sbom {

struct OfferedPackage {
  std::string version, architecture, maintainer, description;
  LockedFile file;  // as if it were locked, without role
};

// Every version that the lock's indexes offer of these packages, by name; newest first. Indexes that the store does not
// hold are passed over. Throws ParseError for a damaged one.
std::map<std::string, std::vector<OfferedPackage>> FindOffered(const Lock& lock, const std::set<std::string>& names,
                                                               const Store& store);

// True when `version` is in the range of the alternative; always without one. Order of versions: deb-version(7).
bool Satisfies(const std::string& version, const Alternative& alternative);

}  // namespace nachbau::sbom
