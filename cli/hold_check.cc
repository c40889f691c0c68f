#include "cli/hold_check.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "store/holds.h"
#include "verifier/event_journal.h"
#include "verifier/hold_release.h"

namespace nachbau::cli {
namespace {

// Those that two people released. The hold names the keys, and its digest stands in the event that added it: so a
// document of a release proves itself, whoever put it there.
std::set<Sha256Digest> ReadReleased(const HoldDirectory& directory) {
  std::set<Sha256Digest> released;
  for (const std::filesystem::path& path : directory.Released()) {
    try {
      const Json json = ParseJson(ReadFile(path), path.native());
      JsonReader reader(json, path.native());
      const Hold hold = HoldFromJson(reader.Member("hold"), path.native());
      if (verifier::CheckHoldRelease(reader.Member("release"), path.native(), hold).Released()) {
        released.insert(DigestOf(hold));
      }
    } catch (const ParseError&) {  // then it releases nothing
    }
  }
  return released;
}

}  // namespace

bool HoldCheck::Good() const {
  return removed.empty() && std::all_of(holds.begin(), holds.end(), [](const CheckedHold& hold) { return hold.recorded; });
}

HoldCheck CheckHolds(Context& context) {
  const HoldDirectory directory(context.store().root());
  std::map<Sha256Digest, std::string> added;
  for (const verifier::RecordedEvent& recorded : verifier::ListEvents(context.EventDirectory(), context.TrustedKeys())) {
    if (!recorded.event || !recorded.Verified() || recorded.event->action != "hold.add") continue;
    for (const EventSubject& subject : recorded.event->subjects) added.emplace(subject.sha256, subject.name);
  }
  HoldCheck check;
  std::set<Sha256Digest> accounted = ReadReleased(directory);
  for (Hold& hold : directory.List()) {
    const Sha256Digest digest = DigestOf(hold);
    accounted.insert(digest);
    check.holds.push_back({std::move(hold), added.contains(digest)});
  }
  for (const auto& [digest, name] : added) {
    if (!accounted.contains(digest)) check.removed.push_back(name);
  }
  return check;
}

}  // namespace nachbau::cli
