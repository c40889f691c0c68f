// Where two ELF files differ, by section.
#pragma once

#include <string_view>
#include <vector>

#include "model/comparison.h"

namespace nachbau::verifier {

struct ElfComparison {
  std::vector<Difference> sections;  // empty when either file is not ELF that libelf can read
  // Every differing byte lies in a build id or a debug link: see CompareElf.
  bool only_identification = false;
};

bool IsElf(std::string_view bytes);

// Both may be hostile: nothing is trusted, nothing is written. Never throws for their content.
//
// only_identification is strict. The files have the same size; every differing byte lies in the description of a
// well-formed GNU build-id note (section .note.gnu.build-id, at most 64 bytes of it) or in a .gnu_debuglink section that
// is not loaded (no SHF_ALLOC, no program header covers it) and is at most 512 bytes long; no other section overlaps
// these. So ELF header, program headers, section headers, section names and every byte outside sections are the same.
ElfComparison CompareElf(std::string_view built, std::string_view reference);

}  // namespace nachbau::verifier
