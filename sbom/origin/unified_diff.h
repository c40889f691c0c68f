// Patches as Debian keeps them: unified diffs, applied as `patch -p1 -F0` applies them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nachbau::sbom {

struct Hunk {
  std::uint64_t old_line = 0;       // 1-based; 0 for an empty old side
  std::vector<std::string> before;  // lines with their newline (the last one of a file may lack it)
  std::vector<std::string> after;
};

struct FilePatch {
  std::string path;      // without the first directory; never absolute, without ".."
  bool deletes = false;  // the file is gone afterwards
  bool creates = false;  // there was none before
  bool opaque = false;   // a change that is no text (binary, renaming): known to be there, cannot be applied here
  std::vector<Hunk> hunks;
};

// The changes of a patch in order; text around them is let pass. Throws ParseError for a hunk that is not as its header
// says, or a path that leads out of the tree.
std::vector<FilePatch> ParseUnifiedDiff(std::string_view text, std::string_view name);

// The content afterwards. A hunk whose lines have moved is found at the nearest place that fits whole; nothing when one
// fits nowhere, or the patch is opaque.
std::optional<std::string> ApplyPatch(std::string_view content, const FilePatch& patch);

}  // namespace nachbau::sbom
