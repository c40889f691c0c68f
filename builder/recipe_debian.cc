#include "builder/recipe_debian.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::builder {
namespace {

constexpr const char* kEntryFile = "/build/nachbau-changelog-entry";

bool IsVersionCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '+' ||
         c == '-' || c == '~';
}

// Without epoch and Debian revision (Debian Policy 5.6.12).
std::string UpstreamVersion(const std::string& version) {
  std::string upstream = version.substr(version.find(':') + 1);  // npos + 1 is 0
  if (const std::size_t dash = upstream.rfind('-'); dash != upstream.npos) upstream.resize(dash);
  if (upstream.empty() || !std::all_of(upstream.begin(), upstream.end(), IsVersionCharacter)) {
    throw ParseError("version", 0, Msg("not a Debian version: {}", Printable(version)));
  }
  return upstream;
}

bool IsSourceName(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return IsVersionCharacter(c) && c != '~'; });
}

bool IsDscName(const std::string& name) {
  return name.front() != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsVersionCharacter(c) || c == '_'; });
}

std::string FindDsc(const Lock& lock) {
  std::string dsc;
  for (const LockedFile& file : lock.WithRole(InputRole::kSource)) {
    if (!file.file_name.ends_with(".dsc")) continue;
    if (!dsc.empty()) throw ParseError("lock", 0, Msg("the lock of {} names two .dsc files", lock.source));
    dsc = file.file_name;
  }
  if (dsc.empty()) throw MissingError(Msg("the lock of {} names no .dsc file", lock.source));
  if (!IsDscName(dsc)) throw ParseError("lock", 0, Msg("not a name of a .dsc file: {}", Printable(dsc)));
  return dsc;
}

std::vector<std::string> Command(const LockedRecipe& recipe) {
  const char* parts = recipe.parts == BuildParts::kArchitecture  ? "-B"
                      : recipe.parts == BuildParts::kIndependent ? "-A"
                                                                 : "-b";
  std::vector<std::string> command = {"dpkg-buildpackage", "-us", "-uc", parts};
  std::string profiles;
  for (const std::string& profile : recipe.build_profiles) {
    if (!IsBuildProfile(profile)) throw ParseError("lock", 0, Msg("not a build profile: {}", Printable(profile)));
    profiles += (profiles.empty() ? "-P" : ",") + profile;
  }
  if (!profiles.empty()) command.push_back(profiles);
  return command;
}

// The specification of build profiles asks whoever sets these two to set the options of the same name as well.
std::string BuildOptions(const LockedRecipe& recipe, std::uint32_t parallel) {
  std::string options;
  for (const char* option : {"nocheck", "nodoc"}) {
    if (recipe.HasBuildProfile(option)) options += std::string(option) + " ";
  }
  return options + "parallel=" + std::to_string(parallel);
}

// As sbuild does it: the entry, a blank line, the source's own changelog.
std::string AddChangelogEntry(const Lock& lock, Recipe& recipe) {
  if (lock.recipe.binary_version.empty()) return "";
  if (lock.recipe.changelog_entry.empty()) {
    MissingError error(
        Msg("the lock asks for {} {}, a rebuild without changes (binNMU), but has no changelog entry for it",
            lock.source, lock.recipe.binary_version));
    error.SetHint(
        Msg("the entry is taken from the archive's packages: run 'nachbau mirror fetch' with the lock while an "
            "archive offers them"));
    throw error;
  }
  recipe.files[std::string(kEntryFile).substr(1)] = lock.recipe.changelog_entry + "\n";
  return std::string("cat ") + kEntryFile +
         " debian/changelog > ../nachbau-changelog\ncat ../nachbau-changelog > debian/changelog\n"
         "rm ../nachbau-changelog\n";
}

}  // namespace

Recipe MakeDebianRecipe(const Lock& lock, std::uint32_t parallel) {
  Recipe recipe;
  const std::string dsc = FindDsc(lock);
  if (!IsSourceName(lock.source))
    throw ParseError("lock", 0, Msg("not a source package name: {}", Printable(lock.source)));
  recipe.build_path = std::string(kBuildDirectory) + "/" + lock.source + "-" + UpstreamVersion(lock.version);
  if (const std::string& path = lock.recipe.build_path; !path.empty()) {
    if (!IsBuildPath(path)) throw ParseError("lock", 0, Msg("not a build path that is accepted: {}", Printable(path)));
    recipe.build_path = path;
    recipe.build_directory = path.substr(0, path.rfind('/'));
  }
  recipe.command = Command(lock.recipe);
  recipe.environment = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games"},
      {"LC_ALL", "C.UTF-8"},
      {"LANG", "C.UTF-8"},
      {"HOME", "/nonexistent"},
      {"USER", "builder"},
      {"LOGNAME", "builder"},
      {"SHELL", "/bin/sh"},
      {"TZ", "UTC"},
      {"DEB_BUILD_OPTIONS", BuildOptions(lock.recipe, parallel)},
  };
  if (lock.recipe.environment) {
    std::erase_if(recipe.environment, [](const auto& variable) { return IsRecordedVariable(variable.first); });
    for (const auto& [name, value] : *lock.recipe.environment) {
      if (!IsRecordedVariable(name) || !IsVariableValue(value)) {
        throw ParseError("lock", 0, Msg("a variable that is not taken over from a .buildinfo file: {}", Printable(name)));
      }
      recipe.environment[name] = value;
    }
  }
  // Names were checked above: nothing in them means anything to a shell, or to dpkg-source an option.
  recipe.script = "set -e\numask 022\ncd '" + recipe.build_directory + "'\ndpkg-source --no-check -x " +
                  std::string(kSourceDirectory) + "/'" + dsc + "' '" + recipe.build_path + "'\ncd '" +
                  recipe.build_path + "'\n" + AddChangelogEntry(lock, recipe) + kUnpacked + "exec";
  for (const std::string& word : recipe.command) recipe.script += " " + word;
  recipe.script += "\n";
  return recipe;
}

}  // namespace nachbau::builder
