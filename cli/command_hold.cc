// nachbau hold: add, list, release, cosign.
#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/signature.h"
#include "cli/actor.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/hold_check.h"
#include "cli/live_objects.h"
#include "cli/progress_text.h"
#include "cli/remembered_places.h"
#include "mirror/product_list.h"
#include "store/holds.h"
#include "verifier/hold_release.h"

namespace nachbau::cli {
namespace {

constexpr std::uint64_t kMaxRelease = 4 << 20;  // bytes

void RequireReason(const Context& context) {
  if (!context.arguments().reason.empty()) return;
  throw UsageError(Msg("say why with --reason TEXT: it is put on record"));
}

std::string ActorName(const Context& context) {
  const EventActor actor = ChooseActor(context.arguments(), context.configuration(), FindCallingAccount());
  return actor.role.empty() ? actor.name : actor.name + " (" + actor.role + ")";
}

bool IsDigest(const std::string& text) { return text.size() == 64 && DecodeHex(text).has_value(); }

// The objects that `what` stands for. Those that are not held are left out: nothing can keep them.
std::set<Sha256Digest> ObjectsOfSubject(Context& context, const std::string& what) {
  Store& store = context.store();
  std::set<Sha256Digest> objects;
  const auto add = [&](const Sha256Digest& sha256) {
    if (store.Has(sha256)) objects.insert(sha256);
  };
  const auto add_named_in = [&](const std::filesystem::path& path) {
    for (const Sha256Digest& sha256 : DigestsIn(ReadFile(path))) add(sha256);
  };
  if (const auto product = mirror::ProductList(context.home() / "products").Find(what)) {
    std::vector<ProductVersion> versions = product->earlier;
    versions.push_back(product->current);
    for (const ProductVersion& version : versions) {
      for (const Sha256Digest& sha256 : mirror::ObjectsOf(version, store)) add(sha256);
    }
  } else if (IsDigest(what)) {
    add(ParseSha256(what, what));
  } else if (std::filesystem::is_directory(what)) {
    for (const std::filesystem::path& document : DocumentsAt(what)) add_named_in(document);
  } else if (std::filesystem::exists(what)) {
    add(HashDescriptor(OpenForReading(what), what).sha256);
    if (std::filesystem::path(what).extension() == ".json") add_named_in(what);
  } else {
    MissingError error(Msg("{} is no product, no digest and no file", what));
    error.SetHint(Msg("'nachbau mirror status' lists the products, 'nachbau store list' the objects"));
    throw error;
  }
  if (objects.empty()) throw MissingError(Msg("the store holds nothing of {}", what));
  return objects;
}

std::vector<HoldKey> KeysForRelease(const Context& context) {
  std::vector<HoldKey> keys;
  std::set<std::string> ids;
  for (const verifier::TrustedKey& key : context.TrustedKeys()) {
    if (ids.insert(KeyIdOf(ParsePublicKeyPem(key.public_pem, key.name))).second) keys.push_back({key.name, key.public_pem});
  }
  if (keys.size() >= kHoldReleaseSigners) return keys;
  MissingError error(Msg("a hold needs the keys of two people who can release it, and this workspace trusts only {}", keys.size()));
  error.SetHint(Msg("add another person's public key to the trusted keys in nachbau.toml: [[trusted_keys]] with name and file"));
  throw error;
}

struct Extent {
  std::uint64_t bytes = 0;
  std::uint64_t missing = 0;
};

Extent Measure(Context& context, const Hold& hold) {
  Extent extent;
  for (const Sha256Digest& sha256 : hold.objects) {
    if (const auto content = context.store().Describe(sha256)) {
      extent.bytes += content->size;
    } else {
      ++extent.missing;
    }
  }
  return extent;
}

Json SubjectsOf(const Hold& hold) {
  return Json::array({{{"name", "hold " + hold.name}, {"sha256", DigestOf(hold).Hex()}}});
}

Hold FindHold(Context& context, const std::string& name) {
  if (auto hold = HoldDirectory(context.store().root()).Find(name)) return std::move(*hold);
  MissingError error(Msg("there is no hold {}", name));
  error.SetHint(Msg("'nachbau hold list' lists them"));
  throw error;
}

int Confirm(Context& context, const Hold& hold) {
  const std::string place = context.arguments().confirm->native();
  const Json file = ParseJson(ReadFile(place, kMaxRelease), place);
  const verifier::HoldReleaseCheck check = verifier::CheckHoldRelease(file, place, hold);
  if (!check.Released()) {
    if (context.arguments().json) {
      context.PrintJson({{"released", false}, {"problem", Render(check.problem)}, {"signers", check.signers}});
    } else {
      context.Print(Msg("not released: {}", context.Text(check.problem)));
      context.Print(Msg("Next: the other person runs: nachbau hold cosign {}", place));
    }
    return kBad;
  }
  const HoldRelease release = verifier::ReadHoldRelease(file, place);
  const std::filesystem::path kept =
      HoldDirectory(context.store().root()).Release(hold, file, context.clock().Now());
  context.Record("hold.release", {{"subjects", SubjectsOf(hold)},
                                  {"name", hold.name},
                                  {"reason", release.reason},
                                  {"askedBy", release.asked_by},
                                  {"signers", check.signers}});
  if (context.arguments().json) {
    context.PrintJson({{"released", true}, {"signers", check.signers}, {"kept", kept.native()}});
  } else {
    std::string signers;
    for (const std::string& signer : check.signers) signers += (signers.empty() ? "" : ", ") + signer;
    context.Print(Msg("hold {} released: signed by {}; hold and signatures are kept in {}", hold.name, signers, kept.native()));
  }
  return kGood;
}

}  // namespace

int RunHoldAdd(Context& context) {
  const std::vector<std::string>& names = context.arguments().names;
  RequireReason(context);
  context.PrepareToRecord();
  if (!IsProductName(names.at(0))) {
    throw UsageError(Msg("{} cannot name a hold: letters, digits, '+', '-', '.' and '_'", names.at(0)));
  }
  Hold hold;
  hold.name = names.at(0);
  hold.reason = context.arguments().reason;
  hold.added = context.clock().Now();
  hold.added_by = ActorName(context);
  hold.keys = KeysForRelease(context);
  std::set<Sha256Digest> objects;
  for (auto what = names.begin() + 1; what != names.end(); ++what) {
    hold.subjects.push_back(*what);
    objects.merge(ObjectsOfSubject(context, *what));
  }
  hold.objects.assign(objects.begin(), objects.end());
  HoldDirectory(context.store().root()).Add(hold);
  context.Record("hold.add", {{"subjects", SubjectsOf(hold)},
                              {"name", hold.name},
                              {"reason", hold.reason},
                              {"held", hold.subjects},
                              {"objects", hold.objects.size()}});
  if (context.arguments().json) {
    context.PrintJson(ToJson(hold));
  } else {
    std::string keys;
    for (const HoldKey& key : hold.keys) keys += (keys.empty() ? "" : ", ") + key.name;
    context.Print(Msg("hold {}: {} objects; two of these can release it together: {}", hold.name, hold.objects.size(), keys));
  }
  return kGood;
}

int RunHoldList(Context& context) {
  const HoldCheck check = CheckHolds(context);
  bool good = check.Good();
  Json list = Json::array();
  for (const auto& [hold, recorded] : check.holds) {
    const Extent extent = Measure(context, hold);
    good = good && extent.missing == 0;
    if (context.arguments().json) {
      Json entry = ToJson(hold);
      entry["bytes"] = extent.bytes;
      entry["missing"] = extent.missing;
      entry["recorded"] = recorded;
      list.push_back(std::move(entry));
      continue;
    }
    context.Print(Msg("{}: {} objects ({}), since {} by {}: {}", hold.name, hold.objects.size(), FormatBytes(extent.bytes),
                      FormatTime(hold.added), Printable(hold.added_by), Printable(hold.reason)));
    if (extent.missing != 0) {
      context.Print(Msg("  {} of its objects are gone; next: nachbau store scrub --repair", extent.missing));
    }
    if (!recorded) {
      context.Print(Msg("  no signed event tells of this hold as it is: it was changed, or added without a record"));
    }
  }
  if (context.arguments().json) {
    context.PrintJson({{"holds", list}, {"removedWithoutRelease", check.removed}});
    return good ? kGood : kBad;
  }
  for (const std::string& name : check.removed) {
    context.Print(Msg("{} is not as it was added, and no release is on record: somebody removed or changed it by hand",
                      Printable(name)));
  }
  if (check.holds.empty() && check.removed.empty()) context.Print(Msg("no holds"));
  return good ? kGood : kBad;
}

int RunHoldRelease(Context& context) {
  context.PrepareToRecord();
  const Hold hold = FindHold(context, context.arguments().names.at(0));
  if (context.arguments().confirm) return Confirm(context, hold);
  RequireReason(context);
  HoldRelease release;
  release.name = hold.name;
  release.hold = DigestOf(hold);
  release.reason = context.arguments().reason;
  release.time = context.clock().Now();
  release.asked_by = ActorName(context);
  const verifier::SigningKey key = context.OpenSigningKey();
  std::filesystem::path path = context.arguments().output;
  if (path.empty()) path = context.workspace() / (hold.name + ".release.json");
  WriteFileAtomically(path, FormatPretty(verifier::AskForHoldRelease(release, key)));
  context.Record("hold.release.ask", {{"subjects", SubjectsOf(hold)}, {"name", hold.name}, {"reason", release.reason}});
  if (context.arguments().json) {
    context.PrintJson({{"file", path.native()}, {"released", false}});
  } else {
    context.Print(Msg("the wish to release {} is written to {} and signed; the hold is still in force", hold.name, path.native()));
    context.Print(Msg("Next: another person whose key the hold names runs 'nachbau hold cosign {}' with their own key; then "
                      "'nachbau hold release {} --confirm {}'",
                      path.native(), hold.name, path.native()));
  }
  return kGood;
}

int RunHoldCosign(Context& context) {
  const std::string place = context.arguments().names.at(0);
  context.PrepareToRecord();
  const Json file = ParseJson(ReadFile(place, kMaxRelease), place);
  const HoldRelease release = verifier::ReadHoldRelease(file, place);
  const verifier::SigningKey key = context.OpenSigningKey();
  std::filesystem::path path = context.arguments().output;
  if (path.empty()) path = place;
  WriteFileAtomically(path, FormatPretty(verifier::CosignHoldRelease(file, place, key)));
  context.Record("hold.cosign", {{"subjects", Json::array({{{"name", "hold " + release.name}, {"sha256", release.hold.Hex()}}})},
                                 {"name", release.name},
                                 {"reason", release.reason},
                                 {"askedBy", release.asked_by}});
  if (context.arguments().json) {
    context.PrintJson({{"file", path.native()}, {"release", ToJson(release)}, {"key", key.key_id}});
  } else {
    context.Print(Msg("you signed that the hold {} be released; {} asked for it on {}: {}", release.name,
                      Printable(release.asked_by), FormatTime(release.time), Printable(release.reason)));
    context.Print(Msg("written to {}, signed with key {}...", path.native(), key.key_id.substr(0, 16)));
  }
  return kGood;
}

}  // namespace nachbau::cli
