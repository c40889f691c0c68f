// Rebuilds without changes of the source (binary-only non-maintainer uploads): the entry that a build daemon puts in
// front of debian/changelog.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nachbau::mirror {

// The first entry of a changelog (deb-changelog(5)) as it is to be put in front of debian/changelog: from its head line
// to its trailer, with one final newline. Nothing unless it is a binary-only entry of this source package and version,
// in UTF-8 without control bytes, of at most 64 KiB.
std::optional<std::string> ReadBinNmuEntry(std::string_view changelog, std::string_view source,
                                           std::string_view version);

}  // namespace nachbau::mirror
