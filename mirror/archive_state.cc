#include "mirror/archive_state.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace nachbau::mirror {
namespace {

constexpr const char* kFormat = "nachbau-snapshot/1";
constexpr std::uint64_t kMaxSeen = 1 << 20;  // bytes

std::string SnapshotName(UnixSeconds time) {
  std::string name = FormatTime(time);
  std::erase_if(name, [](char c) { return c == '-' || c == ':'; });
  return name + ".json";
}

}  // namespace

// A snapshot is written as a lock without files: the same releases and indexes, and what each index is for.
Json SnapshotToJson(const Snapshot& snapshot) {
  Lock lock;
  lock.releases = snapshot.releases;
  for (const SnapshotIndex& index : snapshot.indexes) lock.indexes.push_back(index.proof);
  const Json as_lock = nachbau::ToJson(lock);
  Json json = {{"format", kFormat},
               {"time", FormatTime(snapshot.time)},
               {"releases", as_lock["releases"]},
               {"indexes", as_lock["indexes"]},
               {"leftOut", snapshot.left_out}};
  for (std::size_t i = 0; i < snapshot.indexes.size(); ++i) {
    json["indexes"][i]["component"] = snapshot.indexes[i].component;
    json["indexes"][i]["architecture"] = snapshot.indexes[i].architecture;
  }
  return json;
}

Snapshot SnapshotFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kFormat) reader.Refuse("format", kFormat);
  Snapshot snapshot;
  snapshot.time = ParseTime(reader.Text("time"), reader.PlaceOf("time"));
  Lock lock;
  Json as_lock = nachbau::ToJson(lock);
  as_lock["releases"] = reader.Array("releases");
  for (const Json& item : reader.Array("indexes")) {
    JsonReader entry(item, reader.PlaceOf("indexes/" + std::to_string(snapshot.indexes.size())));
    SnapshotIndex index;
    index.component = entry.Text("component");
    index.architecture = entry.Text("architecture");
    Json proof = item;
    proof.erase("component");
    proof.erase("architecture");
    as_lock["indexes"].push_back(proof);
    snapshot.indexes.push_back(std::move(index));
  }
  lock = LockFromJson(as_lock, place);
  snapshot.releases = lock.releases;
  for (std::size_t i = 0; i < snapshot.indexes.size(); ++i) snapshot.indexes[i].proof = lock.indexes[i];
  snapshot.left_out = reader.Texts("leftOut");
  reader.Done();
  return snapshot;
}

std::filesystem::path ArchiveState::PathOf(const std::string& uri, const std::string& suite) const {
  return directory_ / "seen" / (Sha256(uri + "\n" + suite).Hex().substr(0, 32) + ".json");
}

std::optional<SeenRelease> ArchiveState::Find(const std::string& uri, const std::string& suite) const {
  const std::filesystem::path path = PathOf(uri, suite);
  const auto fd = OpenForReadingIfExists(path);
  if (!fd) return std::nullopt;
  return ParseSeenRelease(ReadDescriptor(*fd, path.native(), kMaxSeen), path.native());
}

void ArchiveState::Accept(const Snapshot& snapshot) {
  WriteFileAtomically(directory_ / "snapshots" / SnapshotName(snapshot.time), FormatPretty(SnapshotToJson(snapshot)));
  for (const ReleaseProof& release : snapshot.releases) {
    // Another process may have accepted a newer one meanwhile: only an override takes the mark back.
    const auto seen = Find(release.uri, release.suite);
    const auto& overrides = release.overrides;
    if (seen && release.date < seen->date &&
        std::find(overrides.begin(), overrides.end(), "rollback") == overrides.end()) {
      continue;
    }
    const Json json = {{"uri", release.uri},
                       {"suite", release.suite},
                       {"origin", release.origin},
                       {"date", FormatTime(release.date)},
                       {"inRelease", release.in_release.Hex()}};
    WriteFileAtomically(PathOf(release.uri, release.suite), FormatPretty(json));
  }
}

Snapshot ParseSnapshot(std::string_view text, const std::string& name) {
  return SnapshotFromJson(ParseJson(text, name), name);
}

SeenRelease ParseSeenRelease(std::string_view text, const std::string& name) {
  const Json json = ParseJson(text, name);
  JsonReader reader(json, name);
  SeenRelease seen;
  reader.Text("uri");
  reader.Text("suite");
  seen.origin = reader.Text("origin");
  seen.date = ParseTime(reader.Text("date"), reader.PlaceOf("date"));
  seen.in_release = ParseSha256(reader.Text("inRelease"), reader.PlaceOf("inRelease"));
  reader.Done();
  return seen;
}

std::optional<Snapshot> ArchiveState::NewestSnapshot() const {
  if (!std::filesystem::exists(directory_ / "snapshots")) return std::nullopt;
  const auto files = ListFiles(directory_ / "snapshots");  // named by time, so sorted by it
  for (auto it = files.rbegin(); it != files.rend(); ++it) {
    if (it->extension() != ".json" || it->native().starts_with(".")) continue;
    const std::filesystem::path path = directory_ / "snapshots" / *it;
    return ParseSnapshot(ReadFile(path), path.native());
  }
  return std::nullopt;
}

std::vector<Snapshot> ArchiveState::AllSnapshots() const {
  std::vector<Snapshot> snapshots;
  if (!std::filesystem::exists(directory_ / "snapshots")) return snapshots;
  for (const std::filesystem::path& file : ListFiles(directory_ / "snapshots")) {
    if (file.extension() != ".json" || file.native().starts_with(".")) continue;
    const std::filesystem::path path = directory_ / "snapshots" / file;
    snapshots.push_back(ParseSnapshot(ReadFile(path), path.native()));
  }
  return snapshots;
}

}  // namespace nachbau::mirror
