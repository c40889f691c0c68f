// nachbau store gc
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/hold_check.h"
#include "cli/live_objects.h"
#include "cli/progress_text.h"
#include "cli/remembered_places.h"
#include "mirror/product_list.h"
#include "store/collect.h"
#include "store/holds.h"

namespace nachbau::cli {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::size_t kShown = 20;  // of a list, for people

// What retention ends: named in documents of the home, which are changed before any object goes.
struct Ended {
  std::vector<std::string> versions;               // "dnsmasq 2.90-3"
  std::vector<std::filesystem::path> snapshots;
};

Ended FindEnded(const Context& context) {
  Ended ended;
  const UnixSeconds now = context.clock().Now();
  const mirror::Retention& retention = context.configuration().retention;
  for (const Product& product : mirror::ProductList(context.home() / "products").All()) {
    const Product kept = mirror::WithoutExpired(product, retention, now);
    for (const ProductVersion& version : product.earlier) {
      if (std::find(kept.earlier.begin(), kept.earlier.end(), version) == kept.earlier.end()) {
        ended.versions.push_back(product.name + " " + version.version);
      }
    }
  }
  for (const mirror::KeptSnapshot& snapshot : mirror::ListSnapshots(context.home() / "mirror", retention, now)) {
    if (snapshot.expired) ended.snapshots.push_back(snapshot.path);
  }
  return ended;
}

void EndRetention(const Context& context, const Ended& ended) {
  const mirror::ProductList products(context.home() / "products");
  if (!ended.versions.empty()) {
    for (const Product& product : products.All()) {
      const Product kept = mirror::WithoutExpired(product, context.configuration().retention, context.clock().Now());
      if (kept == product) continue;
      // Another command may have written the product since: then its time has not come.
      if (products.Find(product.name) == product) products.Save(kept);
    }
  }
  for (const std::filesystem::path& snapshot : ended.snapshots) {
    if (::unlink(snapshot.c_str()) != 0 && errno != ENOENT) throw SystemError(errno, Msg("remove {}", snapshot.native()));
  }
}

void RefuseUnlessWhole(const LiveObjects& live) {
  if (live.problems.empty()) return;
  Error error(live.problems.front());
  error.AddContext(Msg("nothing was deleted, because not everything that needs objects could be read"));
  error.SetHint(Msg("mend it, or mount what is missing; if a workspace or a file is gone for good: nachbau store gc --forget PATH"));
  throw error;
}

// Whoever removes a hold by hand does not get its objects deleted by us.
void RefuseRemovedHolds(Context& context) {
  const HoldCheck check = CheckHolds(context);
  if (check.Good()) return;
  Error error(Msg("nothing was deleted, because the legal holds are not what the log of events says"));
  error.SetHint(Msg("'nachbau hold list' tells what is wrong; put the file of the hold back (store/holds/), or have two people "
                    "release it"));
  throw error;
}

int Explain(Context& context) {
  const Sha256Digest digest = ParseSha256(context.arguments().explain, "--explain");
  const LiveObjects live = FindLiveObjects(context, context.configuration().retention);
  const auto found = live.objects.find(digest);
  Json roots = Json::array();
  if (found != live.objects.end()) {
    for (const std::uint32_t i : found->second) {
      const LiveRoot& root = live.roots[i];
      roots.push_back({{"kind", root.kind}, {"name", root.name}, {"place", root.place}});
    }
  }
  for (const Hold& hold : HoldDirectory(context.store().root()).List()) {
    if (std::binary_search(hold.objects.begin(), hold.objects.end(), digest)) {
      roots.push_back({{"kind", "hold"}, {"name", hold.name + ": " + hold.reason}, {"place", ""}});
    }
  }
  const bool held = context.store().Describe(digest).has_value();
  if (context.arguments().json) {
    context.PrintJson({{"sha256", digest.Hex()}, {"held", held}, {"roots", roots}});
  } else {
    context.Print(held ? Msg("{} is held", digest.Hex()) : Msg("{} is not held", digest.Hex()));
    for (const Json& root : roots) {
      context.Print(Msg("  kept by {}: {} {}", TextMember(root, "kind"), TextMember(root, "name"), TextMember(root, "place")));
    }
    if (roots.empty()) context.Print(Msg("  nothing needs it"));
    for (const Message& problem : live.problems) context.Print(Msg("not everything could be read: {}", context.Text(problem)));
  }
  return roots.empty() ? kBad : kGood;
}

std::uint64_t BytesOf(const std::vector<CollectedObject>& objects) {
  std::uint64_t bytes = 0;
  for (const CollectedObject& object : objects) bytes += object.size;
  return bytes;
}

Json ToJson(const std::vector<CollectedObject>& objects) {
  Json list = Json::array();
  for (const CollectedObject& object : objects) list.push_back({{"sha256", object.sha256.Hex()}, {"size", object.size}});
  return list;
}

Json ToJson(const ObjectCount& count) { return {{"objects", count.objects}, {"bytes", count.bytes}}; }

// How many objects each kind of root keeps; of several kinds the first.
std::map<std::string, std::uint64_t> CountByKind(Context& context, const LiveObjects& live) {
  std::map<std::string, std::uint64_t> kinds;
  for (const Sha256Digest& digest : context.store().List()) {
    const auto found = live.objects.find(digest);
    if (found != live.objects.end()) ++kinds[live.roots[found->second.front()].kind];
  }
  return kinds;
}

void PrintResult(Context& context, const CollectResult& result, const LiveObjects& live, const Ended& ended) {
  const bool done = context.arguments().delete_garbage;
  for (const std::string& version : ended.versions) context.Print(Msg("no longer kept (retention): {}", version));
  if (!ended.snapshots.empty()) context.Print(Msg("no longer kept (retention): {} snapshots", ended.snapshots.size()));
  for (std::size_t i = 0; i < result.set_aside.size() && i < kShown; ++i) {
    const CollectedObject& object = result.set_aside[i];
    context.PrintLine("  " + object.sha256.Hex() + "  " + FormatBytes(object.size));
  }
  if (result.set_aside.size() > kShown) context.Print(Msg("  and {} more; --json lists all", result.set_aside.size() - kShown));
  const std::size_t count = result.set_aside.size();
  const std::string bytes = FormatBytes(BytesOf(result.set_aside));
  context.Print(done ? Msg("{} objects ({}) set aside: nothing needs them", count, bytes)
                     : Msg("{} objects ({}) could go: nothing needs them", count, bytes));
  if (!result.deleted.empty()) {
    context.Print(done ? Msg("{} objects ({}) deleted from the trash", result.deleted.size(),
                             FormatBytes(BytesOf(result.deleted)))
                       : Msg("{} objects ({}) of the trash would be deleted", result.deleted.size(),
                             FormatBytes(BytesOf(result.deleted))));
  }
  if (!result.restored.empty()) {
    context.Print(Msg("{} objects of the trash are needed again and come back", result.restored.size()));
  }
  std::string kinds;
  for (const auto& [kind, number] : CountByKind(context, live)) {
    kinds += (kinds.empty() ? "" : ", ") + kind + " " + std::to_string(number);
  }
  context.Print(Msg("{} objects ({}) are needed: {}", result.live.objects, FormatBytes(result.live.bytes), kinds));
  context.Print(Msg("{} objects ({}) are under legal hold alone, {} ({}) are in use or young, {} ({}) wait in the trash",
                    result.held.objects, FormatBytes(result.held.bytes), result.young.objects,
                    FormatBytes(result.young.bytes), result.waiting.objects, FormatBytes(result.waiting.bytes)));
  for (const Message& problem : live.problems) context.Print(Msg("not everything could be read: {}", context.Text(problem)));
  if (!done && (count != 0 || !result.deleted.empty() || !ended.versions.empty() || !ended.snapshots.empty())) {
    context.Print(Msg("Next: nachbau store gc --delete (nothing was changed)"));
  }
}

}  // namespace

int RunStoreGc(Context& context) {
  const Arguments& arguments = context.arguments();
  if (!arguments.explain.empty()) return Explain(context);
  const bool remove = arguments.delete_garbage;
  if (arguments.empty_trash && !remove) {
    throw UsageError(Msg("--empty-trash needs --delete"));
  }
  if (remove || !arguments.forget.empty()) context.PrepareToRecord();
  if (remove) RefuseRemovedHolds(context);
  for (const std::filesystem::path& path : arguments.forget) {
    if (!ForgetPlace(context.home(), path)) {
      throw UsageError(Msg("{} is no place that Nachbau remembers", path.native()));
    }
    context.Record("store.gc.forget", {{"path", std::filesystem::absolute(path).lexically_normal().native()}});
  }
  const Configuration& configuration = context.configuration();
  LiveObjects live;
  Ended ended;
  CollectRequest request;
  request.now = context.clock().Now();
  request.grace_seconds = kDay * arguments.grace_days.value_or(configuration.grace_days);
  request.trash_seconds = arguments.empty_trash ? 0 : kDay * configuration.trash_days;
  request.remove = remove;
  request.cancelled = &g_cancelled;
  request.live = [&] {
    live = FindLiveObjects(context, configuration.retention);
    if (remove) RefuseUnlessWhole(live);
    ended = FindEnded(context);
    // The documents first: a kill between leaves objects that nothing names, not names without objects.
    if (remove) EndRetention(context, ended);
    std::unordered_set<Sha256Digest> objects;
    for (const auto& [digest, roots] : live.objects) objects.insert(digest);
    return objects;
  };
  const CollectResult result = Collect(context.store(), request, context.progress());
  if (remove) {
    for (const RememberedPlace& place : RememberedPlaces(context.home())) {
      if (place.removed) ForgetPlace(context.home(), place.path);
    }
  }
  Json snapshots = Json::array();
  for (const std::filesystem::path& snapshot : ended.snapshots) snapshots.push_back(snapshot.filename().native());
  if (remove && (!result.set_aside.empty() || !result.deleted.empty() || !ended.versions.empty() || !snapshots.empty())) {
    context.Record("store.gc", {{"setAside", {{"objects", result.set_aside.size()}, {"bytes", BytesOf(result.set_aside)}}},
                                {"deleted", {{"objects", result.deleted.size()}, {"bytes", BytesOf(result.deleted)}}},
                                {"objects", Sha256(FormatCanonical(ToJson(result.set_aside))).Hex()},
                                {"versions", ended.versions},
                                {"snapshots", snapshots}});
  }
  if (arguments.json) {
    Json problems = Json::array();
    for (const Message& problem : live.problems) problems.push_back(Render(problem));
    context.PrintJson({{"deleted", remove},
                       {"setAside", ToJson(result.set_aside)},
                       {"deletedFromTrash", ToJson(result.deleted)},
                       {"restored", ToJson(result.restored)},
                       {"needed", ToJson(result.live)},
                       {"held", ToJson(result.held)},
                       {"young", ToJson(result.young)},
                       {"trash", ToJson(result.waiting)},
                       {"expiredVersions", ended.versions},
                       {"expiredSnapshots", snapshots},
                       {"problems", problems}});
  } else {
    PrintResult(context, result, live, ended);
  }
  return live.problems.empty() ? kGood : kCouldNotCheck;
}

}  // namespace nachbau::cli
