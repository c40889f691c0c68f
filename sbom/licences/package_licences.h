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
  std::uint64_t unknown_origin = 0;  // of these, files of which nobody knows all that went in
  std::string first_unknown;         // one of these, and why (English)
  Conclusion conclusion;             // from the files of the source that are known to have gone in
  // What holds for the package: the conclusion, or, where origins are unknown, what is declared for the whole source, since
  // whatever went in is of it. "" when unknown.
  std::string concluded;
};

struct SourceLicences {
  std::string declared;  // "" when unknown
  Message reason;        // why
  std::set<std::string> hints;
  std::vector<Message> problems;
  std::vector<PackageLicences> packages;  // sorted by file name; without those that hold debug information of others

  bool AllKnown() const;  // something is concluded for every package from the files that went into it
};

SourceLicences FindLicences(const LicenceIndex& index, const Origins& origins);
// {"declared", "reason", "hints", "problems", "packages": [{"package", "file", "packageFiles", "unknownOrigins",
// "concluded", "concludedFromKnown", … of the conclusion}]}
Json ToJson(const SourceLicences& licences);

}  // namespace nachbau::sbom
