// Source packages as Sources indexes and .dsc files describe them (deb-src-control(5), dsc(5)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/deb822.h"
#include "base/digest.h"
#include "mirror/dependency.h"
#include "model/recipe.h"

namespace nachbau::mirror {

struct SourceFile {
  std::string name;
  std::uint64_t size = 0;  // bytes
  Sha256Digest sha256;
  auto operator<=>(const SourceFile&) const = default;
};

// One binary package that a source promises to build: a line of Package-List.
struct SourceBinary {
  std::string name;
  std::string type;                        // "deb", "udeb"
  std::vector<std::string> architectures;  // "any", "all", "linux-any"; empty where the line does not say
  ProfileFormula profiles;
  auto operator<=>(const SourceBinary&) const = default;
};

struct DebianSource {
  std::string name;
  std::string version;
  std::string directory;                   // below the archive's base; empty in a .dsc
  std::vector<std::string> architectures;  // Architecture field
  std::vector<std::string> binaries;       // Binary field: names of all binary packages, udebs too
  std::vector<SourceBinary> package_list;  // empty for sources from before Package-List (dpkg 1.17)
  std::vector<SourceFile> files;           // sorted by name; at least the .dsc in an index
  // Of a build of all packages: Build-Depends, -Arch and -Indep together, in this order.
  std::vector<Alternatives> BuildDepends(BuildParts parts = BuildParts::kAll) const { return depends.For(parts); }
  std::vector<Alternatives> BuildConflicts(BuildParts parts = BuildParts::kAll) const { return conflicts.For(parts); }
  struct Relations {
    std::vector<Alternatives> common, architecture, independent;
    std::vector<Alternatives> For(BuildParts parts) const;
    auto operator<=>(const Relations&) const = default;
  };
  Relations depends;                          // Build-Depends, Build-Depends-Arch, Build-Depends-Indep
  Relations conflicts;                        // Build-Conflicts likewise
  bool extra_source_only = false;             // kept only because something was built using it
};

// One paragraph of a Sources index or the only one of a .dsc. Files come from Checksums-Sha256 alone, weaker hashes are
// not looked at. Throws ParseError.
DebianSource ParseDebianSource(const Paragraph& paragraph);

// The text of a .dsc, with or without its OpenPGP clear signature (which is not checked: its digest in a signed index
// is what proves it).
DebianSource ParseDsc(std::string_view text, std::string_view name);

// Binary packages (no udebs) that a build of these parts makes on `architecture` with these profiles active. Sorted.
// Empty where the source has no Package-List and so does not say.
std::vector<std::string> BinariesFor(const DebianSource& source, const std::string& architecture,
                                     const std::vector<std::string>& active_profiles,
                                     BuildParts parts = BuildParts::kAll);

// False for a binary package that such a build leaves out on purpose: of the other part, or by its Package-List
// profile. Packages that the list does not name (debug symbols) are told by their architecture alone.
bool IsBuilt(const DebianSource& source, const std::string& package, const std::string& package_architecture,
             const std::vector<std::string>& active_profiles, BuildParts parts);

// True for the names that Debian gives to packages (policy 5.6.1), upper-case letters let pass.
bool IsPackageName(std::string_view text);

}  // namespace nachbau::mirror
