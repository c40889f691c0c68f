// nachbau mirror sync, nachbau mirror snapshots
#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/mirror_sync.h"
#include "cli/progress_text.h"

namespace nachbau::cli {
namespace {

// Compressed, as held; what is not held counts nothing.
std::uint64_t BytesOf(const mirror::Snapshot& snapshot, const Store& store) {
  std::uint64_t bytes = 0;
  for (const mirror::SnapshotIndex& index : snapshot.indexes) {
    if (const auto content = store.Describe(index.proof.sha256)) bytes += content->size;
  }
  return bytes;
}

}  // namespace

int RunMirrorSync(Context& context) {
  if (context.arguments().offline) {
    UsageError error(Msg("'mirror sync' contacts the archives; with --offline there is nothing to do"));
    error.SetHint(Msg("'nachbau mirror snapshots' lists what is held"));
    throw error;
  }
  mirror::UpdateReport report;
  const mirror::Snapshot snapshot = SyncArchives(context, true, &report);
  if (report.requests == 0) {
    throw UsageError(Msg("no archive with {} in its URL is configured, so there is nothing to fetch as of then",
                         std::string_view("{timestamp}")));
  }
  for (const std::string& left_out : snapshot.left_out) context.progress().Note(Msg("left out: {}", left_out));
  if (context.archive_keys().keys.empty()) {
    context.progress().Note(Msg("this workspace has pinned no archive keys: every key counts that apt trusts; "
                                "'nachbau mirror key list' shows them"));
  }
  if (context.arguments().json) {
    Json releases = Json::array(), warnings = Json::array();
    for (const ReleaseProof& release : snapshot.releases) releases.push_back(ToJson(release));
    for (const Message& warning : report.warnings) warnings.push_back(Render(warning));
    context.PrintJson({{"time", FormatTime(snapshot.time)},
                       {"unchanged", report.unchanged},
                       {"requests", report.requests},
                       {"bytes", report.bytes},
                       {"releases", releases},
                       {"indexes", snapshot.indexes.size()},
                       {"leftOut", snapshot.left_out},
                       {"pinnedKeys", context.archive_keys().keys.size()},
                       {"warnings", warnings}});
    return kGood;
  }
  for (const ReleaseProof& release : snapshot.releases) {
    context.Print(Msg("{} {}: of {}, signed by {} keys", Printable(release.uri), Printable(release.suite),
                      FormatTime(release.date), release.signers.size()));
  }
  context.Print(report.unchanged
                    ? Msg("nothing new since {} ({} requests, {})", FormatTime(snapshot.time), report.requests,
                          FormatBytes(report.bytes))
                    : Msg("snapshot of {}: {} indexes ({} requests, {})", FormatTime(snapshot.time),
                          snapshot.indexes.size(), report.requests, FormatBytes(report.bytes)));
  return kGood;
}

int RunMirrorSnapshots(Context& context) {
  Json list = Json::array();
  const auto held = mirror::HeldSnapshots(context.MirrorConfig());
  for (const mirror::HeldSnapshot& one : held) {
    const mirror::Snapshot& snapshot = one.snapshot;
    const std::uint64_t bytes = BytesOf(snapshot, context.store());
    if (context.arguments().json) {
      Json releases = Json::array();
      for (const ReleaseProof& release : snapshot.releases) releases.push_back(ToJson(release));
      Json entry = {{"time", FormatTime(snapshot.time)}, {"confirmed", FormatTime(snapshot.confirmed)},
                    {"file", one.file.native()},         {"releases", releases},
                    {"indexes", snapshot.indexes.size()}, {"bytes", bytes}};
      if (snapshot.as_of) entry["asOf"] = FormatTime(*snapshot.as_of);
      list.push_back(std::move(entry));
      continue;
    }
    std::string suites;
    for (const ReleaseProof& release : snapshot.releases) suites += (suites.empty() ? "" : ", ") + release.suite;
    const std::string amount = FormatBytes(bytes);
    context.Print(snapshot.as_of
                      ? Msg("{}  as of then, fetched {}: {} ({} indexes, {})", FormatTime(*snapshot.as_of),
                            FormatTime(snapshot.time), Printable(suites), snapshot.indexes.size(), amount)
                  : snapshot.confirmed > snapshot.time
                      ? Msg("{}  the same until {}: {} ({} indexes, {})", FormatTime(snapshot.time),
                            FormatTime(snapshot.confirmed), Printable(suites), snapshot.indexes.size(), amount)
                      : Msg("{}  {} ({} indexes, {})", FormatTime(snapshot.time), Printable(suites),
                            snapshot.indexes.size(), amount));
  }
  if (context.arguments().json) {
    context.PrintJson(list);
  } else if (held.empty()) {
    context.Print(Msg("no snapshot is held yet; 'nachbau mirror sync' makes one"));
  }
  return kGood;
}

}  // namespace nachbau::cli
