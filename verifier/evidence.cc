// Idea: two attestations speak of every other file. What they say is taken from the signed statements (Coverage), what
// is there from the disk; then the documents are made to repeat each other: the statements are built again from the
// documents, the comparison is checked against lock and artifacts, the verdict against the decision.
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "model/evidence.h"
#include "verifier/bundle_check.h"
#include "verifier/evidence_files.h"
#include "verifier/package_file.h"
#include "verifier/statement.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {
namespace {

struct Covered {
  Sha256Digest sha256;
  Sha512Digest sha512;
  bool operator==(const Covered&) const = default;
};

class Checker {
 public:
  Checker(const std::filesystem::path& folder, const std::vector<TrustedKey>& trusted, const SbomCheck& sbom_check,
          const ProofCheck& proof_check, Progress& progress)
      : folder_(folder),
        trusted_(ParseTrustedKeys(trusted)),
        sbom_check_(sbom_check),
        proof_check_(proof_check),
        files_(ReadEvidenceFiles(folder, progress)) {}

  std::vector<Finding> Run() {
    findings_ = files_.findings;
    provenance_ = CheckAttestation(evidence::kProvenance);
    summary_ = CheckAttestation(evidence::kSummary);
    if (provenance_) Guarded(evidence::kProvenance, [&] { CoverProvenance(*provenance_); });
    if (summary_) Guarded(evidence::kSummary, [&] { CoverSummary(*summary_); });
    CheckCoverage();

    Guarded(evidence::kLock, [&] { lock_ = LockFromJson(Document(evidence::kLock), evidence::kLock); });
    Guarded(evidence::kBuildRecord,
            [&] { record_ = BuildRecordFromJson(Document(evidence::kBuildRecord), evidence::kBuildRecord); });
    Guarded(evidence::kComparison,
            [&] { comparison_ = ComparisonFromJson(Document(evidence::kComparison), evidence::kComparison); });
    Guarded(evidence::kDecision,
            [&] { decision_ = DecisionFromJson(Document(evidence::kDecision), evidence::kDecision); });
    CheckRequired();
    Guarded(evidence::kBuildRecord, [&] { CheckRecord(); });
    Guarded(evidence::kComparison, [&] { CheckComparison(); });
    Guarded(evidence::kDecision, [&] { CheckDecision(); });
    Guarded(evidence::kProvenance, [&] { CheckProvenance(); });
    Guarded(evidence::kSummary, [&] { CheckSummary(); });
    Guarded(evidence::kProofs, [&] { CheckProofs(); });
    Guarded(evidence::kSbom, [&] { CheckSbom(); });
    return std::move(findings_);
  }

 private:
  void Add(const char* rule, const std::string& file, FindingOutcome outcome, Message reason) {
    Finding finding;
    finding.rule = rule;
    finding.subject = Printable(file);
    finding.outcome = outcome;
    finding.reason = std::move(reason);
    finding.evidence = {Printable(file)};
    findings_.push_back(std::move(finding));
  }
  void Fail(const char* rule, const std::string& file, Message reason) {
    Add(rule, file, FindingOutcome::kFail, std::move(reason));
  }

  // Content from outside must end in a finding, whatever a parser or a checker handed in makes of it.
  template <typename Check>
  void Guarded(const std::string& file, const Check& check) {
    try {
      check();
    } catch (const SystemError& error) {
      Add("evidence.readable", file, FindingOutcome::kUnknown, Msg("{}", Printable(error.what())));
    } catch (const MissingError&) {
      // Said by CheckRequired.
    } catch (const CancelledError&) {
      throw;
    } catch (const std::exception& error) {
      Fail("evidence.readable", file, Msg("{}", Printable(error.what())));
    }
  }

  const std::string& Text(const char* file) const {
    const auto found = files_.documents.find(file);
    if (found == files_.documents.end()) throw MissingError(Msg("{} is missing", std::string_view(file)));
    return found->second;
  }
  Json Document(const char* file) const { return ParseJson(Text(file), file); }

  std::optional<Json> CheckAttestation(const char* file) {
    std::optional<Json> statement;
    Guarded(file, [&] {
      const Json bundle = Document(file);
      // The bytes, too, must be the ones we write: no second spelling of the same attestation.
      if (FormatPretty(bundle) != Text(file)) {
        Fail("attestation.shape", file, Msg("not written the way Nachbau writes: changed after it was made"));
      }
      BundleCheck check = CheckBundle(bundle, file, trusted_);
      for (Finding& finding : check.findings) findings_.push_back(std::move(finding));
      statement = std::move(check.statement);
    });
    return statement;
  }

  // ---- what the statements cover

  void Cover(const std::string& attestation, const std::string& path, const Json& digest, const std::string& place) {
    JsonReader reader(digest, place);
    const Covered covered{ParseSha256(reader.Text("sha256"), reader.PlaceOf("sha256")),
                          ParseSha512(reader.Text("sha512"), reader.PlaceOf("sha512"))};
    reader.Done();
    const auto [known, is_new] = covered_.emplace(path, covered);
    if (!is_new && known->second != covered) {
      Fail("attestation.statement", attestation, Msg("two digests are given for {}", Printable(path)));
    }
  }

  void CoverList(const std::string& attestation, const Json& list, const std::string& place, const char* name_member,
                 const std::function<std::string(const std::string&)>& path_of) {
    if (!list.is_array()) throw ParseError(place, 0, Msg("must be an array"));
    for (const Json& item : list) {
      JsonReader reader(item, place);
      const std::string path = path_of(reader.Text(name_member));
      Cover(attestation, path, reader.Member("digest"), reader.PlaceOf("digest"));
    }
  }

  void CoverSubjects(const std::string& attestation, JsonReader& reader) {
    CoverList(attestation, reader.Array("subject"), reader.PlaceOf("subject"), "name", [](const std::string& name) {
      return name == evidence::kBuildLog ? name : std::string(evidence::kArtifacts) + "/" + name;
    });
  }

  void CoverProvenance(const Json& statement) {
    JsonReader reader(statement, evidence::kProvenance);
    if (reader.Text("predicateType") != kProvenanceType) reader.Refuse("predicateType", kProvenanceType);
    CoverSubjects(evidence::kProvenance, reader);
    JsonReader details = reader.Object("predicate").Object("runDetails");
    CoverList(evidence::kProvenance, details.Array("byproducts"), details.PlaceOf("byproducts"), "name",
              [](const std::string& name) { return name; });
  }

  void CoverSummary(const Json& statement) {
    JsonReader reader(statement, evidence::kSummary);
    if (reader.Text("predicateType") != kSummaryType) reader.Refuse("predicateType", kSummaryType);
    CoverSubjects(evidence::kSummary, reader);
    JsonReader predicate = reader.Object("predicate");
    const auto same = [](const std::string& name) { return name; };
    CoverList(evidence::kSummary, predicate.Array("inputAttestations"), predicate.PlaceOf("inputAttestations"), "uri",
              same);
    CoverList(evidence::kSummary, predicate.Array(kDocumentsMember), predicate.PlaceOf(kDocumentsMember), "name", same);
  }

  void CheckCoverage() {
    std::size_t good = 0;
    for (const auto& [path, content] : files_.contents) {
      if (path == evidence::kSummary) continue;  // the one that covers, and is covered by its own signature
      const auto covered = covered_.find(path);
      if (covered == covered_.end()) {
        Fail("evidence.files", path, Msg("no attestation names this file"));
      } else if (covered->second.sha256 != content.sha256 || covered->second.sha512 != content.sha512) {
        Fail("evidence.files", path,
             Msg("changed: attested is sha256 {}, it has {}", covered->second.sha256.Hex(), content.sha256.Hex()));
      } else {
        ++good;
      }
    }
    for (const auto& [path, covered] : covered_) {
      if (!files_.contents.contains(path)) Fail("evidence.files", path, Msg("attested, but missing"));
    }
    const bool any_bad = std::any_of(findings_.begin(), findings_.end(),
                                     [](const Finding& finding) { return finding.rule == "evidence.files"; });
    if (!any_bad) {
      Add("evidence.files", ".", FindingOutcome::kPass, Msg("{} files, all with the attested content", good));
    }
  }

  void CheckRequired() {
    std::vector<const char*> required = {evidence::kLock,       evidence::kBuildRecord, evidence::kBuildLog,
                                         evidence::kComparison, evidence::kProvenance,  evidence::kDecision,
                                         evidence::kPolicy,     evidence::kSummary};
    if (record_ && record_->outcome == BuildOutcome::kBuilt) required.push_back(evidence::kSbom);
    for (const char* file : required) {
      if (!files_.contents.contains(file) && !covered_.contains(file)) {
        Fail("evidence.files", file, Msg("missing"));
      }
    }
  }

  // ---- the documents among themselves

  void CheckRecord() {
    if (!record_) return;
    bool good = true;
    const auto fail = [&](const std::string& file, Message reason) {
      good = false;
      Fail("evidence.build-record", file, std::move(reason));
    };
    if (lock_) {
      if (DigestOf(*lock_) != record_->lock) {
        fail(evidence::kLock, Msg("not the lock that was built from: build.json names {}", record_->lock.Hex()));
      }
      if (lock_->source != record_->source || lock_->version != record_->version ||
          lock_->architecture != record_->architecture) {
        fail(evidence::kBuildRecord, Msg("of another source, version or architecture than the lock"));
      }
    }
    std::set<std::string> outputs;
    for (const Artifact& output : record_->outputs) {
      const std::string path = std::string(evidence::kArtifacts) + "/" + output.name;
      if (!IsSafeFileName(output.name) || !outputs.insert(path).second) {
        fail(evidence::kBuildRecord, Msg("not a list of outputs: {}", Printable(output.name)));
        continue;
      }
      const auto content = files_.contents.find(path);
      if (content == files_.contents.end()) {
        fail(path, Msg("missing, although it was built"));
      } else if (content->second != output.content) {
        fail(path, Msg("not what was built: build.json names sha256 {}", output.content.sha256.Hex()));
      }
    }
    for (const auto& [path, content] : files_.contents) {
      if (path.starts_with(std::string(evidence::kArtifacts) + "/") && !outputs.contains(path)) {
        fail(path, Msg("not among the outputs of the build"));
      }
    }
    const auto log = files_.contents.find(evidence::kBuildLog);
    if (log != files_.contents.end() && log->second != record_->log.content) {
      fail(evidence::kBuildLog, Msg("not the log of this build: build.json names sha256 {}",
                                    record_->log.content.sha256.Hex()));
    }
    const auto trace = files_.contents.find(evidence::kTrace);
    if (trace != files_.contents.end() && (!record_->trace || trace->second != record_->trace->content)) {
      fail(evidence::kTrace, record_->trace ? Msg("not the trace of this build: build.json names sha256 {}",
                                                  record_->trace->content.sha256.Hex())
                                            : Msg("build.json names no trace"));
    } else if (trace == files_.contents.end() && record_->trace) {
      fail(evidence::kTrace, Msg("missing, although build.json names it"));
    }
    if (good) {
      Add("evidence.build-record", evidence::kBuildRecord, FindingOutcome::kPass,
          Msg("built from this lock, with these {} outputs", record_->outputs.size()));
    }
  }

  void CheckComparison() {
    if (!comparison_ || !lock_ || !record_) return;
    std::map<std::string, LockedFile> references;
    for (const LockedFile& file : lock_->WithRole(InputRole::kReference)) references.emplace(file.file_name, file);
    std::set<std::string> seen;
    std::set<std::string> packages;
    bool good = true;
    for (const ArtifactComparison& artifact : comparison_->artifacts) {
      const auto reference = references.find(artifact.name);
      if (const auto problem = ProblemOf(artifact, reference == references.end() ? nullptr : &reference->second)) {
        good = false;
        Fail("evidence.comparison", evidence::kComparison, Msg("{}: {}", Printable(artifact.name), Render(*problem)));
      }
      if (!seen.insert(artifact.name).second) {
        good = false;
        Fail("evidence.comparison", evidence::kComparison, Msg("{} stands there twice", Printable(artifact.name)));
      }
      packages.insert(artifact.package);
    }
    for (const Artifact& output : record_->outputs) {
      if (record_->outcome == BuildOutcome::kBuilt && ParsePackageFileName(output.name) && !seen.contains(output.name)) {
        good = false;
        Fail("evidence.comparison", evidence::kComparison, Msg("{} was built and not compared", output.name));
      }
    }
    for (const std::string& package : lock_->binaries) {
      if (!packages.contains(package)) {
        good = false;
        Fail("evidence.comparison", evidence::kComparison, Msg("the package {} is left out", Printable(package)));
      }
    }
    if (good) {
      Add("evidence.comparison", evidence::kComparison, FindingOutcome::kPass,
          Msg("{} of {} packages are bit-identical, by the digests in the lock",
              comparison_->Count(ComparisonOutcome::kIdentical), comparison_->artifacts.size()));
    }
  }

  // What the comparison may say of one package, given its digests.
  std::optional<Message> ProblemOf(const ArtifactComparison& artifact, const LockedFile* reference) const {
    const auto file = files_.contents.find(std::string(evidence::kArtifacts) + "/" + artifact.name);
    const bool is_built = record_->outcome == BuildOutcome::kBuilt && file != files_.contents.end();
    if (is_built != artifact.built.has_value()) return Msg("whether it was built is not as the folder shows");
    if (is_built && *artifact.built != file->second) return Msg("the digest of what was built is another");
    const bool equal = is_built && reference != nullptr && reference->size == file->second.size &&
                       reference->sha256 == file->second.sha256;
    if (artifact.reference && (reference == nullptr || artifact.reference->size != reference->size ||
                               artifact.reference->sha256 != reference->sha256)) {
      return Msg("the digest of the reference is not the lock's");
    }
    switch (artifact.outcome) {
      case ComparisonOutcome::kIdentical:
        if (!equal || !artifact.reference) return Msg("called identical, but its digest is not the lock's reference");
        return std::nullopt;
      case ComparisonOutcome::kNotBuilt:
        if (is_built) return Msg("called not built, but it is there");
        return std::nullopt;
      case ComparisonOutcome::kNoReference:
        if (!is_built || artifact.reference || equal) return Msg("called without reference, but there is one");
        return std::nullopt;
      case ComparisonOutcome::kCodeIdentical:
      case ComparisonOutcome::kExplained:
      case ComparisonOutcome::kDiffers:
        if (!is_built || !artifact.reference || equal || artifact.differences.empty()) {
          return Msg("called different, but that is not what the digests show");
        }
        return std::nullopt;
    }
    return Msg("unknown outcome");
  }

  void CheckDecision() {
    if (!decision_) return;
    const auto policy = files_.contents.find(evidence::kPolicy);
    if (policy != files_.contents.end() && policy->second.sha256 != decision_->policy_digest) {
      Fail("evidence.decision", evidence::kPolicy,
           Msg("not the policy that was applied: decision.json names sha256 {}", decision_->policy_digest.Hex()));
      return;
    }
    const bool any_fail = std::any_of(decision_->findings.begin(), decision_->findings.end(), [](const Finding& finding) {
      return finding.outcome == FindingOutcome::kFail || finding.outcome == FindingOutcome::kUnknown;
    });
    if (decision_->verdict == Verdict::kAllowed && (any_fail || decision_->findings.empty())) {
      Fail("evidence.decision", evidence::kDecision, Msg("allowed, although its findings do not allow it"));
      return;
    }
    Add("evidence.decision", evidence::kDecision, FindingOutcome::kPass,
        Msg("{} by this policy, with {} findings", Name(decision_->verdict), decision_->findings.size()));
  }

  std::vector<EvidenceFile> FilesWhere(const std::function<bool(const std::string&)>& wanted) const {
    std::vector<EvidenceFile> list;
    for (const auto& [path, content] : files_.contents) {
      if (wanted(path)) list.push_back({path, content});
    }
    return list;
  }

  void CompareStatement(const char* file, const Json& actual, const Json& expected) {
    if (actual == expected) {
      Add("attestation.statement", file, FindingOutcome::kPass, Msg("says what the documents say"));
      return;
    }
    const Json patch = Json::diff(expected, actual);
    const std::string place = patch.empty() ? std::string() : patch.front().value("path", std::string());
    Fail("attestation.statement", file, Msg("says something else than the documents at {}", Printable(place)));
  }

  void CheckProvenance() {
    if (!provenance_ || !lock_ || !record_ || !comparison_) return;
    const Json& statement = *provenance_;
    JsonReader reader(statement, evidence::kProvenance);
    const std::string builder_id =
        reader.Object("predicate").Object("runDetails").Object("builder").Text("id");
    const auto files = FilesWhere([](const std::string& path) {
      return path != evidence::kProvenance && path != evidence::kSummary && path != evidence::kDecision &&
             path != evidence::kPolicy;
    });
    CompareStatement(evidence::kProvenance, statement,
                     MakeProvenance(*lock_, *record_, *comparison_, files, builder_id));
  }

  void CheckSummary() {
    if (!summary_ || !decision_ || !record_) return;
    JsonReader reader(*summary_, evidence::kSummary);
    JsonReader predicate = reader.Object("predicate");
    const std::string verifier_id = predicate.Object("verifier").Text("id");
    if (predicate.Text("verificationResult") != ResultOf(decision_->verdict)) {
      Fail("attestation.statement", evidence::kSummary,
           Msg("its result is not the verdict of decision.json, {}", Name(decision_->verdict)));
    }
    const auto files = FilesWhere([](const std::string& path) {
      return path == evidence::kProvenance || path == evidence::kDecision || path == evidence::kPolicy;
    });
    CompareStatement(evidence::kSummary, *summary_, MakeSummary(*decision_, *record_, files, verifier_id));
  }

  void CheckProofs() {
    if (!lock_) return;
    std::set<std::string> expected;
    for (const ReleaseProof& release : lock_->releases) {
      for (const Sha256Digest& digest : {release.in_release, release.keyring}) {
        expected.insert(std::string(evidence::kProofs) + "/" + digest.Hex());
      }
    }
    for (const LockedFile& recipe : lock_->WithRole(InputRole::kRecipe)) {
      expected.insert(std::string(evidence::kProofs) + "/" + recipe.sha256.Hex());
    }
    if (lock_->build_info) {
      expected.insert(std::string(evidence::kProofs) + "/" + lock_->build_info->sha256.Hex());
      if (const auto& keyring = lock_->build_info->keyring) {
        expected.insert(std::string(evidence::kProofs) + "/" + keyring->Hex());
      }
    }
    bool good = true;
    for (const std::string& path : expected) {
      const auto file = files_.contents.find(path);
      if (file == files_.contents.end()) {
        good = false;
        Fail("evidence.proofs", path, Msg("missing, although the lock rests on it"));
      } else if (path.substr(path.rfind('/') + 1) != file->second.sha256.Hex()) {
        good = false;
        Fail("evidence.proofs", path, Msg("its content is not what its name says"));
      }
    }
    for (const auto& [path, content] : files_.contents) {
      if (path.starts_with(std::string(evidence::kProofs) + "/") && !expected.contains(path)) {
        good = false;
        Fail("evidence.proofs", path, Msg("nothing in the lock rests on it"));
      }
    }
    if (!good || !files_.only_plain_files) return;
    if (!proof_check_) {
      Add("evidence.proofs", evidence::kProofs, FindingOutcome::kUnknown, Msg("nobody checked the chains of proof"));
      return;
    }
    for (Finding& finding : proof_check_(*lock_, folder_ / evidence::kProofs)) findings_.push_back(std::move(finding));
  }

  void CheckSbom() {
    if (!files_.contents.contains(evidence::kSbom) || !files_.only_plain_files) return;
    if (!sbom_check_) {
      Add("sbom.checked", evidence::kSbom, FindingOutcome::kUnknown, Msg("nobody checked the SBOM"));
      return;
    }
    for (Finding& finding : sbom_check_(Text(evidence::kSbom), folder_ / evidence::kArtifacts)) {
      findings_.push_back(std::move(finding));
    }
  }

  const std::filesystem::path& folder_;
  const std::vector<ParsedKey> trusted_;
  const SbomCheck& sbom_check_;
  const ProofCheck& proof_check_;
  const EvidenceFiles files_;
  std::map<std::string, Covered> covered_;
  std::optional<Json> provenance_, summary_;
  std::optional<Lock> lock_;
  std::optional<BuildRecord> record_;
  std::optional<Comparison> comparison_;
  std::optional<Decision> decision_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> VerifyEvidence(const std::filesystem::path& evidence, const std::vector<TrustedKey>& trusted,
                                    const SbomCheck& sbom_check, const ProofCheck& proof_check, Progress& progress) {
  return Checker(evidence, trusted, sbom_check, proof_check, progress).Run();
}

}  // namespace nachbau::verifier
