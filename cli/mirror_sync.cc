#include "cli/mirror_sync.h"

#include <algorithm>

#include "base/error.h"

namespace nachbau::cli {
namespace {

Json Details(const mirror::Snapshot& snapshot, const mirror::UpdateReport& report) {
  Json releases = Json::array(), subjects = Json::array(), warnings = Json::array();
  for (const ReleaseProof& release : snapshot.releases) {
    releases.push_back({{"uri", release.uri},
                        {"suite", release.suite},
                        {"date", FormatTime(release.date)},
                        {"signers", release.signers},
                        {"overrides", release.overrides}});
    subjects.push_back({{"name", release.uri + " " + release.suite}, {"sha256", release.in_release.Hex()}});
  }
  for (const Message& warning : report.warnings) warnings.push_back(Render(warning));
  Json details = {{"snapshot", FormatTime(snapshot.time)}, {"unchanged", report.unchanged},
                  {"releases", releases},                  {"leftOut", snapshot.left_out},
                  {"warnings", warnings},                  {"requests", report.requests},
                  {"bytes", report.bytes},                 {"subjects", subjects}};
  if (snapshot.as_of) details["asOf"] = FormatTime(*snapshot.as_of);
  return details;
}

// The archive's fault, not that of the network or of a file of ours.
bool IsRefusal(const Error& error) {
  return dynamic_cast<const NetworkError*>(&error) == nullptr && dynamic_cast<const SystemError*>(&error) == nullptr &&
         dynamic_cast<const MissingError*>(&error) == nullptr && dynamic_cast<const UsageError*>(&error) == nullptr &&
         dynamic_cast<const CancelledError*>(&error) == nullptr;
}

}  // namespace

mirror::Snapshot SyncArchives(Context& context, bool always, mirror::UpdateReport* report,
                              std::optional<UnixSeconds> at) {
  mirror::UpdateReport told;
  mirror::MirrorConfig config = context.MirrorConfig();
  if (at) config.at = at;
  if (!config.offline) context.PrepareToRecord();
  mirror::Snapshot snapshot;
  try {
    snapshot = mirror::Update(config, context.store(), context.clock(), context.progress(), &told);
  } catch (const Error& error) {
    if (!config.offline && IsRefusal(error)) context.Record("mirror.refused", {{"reason", error.what()}});
    throw;
  }
  const bool overridden = std::any_of(snapshot.releases.begin(), snapshot.releases.end(),
                                      [](const ReleaseProof& release) { return !release.overrides.empty(); });
  if (told.requests != 0 && (always || !told.unchanged || overridden)) {
    Json details = Details(snapshot, told);
    if (!context.arguments().reason.empty()) details["reason"] = context.arguments().reason;
    context.Record("mirror.sync", std::move(details));
  }
  if (report != nullptr) *report = told;
  return snapshot;
}

}  // namespace nachbau::cli
