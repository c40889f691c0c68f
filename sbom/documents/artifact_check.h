// Everything in a document that has digests, against the real files: those in a folder, and those inside of the Debian
// packages in it.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/progress.h"
#include "sbom/documents/bom.h"

namespace nachbau::sbom {

// kNotChecked is the zero value and never counts as the same.
enum class ArtifactOutcome {
  kNotChecked,  // its bytes are not here, and need not be; or its digests prove nothing
  kSame,
  kDiffers,
  kMissing,   // should be here and is not
  kUnlisted,  // a package in the folder that the document does not name
};
std::string_view Name(ArtifactOutcome outcome);  // "not checked", "same", "differs", "missing", "unlisted"

struct ArtifactVerdict {
  ArtifactOutcome outcome = ArtifactOutcome::kNotChecked;
  std::string pointer;  // of the component; empty for a file that is not listed
  std::string name;     // of the component
  std::string file;     // "dnsmasq_2.90-4_all.deb", "dnsmasq-base_2.90-4_amd64.deb:usr/sbin/dnsmasq"
  Message reason;
};

struct ArtifactReport {
  std::vector<ArtifactVerdict> verdicts;  // in document order, then what is not listed
  std::size_t Count(ArtifactOutcome outcome) const;
  // At least one file is the same, none differs, is missing, or is not listed.
  bool Good() const;
};

// Reads every file of `directory` once, symbolic links not followed. A component is found by its file name (property
// bsi:component:filename, SPDX packageFileName, else its name), below a package by its path or last part of the path.
// Digests by MD5 and SHA-1 alone prove nothing. Throws SystemError, ParseError for a package that is none.
ArtifactReport CheckArtifacts(const Bom& bom, const std::string& directory, Progress& progress);

Json ToJson(const ArtifactReport& report);

}  // namespace nachbau::sbom
