// A recipe file: how to build something from a git commit or a tarball. docs/formats/recipe.md
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "model/recipe.h"

namespace nachbau {

struct ScriptRecipe {
  std::string name;     // lower-case letters, digits, '+', '-', '.'
  std::string version;  // letters, digits, '+', '-', '.', '~'
  std::string licence;  // SPDX expression; empty: not known
  std::string profile = kMatchProfile;

  // The source: either git and commit, or tarball and sha256.
  std::string git;      // URL (https, http, file) or path; empty for a tarball
  std::string commit;   // 40 hexadecimal digits
  std::string tarball;  // URL or path; empty for git
  Sha256Digest sha256;  // of the tarball
  const std::string& Origin() const { return git.empty() ? tarball : git; }

  struct Package {
    std::string dependency;  // as in Build-Depends: "libssl-dev (>= 3)", not looked into here
    std::uint64_t line = 0;
    auto operator<=>(const Package&) const = default;
  };
  std::vector<Package> packages;

  std::vector<std::string> commands;               // at least one; each for a shell of its own
  std::map<std::string, std::string> environment;  // of the commands, beside what every build has
  std::vector<std::string> outputs;                // at least one; paths beneath the source, '*' and '?' as in a shell
  enum class Output { kFiles, kTarball } output = Output::kFiles;
  std::optional<UnixSeconds> source_date_epoch;  // nothing: the newest time in the source
  auto operator<=>(const ScriptRecipe&) const = default;
};

inline constexpr std::uint64_t kMaxRecipe = 1 << 20;  // bytes of a recipe file

// Strict: an unknown key, a key twice, a wrong type, a value that cannot be are ParseErrors with `name` and the line.
ScriptRecipe ParseScriptRecipe(std::string_view text, std::string_view name);

}  // namespace nachbau
