// The order of the stages. Each stage is a room's front door; here they only meet. Each is also a command of its own,
// working on an evidence folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/evidence_folder.h"
#include "model/build_record.h"
#include "model/comparison.h"
#include "model/finding.h"
#include "model/lock.h"
#include "model/voucher.h"
#include "policies/policies.h"
#include "report/summary.h"

namespace nachbau::cli {

// What changes a build stands in its lock. Throws UsageError when the command line says something about it as well.
void RefuseChoicesBesideLock(const Arguments& arguments);

// Documents from files, strictly.
Lock ReadLock(const std::filesystem::path& path);

// For messages: relative to where the person is, when it lies beneath, so that it can be typed.
std::filesystem::path AsTyped(const std::filesystem::path& path);

std::string LockFileName(const std::string& source);  // "dnsmasq.lock.json"

// What the command line asks for, of one source package.
mirror::ResolveRequest RequestFor(const Arguments& arguments, const std::string& source);

// Update (or the newest snapshot, offline) and Resolve. A name that ends in ".toml" is a recipe file.
Lock ResolveSource(Context& context, const std::string& source);

// The exact environment that a .buildinfo file names: from the archives as they are, then from all snapshots held, then
// from archives whose URL carries a time, as of the moment of the build and a day after and before.
mirror::BuildInfoResult ResolveBuildInfoFile(Context& context, const std::filesystem::path& file);

// Fetch. Notes what is missing; throws MissingError when a source or environment file is among it. `lock_file`: where the
// lock was read from; what proves it is then gathered too, some of it from the evidence folder that the file lies in.
mirror::FetchResult MirrorLock(Context& context, Lock& lock, const std::filesystem::path& lock_file = {});

// The documents of a folder as far as they are there; each stage reads what came before it and adds its own.
struct Documents {
  Lock lock;
  BuildRecord record;
  std::optional<Vouchers> vouchers;
  std::optional<Comparison> comparison;
  std::optional<Json> sbom;
  std::optional<Json> provenance;  // sigstore bundle
  std::optional<Decision> decision;
};
Documents ReadDocuments(const EvidenceFolder& folder);

// Who vouches for the source that a lock builds, by the keyrings of Debian's developers or those of the workspace.
Vouchers VouchersOf(Context& context, const Lock& lock);

BuildRecord BuildStage(Context& context, const Lock& lock, EvidenceFolder& folder);
Comparison CompareStage(Context& context, const Documents& documents, EvidenceFolder& folder);
// Nothing for a build that failed: there is nothing to describe.
std::optional<Json> SbomStage(Context& context, const Documents& documents, EvidenceFolder& folder);
Json AttestStage(Context& context, const Documents& documents, const verifier::SigningKey& key, EvidenceFolder& folder);
// Evaluates; `write` also records the decision, the policy and the signed summary in the folder.
Decision EvaluateFolder(Context& context, const Documents& documents, const EvidenceFolder& folder);
void DecideStage(Context& context, const Documents& documents, const verifier::SigningKey& key, EvidenceFolder& folder);

// What the build log says about a build that failed: the place that tells why, or its end for one that hung or went
// over a limit. Nothing for a build that succeeded.
report::LogLines FailureLines(const BuildRecord& record, const std::filesystem::path& log);

struct RebuildResult {
  Documents documents;
  std::filesystem::path evidence;  // as to be typed
  std::string key_id;
  std::uint64_t log_index = 0;
  std::uint64_t total_ms = 0;
};

// Everything from a lock on. `lock_file` as for MirrorLock.
RebuildResult Rebuild(Context& context, Lock lock, const std::filesystem::path& lock_file = {});

// The checks that verifier::VerifyEvidence takes from other rooms.
std::vector<Finding> CheckSbom(const std::string& sbom, const std::filesystem::path& artifacts);
std::vector<Finding> CheckProofsOf(const Lock& lock, const std::filesystem::path& proofs);

}  // namespace nachbau::cli
