// How a lock wants its source built. docs/formats/lock.md, docs/formats/recipe.md
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace nachbau {

// kDebian: as a Debian build daemon builds a source package. kScript: by the commands of a recipe file.
enum class RecipeKind { kDebian, kScript };
std::string_view Name(RecipeKind kind);  // "debian", "script"

// Which binary packages of a source package are built.
enum class BuildParts { kAll, kArchitecture, kIndependent };
std::string_view Name(BuildParts parts);  // "all", "architecture", "independent"

inline constexpr const char* kMatchProfile = "match";
inline constexpr const char* kVirtualProfile = "virtual";

// Everything that a person can choose about a build and that changes what it makes. Part of the lock, so that a lock
// alone says what comes out.
struct LockedRecipe {
  RecipeKind kind = RecipeKind::kDebian;
  std::string profile =
      kMatchProfile;  // how the sandbox answers: "match" as a build daemon, "virtual" with a clock of its own
  // The rest is for kDebian; of kScript the recipe file (role `recipe`) tells all.
  std::vector<std::string> build_profiles = {"nocheck"};  // sorted, without duplicates
  BuildParts parts = BuildParts::kAll;
  // Of a binNMU, a rebuild without changes of the source: the version of its binary packages ("1.0-1+b2"), and the
  // entry that goes in front of debian/changelog, without the blank line after it (known once the references are
  // mirrored).
  std::string binary_version;   // empty as a rule: that of the source
  std::string changelog_entry;  // empty as a rule
  // From a .buildinfo file: where the build takes place (IsBuildPath), and the variables that its builder recorded
  // (IsRecordedVariable); with them, none of those that could have been recorded has another value, or any.
  std::string build_path;                                          // empty as a rule
  std::optional<std::map<std::string, std::string>> environment;  // absent as a rule
  auto operator<=>(const LockedRecipe&) const = default;

  bool HasBuildProfile(std::string_view name) const;
};

Json ToJson(const LockedRecipe& recipe);
// Refuses what no recipe can be: unknown kinds, profiles out of order, names that are none, an entry without a version.
LockedRecipe LockedRecipeFromJson(const Json& json, const std::string& place);

// True for names of build profiles as deb-src-control(5) has them: lower-case letters, digits, '+', '-', '.', at
// most 64.
bool IsBuildProfile(std::string_view name);

}  // namespace nachbau
