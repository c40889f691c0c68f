// A finished root on which another one is put: what of it the other one has to know.
// docs/decisions/0066-roots-on-roots.md
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "builder/compose.h"
#include "builder/dpkg_database.h"

namespace nachbau::builder {

// Its layers, as builder/root.cc makes them, and of how many packages it is: the first ones of the other root.
struct RootBeneath {
  FileDescriptor configured, base;
  std::size_t packages = 0;
};

// All of these are to be called as root in a user namespace.

// Why the packages behind the first ones cannot be put on this root, as if all were unpacked before any script ran;
// empty when they can. English, one line.
std::string WhyNotOn(const RootBeneath& beneath, const std::vector<PackageTree>& trees);

// Owner, mode and times of the directory `place`; nothing when the root has none there. Valid for places to which
// WhyNotOn had no objection.
std::optional<struct stat> FindDirectory(const RootBeneath& beneath, const std::string& place);

// What its package database and debconf know. `trees`: as above.
InstalledState ReadInstalledState(const RootBeneath& beneath, const std::vector<PackageTree>& trees);

}  // namespace nachbau::builder
