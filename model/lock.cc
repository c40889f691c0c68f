#include "model/lock.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace nachbau {
namespace {

constexpr const char* kLockFormat = "nachbau-lock/1";
constexpr std::array<std::string_view, 5> kRoles = {"source", "environment", "environment-source", "reference",
                                                    "recipe"};

Json ToJson(const LockedFile& file) {
  Json json = {{"role", Name(file.role)},
               {"package", file.package},
               {"version", file.version},
               {"architecture", file.architecture},
               {"source", file.source},
               {"sourceVersion", file.source_version},
               {"path", file.path},
               {"size", file.size},
               {"sha256", file.sha256.Hex()}};
  if (file.Indexed()) json["index"] = file.index;
  if (file.sha512) json["sha512"] = file.sha512->Hex();
  return json;
}

std::uint32_t ReadIndex(JsonReader& reader, const char* key, std::size_t bound) {
  const std::uint64_t index = reader.Unsigned(key);
  if (index >= bound) reader.Refuse(key, "the position of an entry that exists");
  return static_cast<std::uint32_t>(index);
}

LockedFile FileFromJson(const Json& json, const std::string& place, RecipeKind kind, std::size_t index_count,
                        bool has_build_info) {
  JsonReader reader(json, place);
  LockedFile file;
  const std::string role = reader.Text("role");
  const auto known = std::find(kRoles.begin(), kRoles.end(), role);
  if (known == kRoles.end()) reader.Refuse("role", "source, environment, environment-source, reference or recipe");
  file.role = static_cast<InputRole>(known - kRoles.begin());
  file.package = reader.Text("package");
  file.version = reader.Text("version");
  file.architecture = reader.Text("architecture");
  file.source = reader.Text("source");
  file.source_version = reader.Text("sourceVersion");
  file.path = reader.Text("path");
  file.file_name = file.path.substr(file.path.rfind('/') + 1);
  const bool is_script = kind == RecipeKind::kScript;
  if (file.role == InputRole::kRecipe && !is_script) reader.Refuse("role", "that of a file which a recipe of this kind has");
  const bool vouched_for = has_build_info && file.role == InputRole::kReference && reader.FindMember("index") == nullptr;
  const bool unproven = vouched_for || (is_script && (file.role == InputRole::kSource || file.role == InputRole::kRecipe));
  file.index = unproven ? kNoIndex : ReadIndex(reader, "index", index_count);
  file.size = reader.Unsigned("size");
  file.sha256 = ParseSha256(reader.Text("sha256"), reader.PlaceOf("sha256"));
  if (reader.FindMember("sha512") != nullptr) {
    file.sha512 = ParseSha512(reader.Text("sha512"), reader.PlaceOf("sha512"));
  }
  reader.Done();
  return file;
}

}  // namespace

Json ToJson(const ReleaseProof& release) {
  Json json = {{"uri", release.uri},
               {"suite", release.suite},
               {"origin", release.origin},
               {"codename", release.codename},
               {"date", FormatTime(release.date)},
               {"inRelease", release.in_release.Hex()},
               {"keyring", release.keyring.Hex()},
               {"signers", release.signers},
               {"overrides", release.overrides}};
  if (release.valid_until) json["validUntil"] = FormatTime(*release.valid_until);
  if (release.as_of) json["asOf"] = FormatTime(*release.as_of);
  return json;
}

ReleaseProof ReleaseProofFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  ReleaseProof release;
  release.uri = reader.Text("uri");
  release.suite = reader.Text("suite");
  release.origin = reader.Text("origin");
  release.codename = reader.Text("codename");
  release.date = ParseTime(reader.Text("date"), reader.PlaceOf("date"));
  if (reader.FindMember("validUntil") != nullptr) {
    release.valid_until = ParseTime(reader.Text("validUntil"), reader.PlaceOf("validUntil"));
  }
  if (reader.FindMember("asOf") != nullptr) {
    release.as_of = ParseTime(reader.Text("asOf"), reader.PlaceOf("asOf"));
  }
  release.in_release = ParseSha256(reader.Text("inRelease"), reader.PlaceOf("inRelease"));
  release.keyring = ParseSha256(reader.Text("keyring"), reader.PlaceOf("keyring"));
  release.signers = reader.Texts("signers");
  release.overrides = reader.Texts("overrides");
  reader.Done();
  return release;
}

Json ToJson(const IndexProof& index) {
  return {{"release", index.release}, {"path", index.path}, {"sha256", index.sha256.Hex()}};
}

IndexProof IndexProofFromJson(const Json& json, const std::string& place, std::size_t releases) {
  JsonReader reader(json, place);
  IndexProof index;
  index.release = ReadIndex(reader, "release", releases);
  index.path = reader.Text("path");
  index.sha256 = ParseSha256(reader.Text("sha256"), reader.PlaceOf("sha256"));
  reader.Done();
  return index;
}

Json ToJson(const SbomCreator& creator) {
  Json json = {{"name", creator.name}};
  if (!creator.email.empty()) json["email"] = creator.email;
  if (!creator.url.empty()) json["url"] = creator.url;
  return json;
}

SbomCreator SbomCreatorFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  SbomCreator creator;
  creator.name = reader.Text("name");
  creator.email = reader.TextOr("email", "");
  creator.url = reader.TextOr("url", "");
  reader.Done();
  if (creator.name.empty() || (creator.email.empty() && creator.url.empty())) {
    throw ParseError(place, 0, Msg("the creator of an SBOM needs a name, and an e-mail address or a URL"));
  }
  return creator;
}

std::string_view Name(InputRole role) { return kRoles.at(static_cast<std::size_t>(role)); }

std::vector<LockedFile> Lock::WithRole(InputRole role) const {
  std::vector<LockedFile> result;
  std::copy_if(files.begin(), files.end(), std::back_inserter(result),
               [&](const LockedFile& file) { return file.role == role; });
  return result;
}

Json ToJson(const Lock& lock) {
  Json json = {{"format", kLockFormat},
               {"source", lock.source},
               {"version", lock.version},
               {"architecture", lock.architecture},
               {"recipe", ToJson(lock.recipe)},
               {"binaries", lock.binaries},
               {"missingSources", lock.missing_sources},
               {"releases", Json::array()},
               {"indexes", Json::array()},
               {"files", Json::array()}};
  if (lock.build_info) json["buildInfo"] = ToJson(*lock.build_info);
  if (lock.sbom_creator) json["sbomCreator"] = ToJson(*lock.sbom_creator);
  for (const ReleaseProof& release : lock.releases) json["releases"].push_back(ToJson(release));
  for (const IndexProof& index : lock.indexes) json["indexes"].push_back(ToJson(index));
  for (const LockedFile& file : lock.files) json["files"].push_back(ToJson(file));
  return json;
}

Lock LockFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kLockFormat) reader.Refuse("format", kLockFormat);
  Lock lock;
  lock.source = reader.Text("source");
  lock.version = reader.Text("version");
  lock.architecture = reader.Text("architecture");
  lock.recipe = LockedRecipeFromJson(reader.Member("recipe"), reader.PlaceOf("recipe"));
  lock.binaries = reader.Texts("binaries");
  lock.missing_sources = reader.Texts("missingSources");
  if (const Json* build_info = reader.FindMember("buildInfo")) {
    lock.build_info = BuildInfoProofFromJson(*build_info, reader.PlaceOf("buildInfo"));
  }
  if (const Json* creator = reader.FindMember("sbomCreator")) {
    lock.sbom_creator = SbomCreatorFromJson(*creator, reader.PlaceOf("sbomCreator"));
  }
  for (const Json& item : reader.Array("releases")) {
    lock.releases.push_back(
        ReleaseProofFromJson(item, reader.PlaceOf("releases/" + std::to_string(lock.releases.size()))));
  }
  for (const Json& item : reader.Array("indexes")) {
    lock.indexes.push_back(IndexProofFromJson(
        item, reader.PlaceOf("indexes/" + std::to_string(lock.indexes.size())), lock.releases.size()));
  }
  for (const Json& item : reader.Array("files")) {
    lock.files.push_back(
        FileFromJson(item, reader.PlaceOf("files/" + std::to_string(lock.files.size())), lock.recipe.kind,
                     lock.indexes.size(), lock.build_info.has_value()));
  }
  reader.Done();
  return lock;
}

Sha256Digest DigestOf(const Lock& lock) { return Sha256(FormatCanonical(ToJson(lock))); }

}  // namespace nachbau
