// How two .deb files differ (deb(5): an ar archive of debian-binary, control.tar.* and data.tar.*).
#pragma once

#include <string_view>
#include <vector>

#include "model/comparison.h"

namespace nachbau::verifier {

struct DebComparison {
  std::vector<Difference> differences;  // empty only for equal bytes
  // Every difference is an ELF build id or debug link (elf_sections.h), or a line of md5sums for such a file. All else is
  // the same: members and their metadata, the entries of both tar archives, their order, type, mode, owner, times and
  // link targets, and every other byte of every file. What no unpacking shows (the compressed form of data.tar, padding
  // between entries) is not looked at here, because it differs whenever a build id does.
  bool code_identical = false;
};

// Never throws for the content: a .deb that cannot be read differs, and says so.
DebComparison ExamineDebs(std::string_view built, std::string_view reference);

}  // namespace nachbau::verifier
