// Licences of every binary package of a build: what its source declares, and what follows from the files that went in.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/message.h"
#include "sbom/licences/licence_index.h"
#include "sbom/origin/origins.h"

namespace nachbau::sbom {

struct PackageLicences {
  std::string package, file_name;
  std::uint64_t files = 0;           // in the package
  std::uint64_t unknown_origin = 0;  // of these, files of which nobody knows what went in
  Conclusion conclusion;
};

struct SourceLicences {
  std::string declared;  // "" when unknown
  Message reason;        // why
  std::set<std::string> hints;
  std::vector<Message> problems;
  std::vector<PackageLicences> packages;  // sorted by file name; without those that hold debug information of others

  bool AllKnown() const;  // something is concluded for every package
};

// The files of the source that went into any file of a package; sorted.
std::set<std::string> SourcesOf(const PackageOrigins& origins);
// Files of which nobody knows what went in. Documents that dpkg's tools write for every package do not count.
std::uint64_t CountUnknownOrigins(const PackageOrigins& origins);

SourceLicences FindLicences(const LicenceIndex& index, const Origins& origins);
// {"declared", "reason", "hints", "problems", "packages": [{"package", "file", "files", "unknownOrigins", …Conclusion}]}
Json ToJson(const SourceLicences& licences);

}  // namespace nachbau::sbom
