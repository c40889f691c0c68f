#include "mirror/archive_state.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace nachbau::mirror {
namespace {

constexpr const char* kSnapshotFormat = "nachbau-snapshot/1";
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
  Json json = {{"format", kSnapshotFormat},
               {"time", FormatTime(snapshot.time)},
               {"releases", as_lock["releases"]},
               {"indexes", as_lock["indexes"]},
               {"leftOut", snapshot.left_out}};
  if (snapshot.confirmed > snapshot.time) json["confirmed"] = FormatTime(snapshot.confirmed);
  if (snapshot.as_of) json["asOf"] = FormatTime(*snapshot.as_of);
  for (std::size_t i = 0; i < snapshot.indexes.size(); ++i) {
    json["indexes"][i]["component"] = snapshot.indexes[i].component;
    json["indexes"][i]["architecture"] = snapshot.indexes[i].architecture;
  }
  return json;
}

Snapshot SnapshotFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kSnapshotFormat) reader.Refuse("format", kSnapshotFormat);
  Snapshot snapshot;
  snapshot.time = ParseTime(reader.Text("time"), reader.PlaceOf("time"));
  snapshot.confirmed = snapshot.time;
  if (reader.FindMember("confirmed") != nullptr) {
    snapshot.confirmed = ParseTime(reader.Text("confirmed"), reader.PlaceOf("confirmed"));
    if (snapshot.confirmed < snapshot.time) reader.Refuse("confirmed", "a moment after 'time'");
  }
  if (reader.FindMember("asOf") != nullptr) {
    snapshot.as_of = ParseTime(reader.Text("asOf"), reader.PlaceOf("asOf"));
  }
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

namespace {

// Equal but for the moment.
bool SameBut(const Snapshot& left, const Snapshot& right) {
  Snapshot shifted = right;
  shifted.time = left.time;
  shifted.confirmed = left.confirmed;
  return SnapshotToJson(left) == SnapshotToJson(shifted);
}

}  // namespace

std::filesystem::path ArchiveState::PathOf(const std::string& uri, const std::string& suite) const {
  return directory_ / "seen" / (Sha256(uri + "\n" + suite).Hex().substr(0, 32) + ".json");
}

std::optional<SeenRelease> ArchiveState::Find(const std::string& uri, const std::string& suite) const {
  const std::filesystem::path path = PathOf(uri, suite);
  const auto fd = OpenForReadingIfExists(path);
  if (!fd) return std::nullopt;
  return ParseSeenRelease(ReadDescriptor(*fd, path.native(), kMaxSeen), path.native());
}

bool ArchiveState::Accept(const Snapshot& snapshot) {
  const std::filesystem::path snapshots = directory_ / "snapshots";
  if (snapshot.as_of) {  // says nothing about now
    WriteFileAtomically(snapshots / "as-of" / SnapshotName(*snapshot.as_of), FormatPretty(SnapshotToJson(snapshot)));
    return false;
  }
  bool unchanged = false;
  try {
    if (auto newest = NewestSnapshot(); newest && newest->time < snapshot.time && SameBut(*newest, snapshot)) {
      newest->confirmed = std::max(newest->confirmed, snapshot.time);
      WriteFileAtomically(snapshots / SnapshotName(newest->time), FormatPretty(SnapshotToJson(*newest)));
      unchanged = true;
    }
  } catch (const ParseError&) {  // that one cannot be read is no reason not to make another
  }
  if (!unchanged) WriteFileAtomically(snapshots / SnapshotName(snapshot.time), FormatPretty(SnapshotToJson(snapshot)));
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
    const std::filesystem::path path = PathOf(release.uri, release.suite);
    const std::string text = FormatPretty(json);
    const auto before = OpenForReadingIfExists(path);
    if (!before || ReadDescriptor(*before, path.native(), kMaxSeen) != text) WriteFileAtomically(path, text);
  }
  return unchanged;
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
    if (it->extension() != ".json" || it->native().starts_with(".") || it->has_parent_path()) continue;
    const std::filesystem::path path = directory_ / "snapshots" / *it;
    return ParseSnapshot(ReadFile(path), path.native());
  }
  return std::nullopt;
}

std::vector<HeldSnapshot> ArchiveState::Snapshots() const {
  std::vector<HeldSnapshot> held;
  if (!std::filesystem::exists(directory_ / "snapshots")) return held;
  for (const std::filesystem::path& file : ListFiles(directory_ / "snapshots")) {
    if (file.extension() != ".json" || file.filename().native().starts_with(".")) continue;
    const std::filesystem::path path = std::filesystem::path("snapshots") / file;
    held.push_back({path, ParseSnapshot(ReadFile(directory_ / path), (directory_ / path).native())});
  }
  std::stable_sort(held.begin(), held.end(), [](const HeldSnapshot& left, const HeldSnapshot& right) {
    return left.snapshot.as_of.value_or(left.snapshot.time) < right.snapshot.as_of.value_or(right.snapshot.time);
  });
  return held;
}

std::vector<HeldSnapshot> HeldSnapshots(const MirrorConfig& config) {
  return ArchiveState(config.state_directory).Snapshots();
}

}  // namespace nachbau::mirror
