// The script runs as the build user inside the sandbox. What it leaves in the output directory is collected without
// trusting it (outputs.h), so the checks of the script are for clear messages, not for safety.
#include "builder/recipe_script.h"

#include <algorithm>

#include "base/archive.h"
#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::builder {
namespace {

constexpr const char* kOutputDirectory = "nachbau-outputs";

std::string Quote(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// Tarballs have one directory at their top as a rule; then that is the source, else all of it is.
std::string UnpackText(const std::string& source, const std::string& build_path) {
  return "mkdir nachbau-unpacked " + std::string(kOutputDirectory) +
         "\n"
         "tar --extract --force-local --no-same-owner --no-same-permissions --directory nachbau-unpacked --file " +
         Quote(std::string(kSourceDirectory) + "/" + source) +
         "\n"
         "top=$(ls -A nachbau-unpacked)\n"
         "if [ -d \"nachbau-unpacked/$top\" ] && [ ! -L \"nachbau-unpacked/$top\" ] && [ -n \"$top\" ]; then\n"
         "  mv \"nachbau-unpacked/$top\" '" +
         build_path +
         "'\n"
         "else\n"
         "  mv nachbau-unpacked '" +
         build_path +
         "'\n"
         "fi\n";
}

std::string CommandsText(const ScriptRecipe& script) {
  std::string text;
  for (const std::string& command : script.commands) {
    text += "printf '+ %s\\n' " + Quote(command) + "\n/bin/sh -e -c " + Quote(command) + "\n";
  }
  return text;
}

// Each pattern must match something; a match is a file of its own name.
std::string FilesText(const ScriptRecipe& script) {
  std::string text =
      "collect() {\n"
      "  pattern=$1\n"
      "  shift\n"
      "  for match; do\n"
      "    if [ ! -f \"$match\" ] || [ -L \"$match\" ]; then\n"
      "      echo \"nachbau: error: the output $pattern: $match is not a file\"; exit 1\n"
      "    fi\n"
      "    name=${match##*/}\n"
      "    if [ -e \"$outputs/$name\" ]; then\n"
      "      echo \"nachbau: error: two outputs have the name $name\"; exit 1\n"
      "    fi\n"
      "    cp -- \"$match\" \"$outputs/$name\"\n"
      "  done\n"
      "}\n";
  for (const std::string& pattern : script.outputs) text += "collect '" + pattern + "' " + pattern + "\n";
  return text;
}

// The same tree gives the same bytes: names in order, owner 0, one time, no times of access and change.
std::string TarballText(const ScriptRecipe& script, const std::string& top) {
  std::string text;
  for (const std::string& pattern : script.outputs) {
    text += "for match in " + pattern +
            "; do\n"
            "  if [ ! -e \"$match\" ] && [ ! -L \"$match\" ]; then\n"
            "    echo \"nachbau: error: the output " +
            pattern +
            " is not there\"; exit 1\n"
            "  fi\n"
            "done\n";
  }
  text +=
      "tar --create --format=posix --sort=name --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw,a-s"
      " --mtime=\"@$SOURCE_DATE_EPOCH\" --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"
      " --transform='flags=rSh;s,^," +
      top + "/,' --file \"$outputs/" + top + ".tar\" --";
  for (const std::string& pattern : script.outputs) text += " " + pattern;
  return text + "\n";
}

LockedFile OnlyFile(const Lock& lock, InputRole role) {
  const auto files = lock.WithRole(role);
  if (files.size() != 1) {
    throw ParseError("lock", 0,
                     Msg("{} files with the role {} where a build by script has one", files.size(), Name(role)));
  }
  return files.front();
}

UnixSeconds NewestTime(const LockedFile& source, const Store& store) {
  const FileDescriptor fd = store.Open(source.sha256);
  ArchiveReader reader(fd, ArchiveFormat::kTar, source.file_name);
  UnixSeconds newest = 0;
  while (const auto entry = reader.Next()) newest = std::max<UnixSeconds>(newest, entry->mtime);
  return std::min<UnixSeconds>(newest, 253402300799);  // the year 9999
}

}  // namespace

Recipe MakeScriptRecipe(const ScriptRecipe& script, const std::string& source, UnixSeconds time,
                        std::uint32_t parallel) {
  Recipe recipe;
  const std::string top = script.name + "-" + script.version;
  const std::string outputs = std::string(kBuildDirectory) + "/" + kOutputDirectory;
  recipe.build_path = std::string(kBuildDirectory) + "/" + top;
  recipe.output_directory = kOutputDirectory;
  recipe.command = script.commands;
  recipe.environment = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"LC_ALL", "C.UTF-8"},
      {"LANG", "C.UTF-8"},
      {"HOME", "/nonexistent"},
      {"USER", "builder"},
      {"LOGNAME", "builder"},
      {"SHELL", "/bin/sh"},
      {"TZ", "UTC"},
      {"SOURCE_DATE_EPOCH", std::to_string(script.source_date_epoch.value_or(time))},
      {"DEB_BUILD_OPTIONS", "parallel=" + std::to_string(parallel)},
  };
  for (const auto& [name, value] : script.environment) recipe.environment[name] = value;
  recipe.script = "set -e\numask 022\ncd " + std::string(kBuildDirectory) + "\n" +
                  UnpackText(source, recipe.build_path) + "cd '" + recipe.build_path + "'\noutputs=" + outputs + "\n" +
                  kUnpacked + CommandsText(script) +
                  (script.output == ScriptRecipe::Output::kFiles ? FilesText(script) : TarballText(script, top));
  return recipe;
}

Recipe MakeScriptRecipe(const Lock& lock, const Store& store, std::uint32_t parallel) {
  const LockedFile file = OnlyFile(lock, InputRole::kRecipe);
  const LockedFile source = OnlyFile(lock, InputRole::kSource);
  const ScriptRecipe script = ParseScriptRecipe(store.Read(file.sha256, kMaxRecipe), file.file_name);
  if (script.name != lock.source || script.version != lock.version || script.profile != lock.recipe.profile) {
    throw ParseError("lock", 0, Msg("the lock says something else than its recipe {}", file.file_name));
  }
  if (script.git.empty() && script.sha256 != source.sha256) {
    throw IntegrityError(source.file_name, script.sha256.Hex(), source.sha256.Hex());
  }
  return MakeScriptRecipe(script, source.file_name, NewestTime(source, store), parallel);
}

}  // namespace nachbau::builder
