// nachbau mirror git, fsck, swhid: git repositories in the store, and names that follow from bytes.
#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/actor.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/progress_text.h"
#include "mirror/git_mirror.h"
#include "mirror/keyring.h"
#include "mirror/swhid.h"
#include "report/summary.h"

namespace nachbau::cli {
namespace {

constexpr std::size_t kMostShown = 20;
constexpr std::uint64_t kMaxKeys = 16 << 20;  // bytes of one file of keys

mirror::ProductList Products(const Context& context) { return mirror::ProductList(context.home() / "products"); }

mirror::GitAccess Access(const Context& context) {
  const Configuration& configuration = context.configuration();
  mirror::GitAccess access;
  if (configuration.known_hosts) access.known_hosts = context.workspace() / *configuration.known_hosts;
  if (configuration.ssh_key) access.ssh_key = context.workspace() / *configuration.ssh_key;
  return access;
}

mirror::GitSigners Signers(const Context& context, const std::string& product) {
  mirror::GitSigners signers;
  const auto read = [&](const std::filesystem::path& file) { return ReadFile(context.workspace() / file, kMaxKeys); };
  for (const Configuration::GitSigner& signer : context.configuration().git_signers) {
    const auto& only = signer.repositories;
    if (!only.empty() && std::find(only.begin(), only.end(), product) == only.end()) continue;
    if (!signer.openpgp.empty()) signers.keyring += mirror::BinaryKeyring(read(signer.openpgp), signer.openpgp.native());
    if (!signer.ssh.empty()) {
      signers.ssh.allowed += mirror::AllowedSigners(read(signer.ssh), signer.name, signer.ssh.native());
    }
    if (!signer.revoked.empty()) {
      // Lists of keys can be joined; a binary list of revoked keys stands alone.
      if (!signers.ssh.revoked.empty()) signers.ssh.revoked += '\n';
      signers.ssh.revoked += read(signer.revoked);
    }
  }
  return signers;
}

Json ToJson(const mirror::GitSynced& synced) {
  Json changes = Json::array(), missing = Json::array();
  for (const mirror::GitRefChange& change : synced.refs.changes) {
    changes.push_back({{"ref", change.ref},
                       {"change", Name(change.change)},
                       {"before", change.before},
                       {"after", change.after},
                       {"alarming", change.Alarming()}});
  }
  for (const ClosureFile& file : synced.closure.files) {
    if (!file.missing.empty()) missing.push_back({{"name", file.name}, {"reason", file.missing}});
  }
  for (const ClosureSource& source : synced.closure.sources) {
    if (!source.missing.empty()) missing.push_back({{"name", source.name + " " + source.version}, {"reason", source.missing}});
  }
  return {{"product", synced.product.name},   {"origin", synced.product.origin},
          {"unchanged", synced.unchanged},    {"head", synced.refs.HeadId()},
          {"refs", synced.refs.refs.size()},  {"newObjects", synced.new_objects},
          {"irregular", synced.irregular},    {"changes", changes},
          {"missing", missing},               {"notes", synced.notes}};
}

Message Describe(const mirror::GitRefChange& change) {
  switch (change.change) {
    case mirror::GitChange::kCreated: return Msg("{} is new", Printable(change.ref));
    case mirror::GitChange::kAdvanced: return Msg("{} grew", Printable(change.ref));
    case mirror::GitChange::kRewritten:
      return Msg("{} was rewritten: {} is no longer part of it", Printable(change.ref), change.before.substr(0, 12));
    case mirror::GitChange::kMoved:
      return Msg("{} was moved from {} to {}", Printable(change.ref), change.before.substr(0, 12), change.after.substr(0, 12));
    case mirror::GitChange::kDeleted:
      return Msg("{} was deleted; it was {}", Printable(change.ref), change.before.substr(0, 12));
  }
  return Msg("{} is new", Printable(change.ref));
}

void Show(const Context& context, const mirror::GitSynced& synced) {
  if (synced.unchanged) {
    context.Print(Msg("{}: nothing new, {} refs", synced.product.name, synced.refs.refs.size()));
  } else {
    context.Print(Msg("{}: {} refs, {} new objects", synced.product.name, synced.refs.refs.size(), synced.new_objects));
  }
  std::size_t shown = 0, alarming = 0;
  for (const mirror::GitRefChange& change : synced.refs.changes) {
    if (change.change == mirror::GitChange::kCreated || change.change == mirror::GitChange::kAdvanced) continue;
    alarming += change.Alarming() ? 1 : 0;
    if (shown++ < kMostShown) context.PrintLine("  " + context.Text(Describe(change)));
  }
  if (alarming != 0) {
    context.Print(Msg("  What was there before is kept below refs/nachbau/seen/. Ask the project why its history changed "
                      "before you build from it."));
  }
  if (synced.irregular != 0) {
    context.Print(Msg("  {} objects are not as today's git would write them ('nachbau mirror fsck {}' lists them)",
                      synced.irregular, synced.product.name));
  }
  for (const std::string& note : synced.notes) context.PrintLine("  " + Printable(note));
  shown = 0;
  for (const ClosureFile& file : synced.closure.files) {
    if (!file.missing.empty() && shown++ < kMostShown) {
      context.Print(Msg("  missing: large file {}: {}", file.name, Printable(file.missing)));
    }
  }
  for (const ClosureSource& source : synced.closure.sources) {
    if (!source.missing.empty() && shown++ < kMostShown) {
      context.Print(Msg("  missing: submodule {} {}: {}", Printable(source.name), source.version.substr(0, 12),
                        Printable(source.missing)));
    }
  }
}

Json ToJson(const std::string& name, const mirror::GitVerification& found) {
  Json problems = Json::array(), signatures = Json::array();
  for (const mirror::GitProblem& problem : found.check.problems) {
    problems.push_back({{"object", problem.object}, {"detail", problem.detail}, {"damage", problem.damage}});
  }
  for (const mirror::GitSignature& signature : found.signatures) {
    Json json = ToJson(signature.verdict);
    json["object"] = signature.object;
    json["type"] = Name(signature.type);
    json["refs"] = signature.refs;
    signatures.push_back(std::move(json));
  }
  return {{"product", name},
          {"objects", found.check.objects},
          {"damaged", found.check.damaged},
          {"irregular", found.check.irregular},
          {"problems", problems},
          {"missing", found.missing},
          {"signatures", signatures},
          {"unsignedTags", found.unsigned_tags}};
}

bool IsAlarm(SignatureOutcome outcome) {
  return outcome == SignatureOutcome::kBad || outcome == SignatureOutcome::kRevokedKey;
}

void Show(const Context& context, const std::string& name, const mirror::GitVerification& found, bool has_signers) {
  context.Print(Msg("{}: {} objects checked, {} damaged, {} irregular", name, found.check.objects, found.check.damaged,
                    found.check.irregular));
  std::size_t shown = 0;
  for (const mirror::GitProblem& problem : found.check.problems) {
    if (shown++ == kMostShown) break;
    context.PrintLine("  " + context.Text(problem.damage ? Msg("damaged") : Msg("irregular")) + "  " +
                      problem.object.substr(0, 12) + "  " + Printable(problem.detail));
  }
  for (const std::string& missing : found.missing) context.Print(Msg("  missing: {}", Printable(missing)));
  context.Print(Msg("  {} signed tags and commits: {} good, {} by unknown keys, {} by revoked keys, {} bad",
                    found.signatures.size(), found.Count(SignatureOutcome::kGood),
                    found.Count(SignatureOutcome::kUnknownKey), found.Count(SignatureOutcome::kRevokedKey),
                    found.Count(SignatureOutcome::kBad)));
  shown = 0;
  for (const mirror::GitSignature& signature : found.signatures) {
    const bool telling = signature.type == mirror::GitType::kTag || signature.verdict.outcome != SignatureOutcome::kGood;
    if (!telling || shown++ >= kMostShown) continue;
    const std::string what = signature.refs.empty() ? signature.object.substr(0, 12) : signature.refs.front();
    context.PrintLine("  " + context.Text(report::Label(signature.verdict.outcome)) + "  " + Printable(what) + "  " +
                      Printable(signature.verdict.name.empty() ? signature.verdict.signer : signature.verdict.name));
    if (!signature.verdict.detail.empty()) context.PrintLine("      " + Printable(signature.verdict.detail));
  }
  if (!found.unsigned_tags.empty()) context.Print(Msg("  {} tags carry no signature", found.unsigned_tags.size()));
  if (!has_signers && !found.signatures.empty()) {
    context.Print(Msg("Next: name the keys that may sign below [[git_signers]] in nachbau.toml"));
  }
}

}  // namespace

int RunMirrorGit(Context& context) {
  const Arguments& arguments = context.arguments();
  context.PrepareToRecord();
  mirror::GitSyncRequest request;
  request.origin = mirror::NormaliseGitOrigin(arguments.names.at(0));
  request.name = arguments.product;
  request.submodules = !arguments.without_submodules;
  request.added_by = ChooseActor(arguments, context.configuration(), FindCallingAccount()).name;
  request.access = Access(context);
  const std::vector<mirror::GitSynced> result = mirror::SyncGit(request, Products(context), context.MirrorConfig(),
                                                                context.store(), context.clock(), context.progress());
  Json list = Json::array(), details = Json::array(), subjects = Json::array();
  bool alarming = false;
  std::size_t missing = 0;
  for (const mirror::GitSynced& synced : result) {
    for (const mirror::GitRefChange& change : synced.refs.changes) alarming = alarming || change.Alarming();
    missing += synced.Missing();
    list.push_back(ToJson(synced));
    subjects.push_back({{"name", synced.product.name}, {"sha256", synced.product.current.closure.Hex()}});
    if (!context.arguments().json) Show(context, synced);
  }
  context.Record("mirror.git", {{"origin", request.origin}, {"repositories", result.size()}, {"alarming", alarming}, {"missing", missing},
                                {"subjects", subjects}});
  if (arguments.json) {
    context.PrintJson(list);
  } else {
    context.Print(Msg("Next: nachbau mirror fsck {}", result.front().product.name));
  }
  if (alarming) return kBad;
  return missing == 0 ? kGood : kCouldNotCheck;
}

int RunMirrorFsck(Context& context) {
  std::vector<Product> products = Products(context).Choose(context.arguments().names);
  if (context.arguments().names.empty()) {
    std::erase_if(products, [](const Product& product) { return product.kind != ProductKind::kGit; });
  }
  Json list = Json::array();
  bool bad = false, missing = false;
  for (const Product& product : products) {
    const mirror::GitSigners signers = Signers(context, product.name);
    const mirror::GitVerification found = mirror::VerifyGit(product, signers, context.MirrorConfig(), context.store(),
                                                            context.clock(), context.progress());
    bad = bad || !found.Sound() || std::any_of(found.signatures.begin(), found.signatures.end(), [](const auto& signature) {
            return IsAlarm(signature.verdict.outcome);
          });
    missing = missing || !found.missing.empty();
    if (context.arguments().json) {
      list.push_back(ToJson(product.name, found));
    } else {
      Show(context, product.name, found, !signers.Empty());
    }
  }
  if (context.arguments().json) context.PrintJson(list);
  if (bad) return kBad;
  return missing ? kCouldNotCheck : kGood;
}

int RunMirrorSwhid(Context& context) {
  const Arguments& arguments = context.arguments();
  std::vector<std::pair<std::string, std::string>> identifiers;
  if (arguments.repository.empty()) {
    if (arguments.names.empty()) {
      UsageError error(Msg("of what?"));
      error.SetHint(Msg("for example: nachbau mirror swhid DIRECTORY, or nachbau mirror swhid --git PRODUCT v1.0"));
      throw error;
    }
    for (const std::string& path : arguments.names) identifiers.emplace_back(path, mirror::SwhidOf(path));
  } else {
    const Product product = Products(context).Choose({arguments.repository}).front();
    const mirror::GitRefs refs = mirror::ReadGitRefs(product, context.store());
    std::vector<std::string> names = arguments.names;
    if (names.empty()) names.emplace_back();
    for (const std::string& name : names) {
      identifiers.emplace_back(name.empty() ? product.name : name,
                               mirror::SwhidIn(refs, name, context.home() / "mirror", context.store()));
    }
  }
  Json list = Json::array();
  for (const auto& [name, identifier] : identifiers) {
    if (arguments.json) {
      list.push_back({{"name", name}, {"swhid", identifier}});
    } else {
      context.PrintLine(identifier + "  " + Printable(name));
    }
  }
  if (arguments.json) context.PrintJson(list);
  return kGood;
}

}  // namespace nachbau::cli
