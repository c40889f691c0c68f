#include "model/closure.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/error.h"

namespace nachbau {
namespace {

constexpr const char* kClosureFormat = "nachbau-closure/1";
constexpr std::array<std::string_view, 12> kRoles = {
    "source", "environment", "environment-source", "built-using", "reference", "refs",
    "pack",   "large-file",  "tarball",            "signature",   "key",       "package-lock"};

Json ToJson(const ClosureFile& file) {
  Json json = {{"sha256", file.sha256.Hex()}, {"size", file.size},   {"name", file.name},      {"role", Name(file.role)},
               {"level", file.level},         {"path", file.path},   {"package", file.package}, {"version", file.version}};
  if (!file.architecture.empty()) json["architecture"] = file.architecture;
  if (file.Indexed()) json["index"] = file.index;
  if (!file.missing.empty()) json["missing"] = file.missing;
  return json;
}

Json ToJson(const ClosureSource& source) {
  Json json = {{"name", source.name}, {"version", source.version}, {"level", source.level}};
  if (!source.missing.empty()) json["missing"] = source.missing;
  if (source.environment) json["environment"] = *source.environment;
  if (!source.problem.empty()) json["problem"] = source.problem;
  return json;
}

std::uint32_t ReadSmall(JsonReader& reader, const char* key) {
  const std::uint64_t value = reader.Unsigned(key);
  if (value >= kNoIndex) reader.Refuse(key, "a number below 4294967295");
  return static_cast<std::uint32_t>(value);
}

// Absent where there is nothing to say, so never empty.
std::string ReadOptional(JsonReader& reader, const char* key) {
  if (reader.FindMember(key) == nullptr) return {};
  std::string text = reader.Text(key);
  if (text.empty()) reader.Refuse(key, "a text that is not empty, or absent");
  return text;
}

ClosureFile FileFromJson(const Json& json, const std::string& place, std::size_t indexes) {
  JsonReader reader(json, place);
  ClosureFile file;
  file.sha256 = ParseSha256(reader.Text("sha256"), reader.PlaceOf("sha256"));
  file.size = reader.Unsigned("size");
  file.name = reader.Text("name");
  const auto role = std::find(kRoles.begin(), kRoles.end(), reader.Text("role"));
  if (role == kRoles.end()) reader.Refuse("role", "the role of a file in a closure");
  file.role = static_cast<ClosureRole>(role - kRoles.begin());
  file.level = ReadSmall(reader, "level");
  file.path = reader.Text("path");
  file.package = reader.Text("package");
  file.version = reader.Text("version");
  file.architecture = ReadOptional(reader, "architecture");
  if (reader.FindMember("index") != nullptr) {
    file.index = ReadSmall(reader, "index");
    if (file.index >= indexes) reader.Refuse("index", "the position of an entry that exists");
  }
  file.missing = ReadOptional(reader, "missing");
  reader.Done();
  return file;
}

ClosureSource SourceFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  ClosureSource source;
  source.name = reader.Text("name");
  source.version = reader.Text("version");
  source.level = ReadSmall(reader, "level");
  source.missing = ReadOptional(reader, "missing");
  if (reader.FindMember("environment") != nullptr) source.environment = ReadSmall(reader, "environment");
  source.problem = ReadOptional(reader, "problem");
  reader.Done();
  return source;
}

}  // namespace

std::string_view Name(ClosureRole role) { return kRoles.at(static_cast<std::size_t>(role)); }

bool ClosureFile::Needed() const {
  switch (role) {
    case ClosureRole::kEnvironmentSource:
    case ClosureRole::kBuiltUsing:
    case ClosureRole::kReference:
    case ClosureRole::kSignature:
    case ClosureRole::kKey:
      return false;
    default:
      return level == 0;
  }
}

std::vector<Sha256Digest> Closure::Objects() const {
  std::vector<Sha256Digest> objects;
  objects.reserve(files.size() + indexes.size() + 2 * releases.size());
  for (const ClosureFile& file : files) objects.push_back(file.sha256);
  for (const IndexProof& one : indexes) objects.push_back(one.sha256);
  for (const ReleaseProof& release : releases) {
    objects.push_back(release.in_release);
    objects.push_back(release.keyring);
  }
  std::sort(objects.begin(), objects.end());
  objects.erase(std::unique(objects.begin(), objects.end()), objects.end());
  return objects;
}

Json ToJson(const Closure& closure) {
  Json json = {{"format", kClosureFormat},
               {"product", closure.product},
               {"version", closure.version},
               {"architecture", closure.architecture},
               {"releases", Json::array()},
               {"indexes", Json::array()},
               {"files", Json::array()},
               {"sources", Json::array()}};
  for (const ReleaseProof& release : closure.releases) json["releases"].push_back(nachbau::ToJson(release));
  for (const IndexProof& index : closure.indexes) json["indexes"].push_back(nachbau::ToJson(index));
  for (const ClosureFile& file : closure.files) json["files"].push_back(ToJson(file));
  for (const ClosureSource& source : closure.sources) json["sources"].push_back(ToJson(source));
  return json;
}

Closure ClosureFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kClosureFormat) reader.Refuse("format", kClosureFormat);
  Closure closure;
  closure.product = reader.Text("product");
  closure.version = reader.Text("version");
  closure.architecture = reader.Text("architecture");
  const auto entry = [&](const char* list, std::size_t position) {
    return reader.PlaceOf(std::string(list) + "/" + std::to_string(position));
  };
  for (const Json& item : reader.Array("releases")) {
    closure.releases.push_back(ReleaseProofFromJson(item, entry("releases", closure.releases.size())));
  }
  for (const Json& item : reader.Array("indexes")) {
    closure.indexes.push_back(
        IndexProofFromJson(item, entry("indexes", closure.indexes.size()), closure.releases.size()));
  }
  for (const Json& item : reader.Array("files")) {
    ClosureFile file = FileFromJson(item, entry("files", closure.files.size()), closure.indexes.size());
    if (!closure.files.empty() && closure.files.back().sha256 >= file.sha256) {
      reader.Refuse("files", "sorted by sha256, each file once");
    }
    closure.files.push_back(std::move(file));
  }
  for (const Json& item : reader.Array("sources")) {
    ClosureSource source = SourceFromJson(item, entry("sources", closure.sources.size()));
    if (!closure.sources.empty() && std::tie(closure.sources.back().name, closure.sources.back().version) >=
                                        std::tie(source.name, source.version)) {
      reader.Refuse("sources", "sorted by name and version, each source once");
    }
    closure.sources.push_back(std::move(source));
  }
  reader.Done();
  return closure;
}

}  // namespace nachbau
