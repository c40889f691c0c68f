#include "builder/recipe_debian.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::builder {
namespace {

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

}  // namespace

DebianRecipe MakeDebianRecipe(const Lock& lock, std::uint32_t parallel, bool run_tests) {
  DebianRecipe recipe;
  for (const LockedFile& file : lock.WithRole(InputRole::kSource)) {
    if (!file.file_name.ends_with(".dsc")) continue;
    if (!recipe.dsc.empty()) throw ParseError("lock", 0, Msg("the lock of {} names two .dsc files", lock.source));
    recipe.dsc = file.file_name;
  }
  if (recipe.dsc.empty()) throw MissingError(Msg("the lock of {} names no .dsc file", lock.source));
  if (!IsSourceName(lock.source)) throw ParseError("lock", 0, Msg("not a source package name: {}", Printable(lock.source)));
  if (!IsDscName(recipe.dsc)) throw ParseError("lock", 0, Msg("not a name of a .dsc file: {}", Printable(recipe.dsc)));
  recipe.build_path = std::string(kBuildDirectory) + "/" + lock.source + "-" + UpstreamVersion(lock.version);
  recipe.command = {"dpkg-buildpackage", "-us", "-uc", "-b"};
  if (!run_tests) recipe.command.push_back("-Pnocheck");
  recipe.environment = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games"},
      {"LC_ALL", "C.UTF-8"},
      {"LANG", "C.UTF-8"},
      {"HOME", "/nonexistent"},
      {"USER", "builder"},
      {"LOGNAME", "builder"},
      {"SHELL", "/bin/sh"},
      {"TZ", "UTC"},
      {"DEB_BUILD_OPTIONS", (run_tests ? "" : "nocheck ") + ("parallel=" + std::to_string(parallel))},
  };
  // Names were checked above: nothing in them means anything to a shell, or to dpkg-source an option.
  recipe.script = "set -e\numask 022\ncd " + std::string(kBuildDirectory) + "\ndpkg-source --no-check -x " +
                  std::string(kSourceDirectory) + "/'" + recipe.dsc + "' '" + recipe.build_path + "'\ncd '" +
                  recipe.build_path + "'\nexec";
  for (const std::string& word : recipe.command) recipe.script += " " + word;
  recipe.script += "\n";
  return recipe;
}

}  // namespace nachbau::builder
