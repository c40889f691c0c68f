#include "mirror/publication.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "mirror/archive_path.h"

namespace nachbau::mirror {
namespace {

constexpr const char* kPublicationFormat = "nachbau-publication/1";

std::string ReadPath(const std::string& path, const std::string& place, const char* where) {
  if (path.empty() || CleanArchivePath(path, place, 0) != path || path.find(where) == path.npos) {
    throw ParseError(place, 0, Msg("not a path of a published file"));
  }
  return path;
}

}  // namespace

Json ToJson(const Publication& publication) {
  Json json = {{"format", kPublicationFormat}, {"suite", publication.suite},    {"date", FormatTime(publication.date)},
               {"files", Json::array()},       {"byHash", publication.by_hash}, {"superseded", Json::array()}};
  for (const RepositoryFile& file : publication.files) {
    json["files"].push_back({{"path", file.path}, {"size", file.size}, {"sha256", file.sha256.Hex()}});
  }
  for (const auto& [path, since] : publication.superseded) {
    json["superseded"].push_back({{"path", path}, {"since", FormatTime(since)}});
  }
  return json;
}

Publication ParsePublication(std::string_view text, const std::string& name) {
  const Json json = ParseJson(text, name);
  JsonReader reader(json, name);
  if (reader.Text("format") != kPublicationFormat) reader.Refuse("format", kPublicationFormat);
  Publication publication;
  publication.suite = reader.Text("suite");
  publication.date = ParseTime(reader.Text("date"), reader.PlaceOf("date"));
  for (const Json& item : reader.Array("files")) {
    JsonReader entry(item, reader.PlaceOf("files/" + std::to_string(publication.files.size())));
    RepositoryFile file;
    file.path = ReadPath(entry.Text("path"), entry.PlaceOf("path"), "pool/");
    file.size = entry.Unsigned("size");
    file.sha256 = ParseSha256(entry.Text("sha256"), entry.PlaceOf("sha256"));
    entry.Done();
    publication.files.push_back(std::move(file));
  }
  for (const std::string& path : reader.Texts("byHash")) {
    publication.by_hash.push_back(ReadPath(path, reader.PlaceOf("byHash"), "/by-hash/SHA256/"));
  }
  for (const Json& item : reader.Array("superseded")) {
    JsonReader entry(item, reader.PlaceOf("superseded/" + std::to_string(publication.superseded.size())));
    Publication::Superseded superseded;
    superseded.path = entry.Text("path");
    ReadPath(superseded.path, entry.PlaceOf("path"),
             publication.InPool(superseded.path) ? "pool/" : "/by-hash/SHA256/");
    superseded.since = ParseTime(entry.Text("since"), entry.PlaceOf("since"));
    entry.Done();
    publication.superseded.push_back(std::move(superseded));
  }
  reader.Done();
  return publication;
}

std::vector<Publication::Superseded> SupersededBy(const Publication& next, const Publication& previous,
                                                  UnixSeconds oldest) {
  std::set<std::string> in_use(next.by_hash.begin(), next.by_hash.end());
  for (const RepositoryFile& file : next.files) in_use.insert(file.path);
  std::map<std::string, UnixSeconds> since;
  for (const auto& entry : previous.superseded) since.emplace(entry.path, entry.since);
  for (const RepositoryFile& file : previous.files) since.insert_or_assign(file.path, next.date);
  for (const std::string& path : previous.by_hash) since.insert_or_assign(path, next.date);
  std::vector<Publication::Superseded> superseded;
  for (const auto& [path, time] : since) {
    if (time > oldest && !in_use.contains(path)) superseded.push_back({path, time});
  }
  return superseded;
}

}  // namespace nachbau::mirror
