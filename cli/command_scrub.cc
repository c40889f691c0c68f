// nachbau store scrub
#include <algorithm>
#include <map>
#include <unordered_set>

#include "base/error.h"
#include "base/http.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/live_objects.h"
#include "cli/progress_text.h"
#include "mirror/acquisition.h"
#include "mirror/apt_sources.h"
#include "store/holds.h"
#include "store/index.h"
#include "store/repair.h"
#include "store/scrub.h"

namespace nachbau::cli {
namespace {

constexpr std::int64_t kDay = 86'400;

struct Lost {
  LostObject object;
  std::string why;     // English
  bool needed = true;  // by a root or a hold
};

// Damaged objects, and objects that were there once, that something needs, and that are gone.
std::vector<Lost> FindLost(Context& context, const ScrubResult& result) {
  const LiveObjects live = FindLiveObjects(context, context.configuration().retention);
  for (const Message& problem : live.problems) context.progress().Note(Msg("not everything could be read: {}", Render(problem)));
  const std::unordered_set<Sha256Digest> held = HoldDirectory(context.store().root()).Objects();
  std::vector<Lost> lost;
  std::unordered_set<Sha256Digest> seen;
  const auto add = [&](const Sha256Digest& sha256, std::string why, bool needed) {
    if (!seen.insert(sha256).second || context.store().Has(sha256)) return;
    Lost one;
    one.object.sha256 = sha256;
    one.why = std::move(why);
    one.needed = needed;
    lost.push_back(std::move(one));
  };
  const auto needed = [&](const Sha256Digest& sha256) { return live.objects.contains(sha256) || held.contains(sha256); };
  for (const ScrubDamage& damage : result.damages) {
    if (damage.sha256) add(*damage.sha256, damage.detail, needed(*damage.sha256));
  }
  std::vector<Sha256Digest> forgotten;  // gone, and nobody misses them
  for (const Sha256Digest& sha256 : result.vanished) {
    if (needed(sha256)) {
      add(sha256, "its file is gone", true);
    } else {
      forgotten.push_back(sha256);
    }
  }
  // The index, which knew what was there, can be lost itself; these lists stay.
  for (const Sha256Digest& sha256 : held) add(sha256, "under legal hold, and its file is gone", true);
  for (const auto& [sha256, roots] : live.objects) {
    const bool of_product = std::any_of(roots.begin(), roots.end(), [&](auto i) { return live.roots[i].kind == "product"; });
    if (of_product && !live.never_held.contains(sha256)) add(sha256, "a product needs it, and its file is gone", true);
  }
  StoreIndex(context.store().root() / "index.sqlite").Remove(forgotten);
  std::sort(lost.begin(), lost.end(),
            [](const Lost& left, const Lost& right) { return left.object.sha256 < right.object.sha256; });
  return lost;
}

std::vector<Repaired> RepairLost(Context& context, const std::vector<Lost>& lost) {
  std::vector<LostObject> objects;
  for (const Lost& one : lost) objects.push_back(one.object);
  if (!context.arguments().offline) FindOrigins(context, objects);
  std::map<std::string, std::string> proxies;
  try {
    proxies = mirror::ReadAptSetup(context.MirrorConfig().apt_root).proxies;
  } catch (const Error&) {  // a machine without apt: the environment's proxies
  }
  const auto fetcher = MakeFetcher(proxies, &g_cancelled);
  const std::vector<Repaired> repaired =
      Repair(context.store(), objects, context.arguments().peers, *fetcher, &g_cancelled, context.progress());
  std::vector<mirror::Acquisition> acquisitions;
  for (const Repaired& one : repaired) {
    if (one.from.empty()) continue;
    mirror::Acquisition acquisition;
    acquisition.sha256 = one.sha256;
    acquisition.size = one.size;
    acquisition.name = one.sha256.Hex();
    acquisition.time = context.clock().Now();
    acquisition.from = one.from;
    acquisition.proof = mirror::Proof::kRepair;
    acquisitions.push_back(std::move(acquisition));
  }
  if (!acquisitions.empty()) mirror::AcquisitionLog(context.home() / "mirror").Append(acquisitions);
  return repaired;
}

Json DamagesToJson(const ScrubResult& result) {
  Json list = Json::array();
  for (const ScrubDamage& damage : result.damages) {
    list.push_back({{"path", damage.path}, {"detail", damage.detail}, {"quarantined", damage.quarantined}});
  }
  return list;
}

Json LostToJson(const std::vector<Lost>& lost, const std::vector<Repaired>& repaired) {
  Json list = Json::array();
  for (std::size_t i = 0; i < lost.size(); ++i) {
    Json entry = {{"sha256", lost[i].object.sha256.Hex()}, {"reason", lost[i].why}, {"needed", lost[i].needed}};
    if (i < repaired.size()) {
      entry["repairedFrom"] = repaired[i].from;
      entry["failures"] = repaired[i].failures;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

void PrintResult(Context& context, const ScrubResult& result, const std::vector<Lost>& lost,
                 const std::vector<Repaired>& repaired) {
  for (const ScrubDamage& damage : result.damages) {
    if (damage.quarantined.empty()) {
      context.Print(Msg("damaged: {}: {}", (context.store().root() / damage.path).native(), damage.detail));
    } else {
      context.Print(Msg("damaged: {}: {}; moved to {}", damage.path, damage.detail,
                        (context.store().root() / damage.quarantined).native()));
    }
  }
  for (std::size_t i = 0; i < lost.size(); ++i) {
    const std::string hex = lost[i].object.sha256.Hex();
    if (i < repaired.size() && !repaired[i].from.empty()) {
      context.Print(Msg("repaired: {} from {}", hex, repaired[i].from));
      continue;
    }
    context.Print(lost[i].needed ? Msg("missing: {}: {}", hex, lost[i].why)
                                 : Msg("missing, but nothing needs it: {}: {}", hex, lost[i].why));
    if (i >= repaired.size()) continue;
    for (const std::string& failure : repaired[i].failures) context.PrintLine("  " + failure);
    if (repaired[i].failures.empty()) context.Print(Msg("  nobody knows where it came from"));
  }
  context.Print(Msg("{} objects ({}) checked, {} damaged, {} missing", result.objects, FormatBytes(result.bytes),
                    result.damages.size(), lost.size()));
  if (result.recent != 0) context.Print(Msg("{} objects were checked recently and left out", result.recent));
  if (result.left != 0) {
    context.Print(Msg("{} objects are left, because time was up; the next run begins with them", result.left));
  }
  context.Print(result.oldest ? Msg("every object was checked since {}", FormatTime(*result.oldest))
                              : Msg("some objects were never checked"));
}

}  // namespace

int RunStoreScrub(Context& context) {
  const Arguments& arguments = context.arguments();
  const bool repair = arguments.repair || !arguments.peers.empty();
  context.PrepareToRecord();
  ScrubRequest request;
  request.clock = &context.clock();
  request.rate = arguments.rate;
  request.max_seconds = arguments.max_time;
  request.older_than = kDay * arguments.older_than_days;
  request.from_disk = !arguments.cached;
  request.cancelled = &g_cancelled;
  const ScrubResult result = Scrub(context.store(), request, context.progress());
  const std::vector<Lost> lost = FindLost(context, result);
  std::vector<Repaired> repaired;
  if (repair && !lost.empty()) repaired = RepairLost(context, lost);

  std::size_t open = 0;  // what is needed and not there
  for (std::size_t i = 0; i < lost.size(); ++i) {
    if (lost[i].needed && (i >= repaired.size() || repaired[i].from.empty())) ++open;
  }
  const bool strangers = std::any_of(result.damages.begin(), result.damages.end(),
                                     [](const ScrubDamage& damage) { return damage.quarantined.empty(); });
  if (!lost.empty() || !result.damages.empty()) {
    context.Record("store.scrub", {{"damages", DamagesToJson(result)}, {"lost", LostToJson(lost, repaired)}});
  }
  if (arguments.json) {
    context.PrintJson({{"objects", result.objects},
                       {"bytes", result.bytes},
                       {"left", result.left},
                       {"recent", result.recent},
                       {"oldest", result.oldest ? Json(FormatTime(*result.oldest)) : Json()},
                       {"damages", DamagesToJson(result)},
                       {"lost", LostToJson(lost, repaired)}});
  } else {
    PrintResult(context, result, lost, repaired);
    if (open != 0 && !repair) context.Print(Msg("Next: nachbau store scrub --repair --from STORE (another mirror's store, if there is one)"));
    if (open != 0 && repair) {
      context.Print(Msg("Next: name other stores with --from, or fetch the lock or product again that needs it ('nachbau store "
                        "gc --explain DIGEST' tells which)"));
    }
  }
  return open == 0 && !strangers ? kGood : kBad;
}

}  // namespace nachbau::cli
