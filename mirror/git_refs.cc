#include "mirror/git_refs.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "mirror/git_handles.h"

namespace nachbau::mirror {
namespace {

constexpr const char* kGitRefsFormat = "nachbau-git-refs/1";
constexpr std::array<std::string_view, 5> kChanges = {"created", "advanced", "rewritten", "moved", "deleted"};

Json ToJson(const std::map<std::string, std::string>& refs) {
  Json json = Json::object();
  for (const auto& [name, id] : refs) json[name] = id;
  return json;
}

std::map<std::string, std::string> RefsFrom(JsonReader& reader, const char* key) {
  const Json& json = reader.Member(key);
  if (!json.is_object()) reader.Refuse(key, "an object");
  std::map<std::string, std::string> refs;
  for (const auto& [name, id] : json.items()) {
    int valid = 0;
    if (!name.starts_with("refs/") || git_reference_name_is_valid(&valid, name.c_str()) < 0 || valid == 0) {
      reader.Refuse(key, "names of refs");
    }
    if (!id.is_string() || !IsGitId(id.get_ref<const std::string&>())) reader.Refuse(key, "names of git objects");
    refs.emplace(name, id.get<std::string>());
  }
  return refs;
}

std::string IdOr(JsonReader& reader, const char* key) {
  std::string id = reader.TextOr(key, "");
  if (!id.empty() && !IsGitId(id)) reader.Refuse(key, "the name of a git object");
  return id;
}

}  // namespace

std::string_view Name(GitChange change) { return kChanges.at(static_cast<std::size_t>(change)); }

bool GitRefChange::Alarming() const {
  const bool tag = ref.starts_with("refs/tags/"), branch = ref.starts_with("refs/heads/");
  return (change == GitChange::kRewritten && branch) || (tag && (change == GitChange::kMoved || change == GitChange::kDeleted));
}

std::string GitRefs::HeadId() const {
  const auto found = refs.find(head);
  return found == refs.end() ? "" : found->second;
}

Json ToJson(const GitRefs& refs) {
  Json packs = Json::array(), changes = Json::array();
  for (const GitPack& pack : refs.packs) {
    packs.push_back({{"sha256", pack.sha256.Hex()}, {"size", pack.size}, {"objects", pack.objects}});
  }
  for (const GitRefChange& change : refs.changes) {
    Json json = {{"ref", change.ref}, {"change", Name(change.change)}};
    if (!change.before.empty()) json["before"] = change.before;
    if (!change.after.empty()) json["after"] = change.after;
    changes.push_back(std::move(json));
  }
  Json json = {{"format", kGitRefsFormat}, {"origin", refs.origin},     {"time", FormatTime(refs.time)},
               {"head", refs.head},        {"refs", ToJson(refs.refs)}, {"seen", ToJson(refs.seen)},
               {"packs", packs},           {"changes", changes}};
  if (refs.previous) json["previous"] = refs.previous->Hex();
  return json;
}

GitRefs GitRefsFromJson(const Json& json, const std::string& place) {
  StartGit();
  JsonReader reader(json, place);
  if (reader.Text("format") != kGitRefsFormat) reader.Refuse("format", kGitRefsFormat);
  GitRefs refs;
  refs.origin = reader.Text("origin");
  refs.time = ParseTime(reader.Text("time"), reader.PlaceOf("time"));
  refs.head = reader.Text("head");
  if (!refs.head.empty() && !refs.head.starts_with("refs/")) reader.Refuse("head", "the name of a ref");
  refs.refs = RefsFrom(reader, "refs");
  refs.seen = RefsFrom(reader, "seen");
  std::size_t position = 0;
  for (const Json& entry : reader.Array("packs")) {
    JsonReader inner(entry, reader.PlaceOf("packs") + "/" + std::to_string(position++));
    GitPack pack;
    pack.sha256 = ParseSha256(inner.Text("sha256"), inner.PlaceOf("sha256"));
    pack.size = inner.Unsigned("size");
    pack.objects = inner.Unsigned("objects");
    inner.Done();
    refs.packs.push_back(pack);
  }
  position = 0;
  for (const Json& entry : reader.Array("changes")) {
    JsonReader inner(entry, reader.PlaceOf("changes") + "/" + std::to_string(position++));
    GitRefChange change;
    change.ref = inner.Text("ref");
    const auto kind = std::find(kChanges.begin(), kChanges.end(), inner.Text("change"));
    if (kind == kChanges.end()) inner.Refuse("change", "a kind of change");
    change.change = static_cast<GitChange>(kind - kChanges.begin());
    change.before = IdOr(inner, "before");
    change.after = IdOr(inner, "after");
    inner.Done();
    refs.changes.push_back(std::move(change));
  }
  if (reader.FindMember("previous") != nullptr) {
    refs.previous = ParseSha256(reader.Text("previous"), reader.PlaceOf("previous"));
  }
  reader.Done();
  return refs;
}

}  // namespace nachbau::mirror
