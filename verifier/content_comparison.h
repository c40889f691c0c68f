// How two contents of one file differ: as ELF, gzip, text or bytes.
#pragma once

#include <string>
#include <string_view>

#include "model/comparison.h"

namespace nachbau::verifier {

struct ContentComparison {
  Difference difference;             // place is `path`
  bool only_identification = false;  // ELF: as in elf_sections.h
};

// The two are not equal. Looks one compression deep. Never throws for their content.
ContentComparison CompareContents(const std::string& path, std::string_view built, std::string_view reference);

}  // namespace nachbau::verifier
