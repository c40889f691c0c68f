// The front door of the verifier: it answers, never fetches, never builds.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/progress.h"
#include "model/build_record.h"
#include "model/comparison.h"
#include "model/finding.h"
#include "model/lock.h"
#include "store/store.h"

namespace nachbau::verifier {

// Compares what a build produced with the lock's references, bit for bit, and says for every .deb that differs which
// members differ, and which sections of an ELF file. A package in lock.binaries that was not built is kNotBuilt; a
// built one without reference (debug symbols, or not in the archive) is kNoReference.
Comparison Compare(const Lock& lock, const BuildRecord& record, const Store& store, Progress& progress);
// Two .deb files: the differences between them, empty when identical.
std::vector<Difference> CompareDebs(std::string_view built, std::string_view reference);

// An Ed25519 signing key on disk (PKCS#8 PEM, mode 0600, optionally encrypted with a passphrase), made on first use.
struct SigningKey {
  std::string private_pem;   // decrypted; never logged
  std::string public_pem;    // SubjectPublicKeyInfo
  std::string key_id;        // lower-case hex SHA-256 of the DER SubjectPublicKeyInfo
  std::filesystem::path path;  // of the file; beside it the key keeps what it last signed of each log (log.h)
};
// `passphrase` is asked only when a key file is encrypted, or for a new key when given at all (empty text: none). The
// public part is beside it as <path>.pub. Throws when others than the owner can read or change the key.
SigningKey OpenSigningKey(const std::filesystem::path& path, const std::function<std::string()>& passphrase);

struct EvidenceFile {
  std::string path;  // relative to the evidence folder: "sbom.cdx.json", "artifacts/x.deb"
  ContentId content;
};

// The in-toto Statement v1 with SLSA Provenance v1 of a rebuild: subjects are the build's outputs, dependencies every
// file of the lock, byproducts `files`. builder_id names who rebuilt (a URI).
Json MakeProvenance(const Lock& lock, const BuildRecord& record, const Comparison& comparison,
                    const std::vector<EvidenceFile>& files, const std::string& builder_id);
// The SLSA Verification Summary (VSA v1) of a decision; `files` are the documents it rests on.
Json MakeSummary(const Decision& decision, const BuildRecord& record, const std::vector<EvidenceFile>& files,
                 const std::string& verifier_id);

// Signs a statement (DSSE), appends it to the log in `log_directory` (RFC 6962 tree, C2SP tlog-tiles layout, signed
// checkpoint), and returns the sigstore bundle v0.3 with the inclusion proof.
Json Attest(const Json& statement, const SigningKey& key, const std::filesystem::path& log_directory,
            const std::string& log_origin, const Clock& clock);

struct TrustedKey {
  std::string name;        // who
  std::string public_pem;
};

// Checks one bundle alone: shape, signature by a trusted key, inclusion proof and checkpoint. `name` is its file, for the
// findings (rules "attestation.…").
std::vector<Finding> VerifyBundle(const Json& bundle, const std::string& name, const std::vector<TrustedKey>& trusted);
// The entry's 0-based position in the log, as the bundle says. Throws ParseError.
std::uint64_t LogIndexOf(const Json& bundle);

// Checks an evidence folder from its files alone (and the store's objects where `store` is given, for the full chain of
// proof). Every file is accounted for; every finding names its file. `sbom_check` is the SBOM room's own check, handed
// in because rooms do not include each other: it returns findings for (sbom text, artifacts directory).
using SbomCheck = std::function<std::vector<Finding>(const std::string& sbom, const std::filesystem::path& artifacts)>;
// Likewise the mirror's proof check: lines of broken links for a lock, reading objects by digest from `proofs`.
using ProofCheck = std::function<std::vector<Finding>(const Lock& lock, const std::filesystem::path& proofs)>;
std::vector<Finding> VerifyEvidence(const std::filesystem::path& evidence, const std::vector<TrustedKey>& trusted,
                                    const SbomCheck& sbom_check, const ProofCheck& proof_check, Progress& progress);

}  // namespace nachbau::verifier
