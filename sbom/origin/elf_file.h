// What an ELF file says of itself: what it needs, what it is called, where its debug information is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nachbau::sbom {

// Larger files are not read: their sections would have to be in memory at once.
inline constexpr std::uint64_t kMaxElf = 2ULL << 30;

struct ElfFile {
  enum class Type { kOther, kRelocatable, kExecutable, kShared };
  Type type = Type::kOther;
  std::string build_id;             // hexadecimal; empty when there is none
  std::string soname;               // DT_SONAME
  std::vector<std::string> needed;  // DT_NEEDED, in order
  bool has_dwarf = false;           // a section .debug_info (or .zdebug_info)
  bool has_symbols = false;         // .symtab
  std::string alternate_link;       // .gnu_debugaltlink: name of the file that dwz moved common entries to
};

bool IsElf(std::string_view bytes);

// The bytes may be hostile: sizes and counts are bounded, nothing is written, nothing else opened. Nothing for what
// libelf cannot read, or beyond the bounds.
std::optional<ElfFile> ReadElf(std::string_view bytes);

struct ElfSymbol {
  std::string name;
  std::uint64_t address = 0;
  bool global = false;  // or weak
  auto operator<=>(const ElfSymbol&) const = default;
};
// The functions and objects that .symtab defines, sorted. Empty when there is none, or more than 4 million.
std::vector<ElfSymbol> DefinedSymbols(std::string_view bytes);

}  // namespace nachbau::sbom
