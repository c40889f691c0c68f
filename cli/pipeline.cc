#include "cli/pipeline.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/log_reader.h"
#include "cli/build_history.h"
#include "cli/mirror_sync.h"
#include "cli/remembered_places.h"
#include "mirror/lock_proofs.h"
#include "mirror/vouchers.h"
#include "model/evidence.h"
#include "sbom/sbom.h"

namespace nachbau::cli {
namespace {

constexpr std::size_t kNamedFiles = 3;  // of those that are missing, in an error

constexpr std::size_t kMaxViolationsShown = 20;
constexpr std::uint64_t kMaxProof = 64 << 20;  // bytes: recipes, .buildinfo files, keyrings

bool Needed(InputRole role) {
  return role == InputRole::kSource || role == InputRole::kEnvironment || role == InputRole::kRecipe;
}

// "dnsmasq_2.90-4~deb12u2_amd64_20261123T120000Z", with the epoch's colon escaped as in apt's file names.
std::string FolderName(const Context& context, const Lock& lock) {
  std::string time = FormatTime(context.clock().Now());
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  const std::string name =
      lock.source + "_" + PercentEncode(lock.version, "+") + "_" + lock.architecture + "_" + time;
  std::string free = name;
  for (int suffix = 2; std::filesystem::exists(context.workspace() / "evidence" / free); ++suffix) {
    free = name + "_" + std::to_string(suffix);
  }
  return free;
}

std::string RebuilderId(const Context& context, const verifier::SigningKey& key) {
  const std::string& configured = context.configuration().rebuilder;
  return configured.empty() ? "urn:nachbau:rebuilder:" + key.key_id : configured;
}

Json Sign(const Context& context, const Json& statement, const verifier::SigningKey& key) {
  return verifier::Attest(statement, key, context.LogDirectory(), context.LogOrigin(key), context.clock());
}

std::vector<Finding> ProofFindings(Context& context, const Lock& lock, const std::filesystem::path& folder) {
  const bool held = std::all_of(lock.indexes.begin(), lock.indexes.end(),
                                [&](const IndexProof& index) { return context.store().Has(index.sha256); });
  if (!held) {
    std::vector<Finding> findings = CheckProofsOf(lock, folder / evidence::kProofs);
    const bool builds_here = std::all_of(lock.files.begin(), lock.files.end(), [&](const LockedFile& file) {
      return !Needed(file.role) || context.store().Has(file.sha256);
    });
    for (Finding& finding : findings) {
      if (!builds_here || finding.rule != "inputs.proven" || finding.outcome != FindingOutcome::kPass) continue;
      finding.outcome = FindingOutcome::kUnknown;
      finding.reason = Msg("this mirror holds the lock's files but not all {} indexes that prove them", lock.indexes.size());
    }
    return findings;
  }
  const std::vector<std::string> broken = mirror::CheckProofs(lock, context.store());
  Finding finding;
  finding.rule = "inputs.proven";
  finding.subject = lock.source + " " + lock.version;
  finding.evidence = {evidence::kLock, evidence::kProofs};
  finding.outcome = broken.empty() ? FindingOutcome::kPass : FindingOutcome::kFail;
  finding.reason = broken.empty()
                       ? Msg("{} files are proven by {} signed Release files", lock.files.size(), lock.releases.size())
                       : Msg("{} broken links in the chains of proof, the first: {}", broken.size(), broken.front());
  std::vector<Finding> findings = {finding};
  const auto read = [&](const Sha256Digest& sha256) -> std::optional<std::string> {
    if (!context.store().Has(sha256)) return std::nullopt;
    return context.store().Read(sha256, kMaxProof);
  };
  for (Finding& source : mirror::CheckScriptSource(lock, read)) findings.push_back(std::move(source));
  for (Finding& vouched : mirror::CheckBuildInfo(lock, read)) findings.push_back(std::move(vouched));
  return findings;
}

mirror::ScriptRequest ReadScript(const Arguments& arguments, const std::string& file) {
  if (!arguments.version.empty() || arguments.run_tests || arguments.arch_only || arguments.indep_only ||
      !arguments.build_profiles.empty()) {
    throw UsageError(
        Msg("version, build profiles, tests and parts are for source packages; a recipe file says what it builds"));
  }
  mirror::ScriptRequest request;
  request.file = file;
  request.text = ReadFile(file, kMaxRecipe);
  request.recipe = ParseScriptRecipe(request.text, file);
  request.with_environment_sources = !arguments.without_environment_sources;
  return request;
}

}  // namespace

std::filesystem::path AsTyped(const std::filesystem::path& path) {
  const std::filesystem::path relative = path.lexically_relative(std::filesystem::current_path());
  return relative.empty() || *relative.begin() == ".." ? path : relative;
}

std::string LockFileName(const std::string& source) { return source + ".lock.json"; }

void RefuseChoicesBesideLock(const Arguments& arguments) {
  if (!arguments.run_tests && !arguments.arch_only && !arguments.indep_only && arguments.build_profiles.empty()) return;
  UsageError error(Msg("build profiles, tests and parts of a build are chosen when its lock is made"));
  error.SetHint(Msg("leave these options out, or make another lock: nachbau resolve SOURCE"));
  throw error;
}

Lock ReadLock(const std::filesystem::path& path) {
  return LockFromJson(ParseJson(ReadFile(path), path.native()), path.native());
}

mirror::ResolveRequest RequestFor(const Arguments& arguments, const std::string& source) {
  return {.source = source,
          .version = arguments.version,
          .with_environment_sources = !arguments.without_environment_sources,
          .with_tests = arguments.run_tests,
          .build_profiles = arguments.build_profiles,
          .parts = arguments.arch_only    ? BuildParts::kArchitecture
                   : arguments.indep_only ? BuildParts::kIndependent
                                          : BuildParts::kAll,
          .profile = arguments.profile};
}

Lock ResolveSource(Context& context, const std::string& source) {
  const mirror::MirrorConfig config = context.MirrorConfig();
  builder::RequireArchitecture(config.architecture);
  std::optional<mirror::ScriptRequest> script;
  if (source.ends_with(".toml"))
    script = ReadScript(context.arguments(), source);  // its mistakes are told before anything else
  const mirror::Snapshot snapshot = SyncArchives(context, false);
  for (const std::string& left_out : snapshot.left_out) context.progress().Note(Msg("left out: {}", left_out));
  Lock lock = script ? mirror::ResolveScript(*script, snapshot, config, context.store(), context.progress())
                     : mirror::Resolve(RequestFor(context.arguments(), source), snapshot, config, context.store(),
                                       context.progress());
  lock.sbom_creator = context.configuration().sbom_creator;
  return lock;
}

mirror::BuildInfoResult ResolveBuildInfoFile(Context& context, const std::filesystem::path& file) {
  constexpr UnixSeconds kDay = 86400;
  const Arguments& arguments = context.arguments();
  if (!arguments.version.empty() || arguments.run_tests || arguments.arch_only || arguments.indep_only ||
      !arguments.build_profiles.empty()) {
    throw UsageError(Msg("version, build profiles, tests and parts are what the .buildinfo file says"));
  }
  const mirror::MirrorConfig config = context.MirrorConfig();
  mirror::BuildInfoRequest request;
  request.name = file.native();
  request.text = ReadFile(file, 16 << 20);
  for (const std::filesystem::path& keyring : arguments.keyrings) request.keyrings.push_back(ReadFile(keyring, 64 << 20));
  request.with_environment_sources = !arguments.without_environment_sources;
  request.profile = arguments.profile;
  const auto built = mirror::BuildDateOf(request);  // its mistakes are told before anything is fetched

  bool current = config.offline;
  std::vector<mirror::HeldSnapshot> held;
  bool listed = false;
  std::vector<UnixSeconds> moments;
  const auto next = [&]() -> std::optional<mirror::Snapshot> {
    if (!current) {
      current = true;
      mirror::Snapshot snapshot = SyncArchives(context, false);
      for (const std::string& left_out : snapshot.left_out) context.progress().Note(Msg("left out: {}", left_out));
      return snapshot;
    }
    if (!listed) {
      listed = true;
      held = mirror::HeldSnapshots(config);  // oldest first; taken from the end
      if (built && !config.offline && mirror::HasDatedArchives(config)) moments = {*built - kDay, *built + kDay, *built};
    }
    while (!held.empty()) {
      mirror::Snapshot snapshot = std::move(held.back().snapshot);
      held.pop_back();
      try {
        for (const ReleaseProof& release : snapshot.releases) {
          mirror::RequirePinned(release.signers, release.uri, release.suite, config.pinned_keys);
        }
        return snapshot;
      } catch (const Error& error) {
        context.progress().Note(Msg("left out: {}", std::string_view(error.what())));
      }
    }
    while (!moments.empty()) {
      const UnixSeconds moment = moments.back();
      moments.pop_back();
      try {
        return SyncArchives(context, false, nullptr, moment);
      } catch (const NetworkError& error) {
        context.progress().Note(Msg("left out: {}", std::string_view(error.what())));
      } catch (const MissingError& error) {
        context.progress().Note(Msg("left out: {}", std::string_view(error.what())));
      }
    }
    return std::nullopt;
  };
  mirror::BuildInfoResult result = mirror::ResolveBuildInfo(request, next, config, context.store(),
                                                            context.clock().Now(), context.progress());
  builder::RequireArchitecture(result.lock.architecture);
  result.lock.sbom_creator = context.configuration().sbom_creator;
  return result;
}

mirror::FetchResult MirrorLock(Context& context, Lock& lock, const std::filesystem::path& lock_file) {
  if (!lock_file.empty()) {
    const std::vector<std::string> missing = mirror::GatherProofs(
        lock, lock_file.parent_path() / evidence::kProofs, context.MirrorConfig(), context.store(), context.progress());
    if (!missing.empty()) {
      context.progress().Note(Msg("{} proofs that the lock names could not be had, so its files are proven by nobody here; "
                                  "among them {}", missing.size(), missing.front()));
    }
  }
  mirror::FetchResult result = mirror::Fetch(lock, context.MirrorConfig(), context.store(), context.progress());
  // What the build cannot do without is listed whole; of the rest the first, because it is not needed now.
  std::size_t needed = 0;
  std::string first;  // names of some that are needed
  const mirror::MissingFile* unneeded = nullptr;
  for (const mirror::MissingFile& file : result.missing) {
    if (Needed(file.file.role)) {
      context.progress().Note(Msg("missing: {}: {}", file.file.file_name, file.reason));
      if (++needed <= kNamedFiles) first += (first.empty() ? "" : ", ") + file.file.file_name + " (" + file.reason + ")";
    } else if (unneeded == nullptr) {
      unneeded = &file;
    }
  }
  if (unneeded != nullptr) {
    context.progress().Note(Msg("{} files that this build does not need could not be had (sources of the build environment, "
                                "packages to compare with), among them {}: {}",
                                result.missing.size() - needed, unneeded->file.file_name, unneeded->reason));
  }
  if (needed != 0) {
    MissingError error(needed > kNamedFiles
                           ? Msg("{} files that the build of {} needs could not be had, among them {}", needed, lock.source, first)
                           : Msg("what the build of {} needs could not be had: {}", lock.source, first));
    error.SetHint(context.arguments().offline
                      ? Msg("run the same command once without --offline")
                      : Msg("the archive may be in the middle of an update: try again later; what it has given up must come "
                            "from somebody who holds it ('nachbau mirror import'), or build another version (--version-wanted)"));
    throw error;
  }
  if (!mirror::CompleteBinNmu(lock, context.store())) {
    context.progress().Note(Msg("none of the archive's packages at hand has the changelog entry of {} {}", lock.source,
                                lock.recipe.binary_version));
  }
  return result;
}

Documents ReadDocuments(const EvidenceFolder& folder) {
  const auto place = [&](const char* file) { return (folder.path() / file).native(); };
  Documents documents;
  documents.lock =
      LockFromJson(folder.ReadDocument(evidence::kLock, "nachbau build LOCK -o DIR"), place(evidence::kLock));
  documents.record = BuildRecordFromJson(folder.ReadDocument(evidence::kBuildRecord, "nachbau build LOCK -o DIR"),
                                         place(evidence::kBuildRecord));
  if (folder.Has(evidence::kComparison)) {
    documents.comparison =
        ComparisonFromJson(folder.ReadDocument(evidence::kComparison, ""), place(evidence::kComparison));
  }
  if (folder.Has(evidence::kVouchers)) {
    documents.vouchers = VouchersFromJson(folder.ReadDocument(evidence::kVouchers, ""), place(evidence::kVouchers));
  }
  if (folder.Has(evidence::kSbom)) documents.sbom = folder.ReadDocument(evidence::kSbom, "");
  if (folder.Has(evidence::kProvenance)) documents.provenance = folder.ReadDocument(evidence::kProvenance, "");
  if (folder.Has(evidence::kDecision)) {
    documents.decision = DecisionFromJson(folder.ReadDocument(evidence::kDecision, ""), place(evidence::kDecision));
  }
  return documents;
}

Vouchers VouchersOf(Context& context, const Lock& lock) {
  std::vector<std::filesystem::path> keyrings = mirror::DebianKeyrings("/");
  if (const auto& configured = context.configuration().developer_keyrings) {
    keyrings.clear();
    for (const std::string& file : *configured) keyrings.push_back(context.workspace() / file);
  }
  return mirror::FindVouchers(lock, keyrings, context.store(), context.clock());
}

BuildRecord BuildStage(Context& context, const Lock& lock, EvidenceFolder& folder) {
  builder::BuilderConfig config = context.BuilderConfig();
  const BuildHistory history = FindBuildHistory(context.workspace() / "evidence", lock);
  config.expected_ms = history.typical_ms;
  config.earlier_builds = history.builds;
  BuildRecord record = builder::Build(lock, config, context.store(), context.clock(), context.progress());
  if (record.outcome == BuildOutcome::kCancelled) throw CancelledError();
  folder.Add(evidence::kLock, FormatPretty(ToJson(lock)));
  if (lock.recipe.kind == RecipeKind::kDebian) folder.Add(evidence::kVouchers, FormatPretty(ToJson(VouchersOf(context, lock))));
  folder.Add(evidence::kBuildRecord, FormatPretty(ToJson(record)));
  folder.AddObject(evidence::kBuildLog, record.log.content.sha256, context.store());
  if (record.trace) folder.AddObject(evidence::kTrace, record.trace->content.sha256, context.store());
  for (const Artifact& output : record.outputs) {
    folder.AddObject(std::string(evidence::kArtifacts) + "/" + output.name, output.content.sha256, context.store());
  }
  for (const LockedFile& recipe : lock.WithRole(InputRole::kRecipe)) {
    folder.AddObject(std::string(evidence::kProofs) + "/" + recipe.sha256.Hex(), recipe.sha256, context.store());
  }
  std::vector<Sha256Digest> proofs;
  for (const ReleaseProof& release : lock.releases) proofs.insert(proofs.end(), {release.in_release, release.keyring});
  if (lock.build_info) proofs.push_back(lock.build_info->sha256);
  if (lock.build_info && lock.build_info->keyring) proofs.push_back(*lock.build_info->keyring);
  for (const Sha256Digest& proof : proofs) {
    const std::string file = std::string(evidence::kProofs) + "/" + proof.Hex();
    // Of a lock from elsewhere not all may be here; MirrorLock told of it, and the decision will.
    if (!folder.Has(file) && context.store().Has(proof)) folder.AddObject(file, proof, context.store());
  }
  return record;
}

report::LogLines FailureLines(const BuildRecord& record, const std::filesystem::path& log) {
  if (record.outcome == BuildOutcome::kBuilt || record.exit_code == 0) return {};
  const FileDescriptor file = OpenForReading(log);
  builder::LogExcerpt excerpt = record.outcome == BuildOutcome::kFailed
                                    ? builder::FindFailure(file, log.native())
                                    : builder::FindEnd(file, log.native(), builder::kExcerptLines);
  return {excerpt.first_line, std::move(excerpt.lines), excerpt.telling};
}

Comparison CompareStage(Context& context, const Documents& documents, EvidenceFolder& folder) {
  Comparison comparison =
      verifier::Compare(documents.lock, documents.record, context.store(), context.progress());
  folder.Add(evidence::kComparison, FormatPretty(ToJson(comparison)));
  return comparison;
}

std::optional<Json> SbomStage(Context& context, const Documents& documents, EvidenceFolder& folder) {
  if (documents.record.outcome != BuildOutcome::kBuilt) return std::nullopt;
  Json sbom = sbom::Describe(documents.lock, documents.record, context.store(), context.progress());
  folder.Add(evidence::kSbom, FormatPretty(sbom));
  return sbom;
}

Json AttestStage(Context& context, const Documents& documents, const verifier::SigningKey& key,
                 EvidenceFolder& folder) {
  if (!documents.comparison) folder.Read(evidence::kComparison, "nachbau compare DIR");
  std::vector<verifier::EvidenceFile> files = folder.files();
  std::erase_if(files, [](const verifier::EvidenceFile& file) {
    return file.path == evidence::kProvenance || file.path == evidence::kSummary || file.path == evidence::kDecision ||
           file.path == evidence::kPolicy;
  });
  const Json statement = verifier::MakeProvenance(documents.lock, documents.record, *documents.comparison, files,
                                                  RebuilderId(context, key));
  Json bundle = Sign(context, statement, key);
  folder.Add(evidence::kProvenance, FormatPretty(bundle));
  return bundle;
}

Decision EvaluateFolder(Context& context, const Documents& documents, const EvidenceFolder& folder) {
  std::string name;
  const std::string text = context.PolicyText(name);
  policies::Facts facts;
  facts.lock = &documents.lock;
  facts.record = &documents.record;
  if (documents.comparison) facts.comparison = &*documents.comparison;
  facts.proof_findings = ProofFindings(context, documents.lock, folder.path());
  facts.proofs_checked = true;
  if (documents.sbom) {
    facts.sbom = &*documents.sbom;
    facts.sbom_findings = CheckSbom(FormatPretty(*documents.sbom), folder.path() / evidence::kArtifacts);
    facts.sbom_checked = true;
  }
  if (documents.provenance) {
    facts.attestation_findings =
        verifier::VerifyBundle(*documents.provenance, evidence::kProvenance, context.TrustedKeys());
    facts.attestation_checked = true;
  }
  return policies::Evaluate(policies::ParsePolicy(text, name), facts, context.clock().Now());
}

void DecideStage(Context& context, const Documents& documents, const verifier::SigningKey& key,
                 EvidenceFolder& folder) {
  std::string name;
  folder.Add(evidence::kPolicy, context.PolicyText(name));
  folder.Add(evidence::kDecision, FormatPretty(ToJson(*documents.decision)));
  // The summary vouches for the decision, the policy, and the provenance it rests on.
  std::vector<verifier::EvidenceFile> files = folder.files();
  std::erase_if(files, [](const verifier::EvidenceFile& file) {
    return file.path != evidence::kProvenance && file.path != evidence::kDecision && file.path != evidence::kPolicy;
  });
  const Json statement =
      verifier::MakeSummary(*documents.decision, documents.record, files, RebuilderId(context, key));
  folder.Add(evidence::kSummary, FormatPretty(Sign(context, statement, key)));
}

RebuildResult Rebuild(Context& context, Lock lock, const std::filesystem::path& lock_file) {
  // The policy and the key are looked at first: hours of building must not end in a spelling mistake.
  std::string policy_name;
  const std::string policy_text = context.PolicyText(policy_name);
  policies::ParsePolicy(policy_text, policy_name);
  const verifier::SigningKey key = context.OpenSigningKey();

  builder::RequireArchitecture(lock.architecture);

  RebuildResult result;
  Documents& documents = result.documents;
  documents.lock = std::move(lock);
  MirrorLock(context, documents.lock, lock_file);
  RememberPlace(context.home(), context.workspace());
  WriteFileAtomically(context.workspace() / "locks" / LockFileName(documents.lock.source),
                      FormatPretty(ToJson(documents.lock)));

  UnpublishedFolder unpublished(context.workspace() / "evidence", FolderName(context, documents.lock));
  EvidenceFolder folder(unpublished.path());
  documents.record = BuildStage(context, documents.lock, folder);
  if (folder.Has(evidence::kVouchers)) {
    documents.vouchers = VouchersFromJson(folder.ReadDocument(evidence::kVouchers, ""), evidence::kVouchers);
  }
  documents.comparison = CompareStage(context, documents, folder);
  documents.sbom = SbomStage(context, documents, folder);
  documents.provenance = AttestStage(context, documents, key, folder);
  documents.decision = EvaluateFolder(context, documents, folder);
  DecideStage(context, documents, key, folder);
  result.evidence = AsTyped(unpublished.Publish(documents.lock.source));
  result.key_id = key.key_id;
  result.log_index = verifier::LogIndexOf(*documents.provenance);
  return result;
}

std::vector<Finding> CheckSbom(const std::string& sbom, const std::filesystem::path& artifacts) {
  std::vector<Finding> findings;
  for (const sbom::SchemaViolation& violation : sbom::Validate(ParseJson(sbom, evidence::kSbom))) {
    findings.push_back({"sbom.schema", evidence::kSbom + violation.pointer, FindingOutcome::kFail,
                        Msg("{}: {}", violation.rule, violation.detail), {evidence::kSbom}, {}});
    if (findings.size() == kMaxViolationsShown) break;
  }
  if (findings.empty()) {
    findings.push_back({"sbom.schema", evidence::kSbom, FindingOutcome::kPass,
                        Msg("valid by the official CycloneDX schema"), {evidence::kSbom}, {}});
  }
  for (Finding& finding : sbom::CheckAgainstArtifacts(sbom, artifacts)) findings.push_back(std::move(finding));
  return findings;
}

std::vector<Finding> CheckProofsOf(const Lock& lock, const std::filesystem::path& proofs) {
  return mirror::CheckProofsIn(lock, proofs);
}

}  // namespace nachbau::cli
