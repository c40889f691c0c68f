// Build dependencies: relations with alternatives, architecture restrictions and build profiles (Debian Policy 7.1).
//
//   list        = group { "," group }
//   group       = dependency { "|" dependency }
//   dependency  = name [":" qualifier] ["(" relation version ")"] ["[" {["!"] architecture} "]"] {"<" {["!"] profile} ">"}
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mirror/debian_version.h"

namespace nachbau::mirror {

// Terms of which all must hold, in lists of which one must hold; empty: no condition. "!name" negates.
using ProfileFormula = std::vector<std::vector<std::string>>;

struct Dependency {
  std::string package;
  std::string qualifier;  // "any", "native", an architecture; empty as a rule
  Relation relation = Relation::kAny;
  std::string version;                     // empty with kAny
  std::vector<std::string> architectures;  // "amd64", "linux-any", "!hurd-any"; empty: all
  ProfileFormula profiles;
  auto operator<=>(const Dependency&) const = default;
};
using Alternatives = std::vector<Dependency>;  // one of them is enough; never empty

// Throws ParseError naming `name` for anything outside the grammar. Substitution variables are outside it.
std::vector<Alternatives> ParseDependencies(std::string_view text, std::string_view name);

bool ProfilesApply(const ProfileFormula& formula, const std::vector<std::string>& active);

// What is left of a list of build dependencies on `architecture` with these profiles active: restrictions that do not
// apply are gone, those that do are dropped from the text, ":native" likewise.
std::vector<Alternatives> ReduceDependencies(const std::vector<Alternatives>& groups, const std::string& architecture,
                                             const std::vector<std::string>& active_profiles);

// Keeps of each group the first alternative, and those after it that name the same package: what sbuild does on
// Debian's build daemons, so that the environment does not depend on what else an archive happens to offer.
std::vector<Alternatives> KeepFirstAlternatives(std::vector<Alternatives> groups);

// "libfoo-dev:any (>= 1.2)"; restrictions are left out.
std::string Format(const Dependency& dependency);
std::string Format(const Alternatives& alternatives);           // "a | b"
std::string Format(const std::vector<Alternatives>& groups);    // "a | b, c"

}  // namespace nachbau::mirror
