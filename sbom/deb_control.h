// What an SBOM needs from packages: the control fields of a .deb, and single files of a source package.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nachbau::sbom {

struct DebControl {
  std::string package, version, architecture, source, source_version, maintainer, description;
  std::vector<std::string> depends;  // clauses of Pre-Depends and Depends: "libc6 (>= 2.34)", "a | b"
};
// Throws ParseError.
DebControl ReadDebControl(std::string_view deb, std::string_view name);

// debian/copyright and debian/changelog, from a debian.tar.* or a native source tarball. Empty when not there.
struct SourceTexts {
  std::optional<std::string> copyright;
  std::optional<std::string> changelog;
};
SourceTexts ReadSourceTexts(std::string_view tarball, std::string_view name);

}  // namespace nachbau::sbom
