// What an SBOM needs from packages: the control fields of a .deb, and single files of a source or binary package.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace nachbau::sbom {

struct DebControl {
  std::string package, version, architecture, source, source_version, maintainer, description;
  std::vector<std::string> depends;  // clauses of Pre-Depends and Depends: "libc6 (>= 2.34)", "a | b"
  // Clauses of Built-Using and Static-Built-Using (Debian Policy 7.8, deb-control(5)): "glibc (= 2.36-9)".
  std::vector<std::string> built_using, static_built_using;
  std::set<std::string> libraries;   // by its shlibs file (deb-shlibs(5)), as in DT_NEEDED: "libc.so.6"
  std::set<std::string> udebs;       // by the same file: the installer's packages of the same source with these libraries
};
// Reads the descriptor from its current position, no further than control.tar. Throws ParseError.
DebControl ReadDebControl(const FileDescriptor& deb, std::string_view name);
DebControl ReadDebControl(std::string_view deb, std::string_view name);

// The texts that say when a package was last changed and how it is licensed. Empty when not there.
struct PackageTexts {
  std::optional<std::string> copyright;
  std::optional<std::string> changelog;
};
// debian/copyright and debian/changelog, from a debian.tar.* or a native source tarball. Throws ParseError.
PackageTexts ReadSourceTexts(const FileDescriptor& tarball, std::string_view name);
PackageTexts ReadSourceTexts(std::string_view tarball, std::string_view name);
// The same from the documentation of a binary package: for sources whose debian/ directory is a patch (format 1.0).
PackageTexts ReadDebTexts(const FileDescriptor& deb, std::string_view package, std::string_view name);

// One package named in a clause of Depends: "libc6:any (>= 2.34)".
struct Alternative {
  std::string package;
  std::string relation;  // "<<", "<=", "=", ">=", ">>"; empty without version
  std::string version;
  auto operator<=>(const Alternative&) const = default;
};
// "a (>= 1) | b": in order. Unreadable alternatives are left out.
std::vector<Alternative> ParseClause(std::string_view clause);

}  // namespace nachbau::sbom
