#include <algorithm>
#include <map>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/git_handles.h"
#include "mirror/git_mirror.h"
#include "mirror/git_repository.h"
#include "mirror/openpgp_signature.h"

namespace nachbau::mirror {
namespace {

std::string Short(const std::string& id) { return id.substr(0, 12); }

class SignatureChecker {
 public:
  SignatureChecker(const GitSigners& signers, std::filesystem::path scratch, UnixSeconds now)
      : signers_(signers), keys_(signers.keyring), scratch_(std::move(scratch)), now_(now) {}

  SignatureVerdict Check(const GitHeaders& headers) const {
    if (IsSshSignature(headers.signature)) {
      // As git: a key must have been valid at the time that the commit or tag itself names.
      return CheckSshSignature(headers.payload, headers.signature, signers_.ssh, "git",
                               headers.time > 0 ? std::optional(headers.time) : std::nullopt, scratch_);
    }
    if (!headers.signature.starts_with("-----BEGIN PGP ")) {
      return {SignatureOutcome::kNotChecked, "", "", std::nullopt, "neither OpenPGP nor SSH"};
    }
    const std::vector<SignatureVerdict> verdicts = keys_.CheckDetached(headers.payload, headers.signature, now_);
    const auto good = std::find_if(verdicts.begin(), verdicts.end(), [](const SignatureVerdict& verdict) {
      return verdict.outcome == SignatureOutcome::kGood;
    });
    return good != verdicts.end() ? *good : verdicts.front();
  }

 private:
  const GitSigners& signers_;
  OpenPgpKeys keys_;
  std::filesystem::path scratch_;
  UnixSeconds now_;
};

GitHeaders HeadersOf(git_odb* objects, const std::string& id, GitType& type) {
  const git_oid oid = ParseGitId(id, "object");
  git_odb_object* raw = nullptr;
  GitRequire(git_odb_read(&raw, objects, &oid), Msg("read {}", id));
  const GitOdbObject object(raw);
  const std::string_view bytes(static_cast<const char*>(git_odb_object_data(raw)), git_odb_object_size(raw));
  const auto pass = [](const std::string&) {};
  type = git_odb_object_type(raw) == GIT_OBJECT_TAG ? GitType::kTag : GitType::kCommit;
  return type == GitType::kTag ? ParseGitTag(bytes, id, pass) : ParseGitCommit(bytes, id, pass);
}

}  // namespace

std::size_t GitVerification::Count(SignatureOutcome outcome) const {
  return static_cast<std::size_t>(std::count_if(signatures.begin(), signatures.end(), [&](const GitSignature& signature) {
    return signature.verdict.outcome == outcome;
  }));
}

GitVerification VerifyGit(const Product& product, const GitSigners& signers, const MirrorConfig& config,
                          const Store& store, const Clock& clock, Progress& progress) {
  StartGit();
  const GitRefs refs = ReadGitRefs(product, store);
  const Closure closure = ReadClosure(product.current, store);
  // Not the cache: what counts is what the store can give back.
  MakeDirectories(config.state_directory / "git", 0700);
  const TemporaryDirectory directory(config.state_directory / "git", "verify-");
  GitCache fresh(directory.path() / "repository.git");
  GitVerification verification;
  {
    const auto task = progress.Start(Msg("Making {} from its packs", product.name), Unit::kNone, 0);
    fresh.AddPacks(refs.packs, store);
    task->Succeed();
  }
  const GitOdb objects = fresh.OpenObjects();
  {
    const auto task = progress.Start(Msg("Checking the objects of {}", product.name), Unit::kItems, 0);
    verification.check = CheckGitPacks(fresh.Indexes(), objects.get(), config.cancelled, *task);
    task->Succeed();
  }
  std::map<std::string, std::vector<std::string>> names;
  for (const auto* list : {&refs.refs, &refs.seen}) {
    for (const auto& [name, id] : *list) {
      names[id].push_back(name);
      const git_oid oid = ParseGitId(id, name);
      if (git_odb_exists(objects.get(), &oid) == 1) continue;
      verification.missing.push_back(name + ": " + id + " is not there");
      ++verification.check.damaged;
    }
  }
  for (const auto& [sha256, pointer] : verification.check.large_files) {
    if (!store.Has(ParseSha256(sha256, product.name))) verification.missing.push_back("large file " + sha256 + " is not held");
  }
  for (const ClosureSource& source : closure.sources) {
    if (!source.missing.empty()) {
      verification.missing.push_back("submodule " + source.name + " " + Short(source.version) + ": " + source.missing);
    }
  }
  const auto task = progress.Start(Msg("Checking {} signatures", verification.check.signed_objects.size()), Unit::kItems,
                                   verification.check.signed_objects.size());
  const SignatureChecker checker(signers, directory.path(), clock.Now());
  for (const std::string& id : verification.check.signed_objects) {
    if (config.cancelled != nullptr && *config.cancelled) throw CancelledError();
    GitSignature signature;
    signature.object = id;
    const GitHeaders headers = HeadersOf(objects.get(), id, signature.type);
    signature.name = Printable(headers.tag_name);
    signature.refs = names[id];
    signature.verdict = checker.Check(headers);
    if (!signature.verdict.time && headers.time > 0) signature.verdict.time = headers.time;
    verification.signatures.push_back(std::move(signature));
    task->Advance(1);
  }
  task->Succeed();
  std::stable_sort(verification.signatures.begin(), verification.signatures.end(),
                   [](const GitSignature& left, const GitSignature& right) {
                     return (left.type == GitType::kTag) > (right.type == GitType::kTag);
                   });
  const std::set<std::string> carries(verification.check.signed_objects.begin(), verification.check.signed_objects.end());
  for (const auto& [name, id] : refs.refs) {
    if (name.starts_with("refs/tags/") && !carries.contains(id)) verification.unsigned_tags.push_back(name);
  }
  return verification;
}

}  // namespace nachbau::mirror
