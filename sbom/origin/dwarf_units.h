// The compilation units that are in a linked file, as its debug information tells (DWARF 2 to 5). What the linker took
// from a static archive is there, what it left is not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/message.h"

namespace nachbau::sbom {

struct DwarfUnit {
  std::string name;                // as given to the compiler: "cache.c", "../src/x.c", "/usr/src/…"
  std::string directory;           // where the compiler ran; may be mapped: ".", "./src", "/build/…"
  std::vector<std::string> files;  // of the line table, joined with directories: sources and headers with code or types
  auto operator<=>(const DwarfUnit&) const = default;
};

struct Dwarf {
  std::vector<DwarfUnit> units;  // sorted, without duplicates and without those that only the compiler made
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;  // addresses [begin, end) of all units, sorted, merged
  // Why there is nothing, or not all; nothing when it is complete.
  std::optional<Message> problem;

  bool Covers(std::uint64_t address) const;
};

// elf: the file with the debug information. alternate: the file that its .gnu_debugaltlink names, where there is one.
// The bytes may be hostile: bounded in sizes and counts, no other file is opened. Never throws for their content.
Dwarf ReadDwarf(std::string_view elf, std::string_view alternate = {});

}  // namespace nachbau::sbom
