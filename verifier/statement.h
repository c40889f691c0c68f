// The parts of our in-toto statements that their maker and their checker must agree on. docs/formats/provenance.md
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "model/build_record.h"
#include "model/comparison.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {

inline constexpr const char* kStatementType = "https://in-toto.io/Statement/v1";
inline constexpr const char* kProvenanceType = "https://slsa.dev/provenance/v1";
inline constexpr const char* kSummaryType = "https://slsa.dev/verification_summary/v1";
inline constexpr const char* kBuildType = "urn:nachbau:build-type:debian-rebuild:1";
// The member of our VSA that lists documents which are not attestations (SLSA allows members named by a URI).
inline constexpr const char* kDocumentsMember = "urn:nachbau:vsa:documents:1";

// What was built, with its digests; the build log where nothing was. `comparison` adds each outcome as annotation.
Json Subjects(const BuildRecord& record, const Comparison* comparison);
// ResourceDescriptors {name, digest} of files in the evidence folder.
Json FileDescriptors(const std::vector<EvidenceFile>& files);
// "pkg:deb/debian/<source>@<version>?arch=source"
std::string SourceUrl(const BuildRecord& record);
// "sha256:" and the digest of the canonical build record.
std::string InvocationIdOf(const BuildRecord& record);
// "PASSED" only for kAllowed.
const char* ResultOf(Verdict verdict);

}  // namespace nachbau::verifier
