#include "model/recipe.h"

#include <algorithm>
#include <array>

#include "model/build_info.h"

namespace nachbau {
namespace {

constexpr std::array<std::string_view, 2> kKinds = {"debian", "script"};
constexpr std::array<std::string_view, 3> kParts = {"all", "architecture", "independent"};
constexpr std::array<std::string_view, 2> kProfiles = {kMatchProfile, "virtual"};

template <typename Names>
std::size_t ReadWord(JsonReader& reader, const char* key, const Names& names, const char* expected) {
  const auto known = std::find(names.begin(), names.end(), reader.Text(key));
  if (known == names.end()) reader.Refuse(key, expected);
  return static_cast<std::size_t>(known - names.begin());
}

std::map<std::string, std::string> ReadVariables(const Json& json, const JsonReader& reader) {
  std::map<std::string, std::string> variables;
  if (!json.is_object()) reader.Refuse("environment", "an object");
  for (const auto& [name, value] : json.items()) {
    const std::string* text = value.get_ptr<const std::string*>();
    if (text == nullptr || !IsRecordedVariable(name) || !IsVariableValue(*text)) {
      reader.Refuse("environment/" + name, "a variable that a .buildinfo file may set");
    }
    variables.emplace(name, *text);
  }
  return variables;
}

}  // namespace

std::string_view Name(RecipeKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }
std::string_view Name(BuildParts parts) { return kParts.at(static_cast<std::size_t>(parts)); }

bool LockedRecipe::HasBuildProfile(std::string_view name) const {
  return std::find(build_profiles.begin(), build_profiles.end(), name) != build_profiles.end();
}

bool IsBuildProfile(std::string_view name) {
  const auto letter_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 64 && letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter_or_digit(c) || c == '+' || c == '-' || c == '.'; });
}

Json ToJson(const LockedRecipe& recipe) {
  Json json = {{"kind", Name(recipe.kind)}, {"profile", recipe.profile}};
  if (recipe.kind == RecipeKind::kScript) return json;
  json["buildProfiles"] = recipe.build_profiles;
  json["parts"] = Name(recipe.parts);
  if (!recipe.build_path.empty()) json["buildPath"] = recipe.build_path;
  if (recipe.environment) json["environment"] = *recipe.environment;
  if (!recipe.binary_version.empty()) json["binaryVersion"] = recipe.binary_version;
  if (!recipe.changelog_entry.empty()) json["changelogEntry"] = recipe.changelog_entry;
  return json;
}

LockedRecipe LockedRecipeFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  LockedRecipe recipe;
  recipe.kind = static_cast<RecipeKind>(ReadWord(reader, "kind", kKinds, "debian or script"));
  recipe.profile = kProfiles.at(ReadWord(reader, "profile", kProfiles, "match or virtual"));
  if (recipe.kind == RecipeKind::kScript) {
    recipe.build_profiles.clear();
    reader.Done();
    return recipe;
  }
  recipe.build_profiles = reader.Texts("buildProfiles");
  const auto& names = recipe.build_profiles;
  if (!std::all_of(names.begin(), names.end(), IsBuildProfile) ||
      std::adjacent_find(names.begin(), names.end(), std::greater_equal<>()) != names.end()) {
    reader.Refuse("buildProfiles", "names of build profiles in order, each once");
  }
  recipe.parts = static_cast<BuildParts>(ReadWord(reader, "parts", kParts, "all, architecture or independent"));
  recipe.binary_version = reader.TextOr("binaryVersion", "");
  recipe.changelog_entry = reader.TextOr("changelogEntry", "");
  recipe.build_path = reader.TextOr("buildPath", "");
  if (!recipe.build_path.empty() && !IsBuildPath(recipe.build_path)) {
    reader.Refuse("buildPath", "a path below /build that a build can have");
  }
  if (const Json* environment = reader.FindMember("environment")) recipe.environment = ReadVariables(*environment, reader);
  if (recipe.binary_version.empty() && !recipe.changelog_entry.empty()) {
    reader.Refuse("changelogEntry", "absent where there is no binaryVersion");
  }
  reader.Done();
  return recipe;
}

}  // namespace nachbau
