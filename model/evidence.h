// Names of the files in an evidence folder. docs/formats/evidence.md
//
// Every file but the two attestations is named, with its digest, in a signed attestation; anything else in the folder
// is a finding.
#pragma once

namespace nachbau::evidence {

inline constexpr const char* kLock = "lock.json";
inline constexpr const char* kBuildRecord = "build.json";
inline constexpr const char* kBuildLog = "build.log.zst";
inline constexpr const char* kTrace = "trace.json.zst";
inline constexpr const char* kComparison = "comparison.json";
inline constexpr const char* kSbom = "sbom.cdx.json";
inline constexpr const char* kProvenance = "provenance.sigstore.json";  // attestation of the rebuild
inline constexpr const char* kDecision = "decision.json";
inline constexpr const char* kPolicy = "policy.toml";                   // the policy as it was applied
inline constexpr const char* kSummary = "vsa.sigstore.json";            // attestation of the decision (SLSA VSA)
inline constexpr const char* kVouchers = "vouchers.json";  // who vouches for the source; of source packages
inline constexpr const char* kArtifacts = "artifacts";                  // directory: what was built
inline constexpr const char* kProofs = "proofs";  // directory: InRelease files and keyrings, named <sha256>

}  // namespace nachbau::evidence
