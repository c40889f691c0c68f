#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <random>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "model/evidence.h"
#include "tests/verifier/samples.h"
#include "verifier/bundle.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

bool Good(const std::vector<Finding>& findings) {
  return !findings.empty() && std::all_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.outcome == FindingOutcome::kPass;
  });
}

std::string Draw(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    if (finding.outcome == FindingOutcome::kPass) continue;
    text += finding.rule + " " + finding.subject + " " + std::string(Name(finding.outcome)) + ": " +
            Render(finding.reason) + "\n";
  }
  return text;
}

// Whether a finding that is not a pass names the file.
bool Names(const std::vector<Finding>& findings, const std::string& file) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
    return (finding.outcome == FindingOutcome::kFail || finding.outcome == FindingOutcome::kUnknown) &&
           std::find(finding.evidence.begin(), finding.evidence.end(), file) != finding.evidence.end();
  });
}

class EvidenceTest : public testing::Test {
 protected:
  EvidenceTest()
      : directory_(fs::temp_directory_path(), "nachbau-evidence-"), store_(directory_.path() / "store") {
    key_ = OpenSigningKey(directory_.path() / "keys" / "signing.pem", {});
    rebuild_ = MakeRebuild(store_);
  }
  fs::path folder() const { return directory_.path() / "evidence"; }
  void Write() { WriteEvidence(folder(), rebuild_, store_, key_, directory_.path() / "log"); }
  std::vector<Finding> Verify(const std::vector<TrustedKey>& trusted) {
    return VerifyEvidence(folder(), trusted, sbom_check_, proof_check_, progress_);
  }
  std::vector<Finding> Verify() { return Verify({{"us", key_.public_pem}}); }
  void Replace(const std::string& file, const std::string& bytes) {
    WriteFileAtomically(folder() / file, bytes, 0644, Durability::kNone);
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const fs::path& file : ListFiles(folder())) files.push_back(file.native());
    return files;
  }

  TemporaryDirectory directory_;
  Store store_;
  SigningKey key_;
  Rebuild rebuild_;
  SilentProgress progress_;
  SbomCheck sbom_check_ = [](const std::string& sbom, const fs::path& artifacts) {
    EXPECT_TRUE(fs::exists(artifacts)) << artifacts;
    ParseJson(sbom, evidence::kSbom);
    return std::vector<Finding>{{"sbom.schema", evidence::kSbom, FindingOutcome::kPass, Msg("valid"), {evidence::kSbom}, {}}};
  };
  ProofCheck proof_check_ = [](const Lock&, const fs::path& proofs) {
    EXPECT_TRUE(fs::exists(proofs)) << proofs;
    return std::vector<Finding>{{"inputs.proven", "sample", FindingOutcome::kPass, Msg("proven"), {evidence::kLock}, {}}};
  };
};

TEST_F(EvidenceTest, AWholeFolderHolds) {
  Write();
  const auto findings = Verify();
  EXPECT_TRUE(Good(findings)) << Draw(findings);
  std::vector<std::string> rules;
  for (const Finding& finding : findings) rules.push_back(finding.rule);
  for (const char* rule :
       {"evidence.files", "attestation.shape", "attestation.trusted", "attestation.logged", "attestation.statement",
        "evidence.build-record", "evidence.comparison", "evidence.decision", "sbom.schema", "inputs.proven"}) {
    EXPECT_THAT(rules, testing::Contains(rule));
  }
}

TEST_F(EvidenceTest, TheFolderItselfMayBeReachedByALink) {
  Write();
  fs::create_symlink(folder(), directory_.path() / "link");
  EXPECT_TRUE(Good(VerifyEvidence(directory_.path() / "link", {{"us", key_.public_pem}}, sbom_check_, proof_check_,
                                  progress_)));
}

TEST_F(EvidenceTest, AFailedBuildIsAttestedToo) {
  rebuild_.record.outcome = BuildOutcome::kFailed;
  rebuild_.record.failure = "make: *** [all] Error 1";
  rebuild_.record.outputs.clear();
  rebuild_.comparison = Compare(rebuild_.lock, rebuild_.record, store_, progress_);
  rebuild_.decision.verdict = Verdict::kDenied;
  rebuild_.decision.findings[0].outcome = FindingOutcome::kFail;
  Write();
  const auto findings = Verify();
  EXPECT_TRUE(Good(findings)) << Draw(findings);
  const Json bundle = ParseJson(ReadFile(folder() / evidence::kSummary), "vsa");
  const Json statement = ParseJson(BundleFromJson(bundle, "vsa").envelope.payload, "payload");
  EXPECT_EQ(statement["predicate"]["verificationResult"], "FAILED");
  EXPECT_EQ(statement["subject"][0]["name"], evidence::kBuildLog);
}

TEST_F(EvidenceTest, ProvenanceSaysWhatTheSpecificationAsksFor) {
  Write();
  const Json bundle = ParseJson(ReadFile(folder() / evidence::kProvenance), "provenance");
  const Json statement = ParseJson(BundleFromJson(bundle, "provenance").envelope.payload, "payload");
  EXPECT_EQ(statement["predicateType"], "https://slsa.dev/provenance/v1");
  EXPECT_EQ(statement["subject"][2]["name"], "sample_2.0-3_amd64.deb");
  EXPECT_EQ(statement["subject"][2]["digest"]["sha256"], rebuild_.record.outputs[2].content.sha256.Hex());
  EXPECT_EQ(statement["subject"][2]["annotations"]["comparison"], "identical");
  const Json& definition = statement["predicate"]["buildDefinition"];
  EXPECT_EQ(definition["buildType"], "urn:nachbau:build-type:debian-rebuild:1");
  EXPECT_EQ(definition["externalParameters"]["source"], "sample");
  EXPECT_EQ(definition["externalParameters"]["lock"]["sha256"], DigestOf(rebuild_.lock).Hex());
  const Json& dependencies = definition["resolvedDependencies"];
  ASSERT_EQ(dependencies.size(), 2U);  // source and environment; references are no inputs
  EXPECT_EQ(dependencies[0]["uri"], "pkg:deb/debian/sample@1%3A2.0-3?arch=source&file_name=sample_2.0-3.dsc");
  EXPECT_EQ(dependencies[1]["uri"], "pkg:deb/debian/gcc@4?arch=amd64");
  EXPECT_EQ(dependencies[1]["digest"]["sha512"], HashBytes("a compiler").sha512.Hex());
  const Json& details = statement["predicate"]["runDetails"];
  EXPECT_EQ(details["metadata"]["startedOn"], FormatTime(rebuild_.record.started));
  EXPECT_EQ(details["metadata"]["finishedOn"], FormatTime(rebuild_.record.started + 61));
}

TEST_F(EvidenceTest, NoFlippedByteOfAnyFileGoesUnnoticed) {
  Write();
  ASSERT_TRUE(Good(Verify()));
  // Some five hundred runs; NACHBAU_FLIPS=20 makes them ten thousand.
  const char* factor_text = std::getenv("NACHBAU_FLIPS");
  const std::size_t factor = factor_text == nullptr ? 1 : std::stoul(factor_text);
  std::mt19937 random(static_cast<unsigned>(factor));
  std::size_t runs = 0;
  for (const std::string& file : Files()) {
    const std::string bytes = ReadFile(folder() / file);
    const std::size_t tries = (file.ends_with(".sigstore.json") ? 120 : 30) * factor;
    for (std::size_t i = 0; i < tries; ++i, ++runs) {
      std::string changed = bytes;
      const std::size_t at = random() % changed.size();
      changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(1 + random() % 255));
      Replace(file, changed);
      const auto findings = Verify();
      ASSERT_TRUE(Names(findings, file)) << file << " byte " << at << "\n" << Draw(findings);
      ASSERT_TRUE(std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
        return finding.outcome == FindingOutcome::kFail;
      })) << file << " byte " << at;
    }
    Replace(file, bytes);
  }
  EXPECT_GE(runs, 500 * factor);
  EXPECT_TRUE(Good(Verify()));
}

TEST_F(EvidenceTest, NoOtherSpellingOfABundleGoesUnnoticed) {
  Write();
  for (const char* file : {evidence::kProvenance, evidence::kSummary}) {
    const std::string bytes = ReadFile(folder() / file);
    for (const std::string& other :
         {bytes + "\n", " " + bytes, FormatCanonical(ParseJson(bytes, file)), bytes.substr(0, bytes.size() - 1)}) {
      Replace(file, other);
      EXPECT_TRUE(Names(Verify(), file)) << file;
    }
    Replace(file, bytes);
  }
}

TEST_F(EvidenceTest, EveryTruncationAndEveryMissingFileIsNamed) {
  Write();
  for (const std::string& file : Files()) {
    const std::string bytes = ReadFile(folder() / file);
    for (const std::size_t size : {std::size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
      Replace(file, bytes.substr(0, size));
      EXPECT_TRUE(Names(Verify(), file)) << file << " " << size;
    }
    fs::remove(folder() / file);
    const auto findings = Verify();
    EXPECT_TRUE(Names(findings, file)) << file << " removed\n" << Draw(findings);
    Replace(file, bytes);
  }
  EXPECT_TRUE(Good(Verify()));
}

TEST_F(EvidenceTest, EveryAddedThingIsNamed) {
  Write();
  for (const char* file : {"README", "artifacts/extra_1_all.deb", "proofs/extra", "vsa.sigstore.json.bak", ".hidden"}) {
    Replace(file, "x");
    EXPECT_TRUE(Names(Verify(), file)) << file;
    fs::remove(folder() / file);
  }
  for (const char* path : {"more", "artifacts/deep", "proofs/deep"}) {
    fs::create_directory(folder() / path);
    EXPECT_TRUE(Names(Verify(), path)) << path;
    fs::remove(folder() / path);
  }
  ASSERT_EQ(::mkfifo((folder() / "pipe").c_str(), 0644), 0);
  EXPECT_TRUE(Names(Verify(), "pipe"));
  fs::remove(folder() / "pipe");
  EXPECT_TRUE(Good(Verify()));
}

TEST_F(EvidenceTest, LinksAreNamedAndNotFollowed) {
  Write();
  for (const std::string& file : Files()) {
    fs::rename(folder() / file, directory_.path() / "moved");
    fs::create_symlink(directory_.path() / "moved", folder() / file);
    const auto findings = Verify();
    EXPECT_TRUE(Names(findings, file)) << file;
    EXPECT_THAT(Draw(findings), HasSubstr("symbolic link"));
    fs::remove(folder() / file);
    fs::rename(directory_.path() / "moved", folder() / file);
  }
  fs::rename(folder() / "artifacts", directory_.path() / "artifacts");
  fs::create_directory_symlink(directory_.path() / "artifacts", folder() / "artifacts");
  EXPECT_TRUE(Names(Verify(), "artifacts"));
}

TEST_F(EvidenceTest, SwappedFilesAreNamed) {
  Write();
  const std::vector<std::string> files = Files();
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string& one = files[i];
    const std::string& other = files[(i + 1) % files.size()];
    const std::string one_bytes = ReadFile(folder() / one);
    const std::string other_bytes = ReadFile(folder() / other);
    Replace(one, other_bytes);
    Replace(other, one_bytes);
    const auto findings = Verify();
    EXPECT_TRUE(Names(findings, one)) << one << " and " << other;
    EXPECT_TRUE(Names(findings, other)) << one << " and " << other;
    Replace(one, one_bytes);
    Replace(other, other_bytes);
  }
}

TEST_F(EvidenceTest, TheAttestationsOfAnotherRebuildDoNotServe) {
  Write();
  rebuild_.record.started += 1;
  WriteEvidence(directory_.path() / "other", rebuild_, store_, key_, directory_.path() / "log");
  for (const char* file : {evidence::kProvenance, evidence::kSummary}) {
    const std::string bytes = ReadFile(folder() / file);
    Replace(file, ReadFile(directory_.path() / "other" / file));
    const auto findings = Verify();
    EXPECT_FALSE(Good(findings)) << file;
    Replace(file, bytes);
  }
}

TEST_F(EvidenceTest, AnUnknownKeyIsUnknownAndNothingElseIsBad) {
  Write();
  const auto findings = Verify(std::vector<TrustedKey>{});
  for (const Finding& finding : findings) {
    const bool about_keys = finding.rule == "attestation.trusted" || finding.rule == "attestation.logged";
    EXPECT_EQ(finding.outcome, about_keys ? FindingOutcome::kUnknown : FindingOutcome::kPass) << finding.rule;
    EXPECT_EQ(finding.remedy.text.empty(), !about_keys) << finding.rule;
  }
}

// What follows is signed by the trusted key: a rebuilder that lies, or a fault of ours.

TEST_F(EvidenceTest, AnUntrueIdenticalIsFound) {
  rebuild_.lock.files[3] = MakeReference("sample_2.0-3_amd64.deb", "another reference");
  rebuild_.record.lock = DigestOf(rebuild_.lock);
  Write();
  EXPECT_THAT(Draw(Verify()), HasSubstr("evidence.comparison comparison.json fail: sample_2.0-3_amd64.deb: "
                                        "the digest of the reference is not the lock's"));
}

TEST_F(EvidenceTest, EveryUntrueOutcomeIsFound) {
  const auto outcomes = {ComparisonOutcome::kNotBuilt, ComparisonOutcome::kCodeIdentical, ComparisonOutcome::kExplained,
                         ComparisonOutcome::kDiffers, ComparisonOutcome::kNoReference};
  for (const ComparisonOutcome outcome : outcomes) {
    rebuild_.comparison.artifacts[0].outcome = outcome;
    Write();
    EXPECT_TRUE(Names(Verify(), evidence::kComparison)) << Name(outcome);
    fs::remove_all(folder());
  }
}

TEST_F(EvidenceTest, AnOmittedPackageIsFound) {
  rebuild_.comparison.artifacts.erase(rebuild_.comparison.artifacts.begin());
  Write();
  EXPECT_THAT(Draw(Verify()), HasSubstr("sample-doc_2.0-3_all.deb was built and not compared"));
}

TEST_F(EvidenceTest, AnotherLockThanTheOneBuiltFromIsFound) {
  rebuild_.lock.files[1].version = "5";
  Write();
  EXPECT_THAT(Draw(Verify()), HasSubstr("evidence.build-record lock.json fail: not the lock that was built from"));
}

TEST_F(EvidenceTest, AnAllowedVerdictOverAFailureIsFound) {
  rebuild_.decision.findings[0].outcome = FindingOutcome::kFail;
  Write();
  EXPECT_THAT(Draw(Verify()), HasSubstr("allowed, although its findings do not allow it"));
}

TEST_F(EvidenceTest, AStatementThatSaysMoreThanTheDocumentsIsFound) {
  Write();
  const Json bundle = ParseJson(ReadFile(folder() / evidence::kProvenance), "provenance");
  Json statement = ParseJson(BundleFromJson(bundle, "provenance").envelope.payload, "payload");
  statement["predicate"]["buildDefinition"]["resolvedDependencies"].erase(1);
  Replace(evidence::kProvenance, FormatPretty(Attest(statement, key_, directory_.path() / "log",
                                                     "nachbau.log/" + key_.key_id.substr(0, 16), FixedClock(1))));
  EXPECT_THAT(Draw(Verify()), HasSubstr("attestation.statement provenance.sigstore.json fail: says something else than "
                                        "the documents at /predicate/buildDefinition/resolvedDependencies/1"));
}

TEST_F(EvidenceTest, MissingCheckersAreUnknownAndFailingOnesAreFindings) {
  Write();
  sbom_check_ = nullptr;
  proof_check_ = [](const Lock&, const fs::path&) -> std::vector<Finding> { throw std::runtime_error("broken"); };
  const std::string drawing = Draw(Verify());
  EXPECT_THAT(drawing, HasSubstr("sbom.checked sbom.cdx.json unknown: nobody checked the SBOM"));
  EXPECT_THAT(drawing, HasSubstr("evidence.readable proofs fail: broken"));
}

TEST_F(EvidenceTest, NoFolderIsAnErrorThatSaysWhatToDo) {
  try {
    Verify();
    FAIL() << "no error";
  } catch (const MissingError& error) {
    EXPECT_THAT(error.what(), HasSubstr("there is no evidence folder"));
    EXPECT_FALSE(error.hints().empty());
  }
}

TEST_F(EvidenceTest, AnEmptyFolderIsAllMissing) {
  fs::create_directory(folder());
  const auto findings = Verify();
  for (const char* file : {evidence::kLock, evidence::kBuildRecord, evidence::kBuildLog, evidence::kComparison,
                           evidence::kProvenance, evidence::kDecision, evidence::kPolicy, evidence::kSummary}) {
    EXPECT_TRUE(Names(findings, file)) << file;
  }
}

}  // namespace
}  // namespace nachbau::verifier
