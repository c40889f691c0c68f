// Which members of a static archive the linker took: told by their symbols, for archives without debug information.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/lock.h"
#include "model/trace.h"
#include "sbom/origin/dwarf_units.h"
#include "sbom/origin/elf_file.h"
#include "sbom/origin/origins.h"
#include "sbom/origin/trace_join.h"
#include "store/store.h"

namespace nachbau::sbom {

struct ArchiveMember {
  std::string name;
  std::vector<std::string> symbols;  // global functions and objects that it defines
};
// Members of an ar archive in order; those that are no ELF object have no symbols. Throws ParseError.
std::vector<ArchiveMember> ReadArchiveMembers(std::string_view archive, std::string_view name);

// Archives of the packages of a build environment, read when first asked for.
class StaticMembers {
 public:
  StaticMembers(const Lock& lock, const Trace& trace, const Store& store);

  // What of `input` is in a linked file with these symbols. Code that a compilation unit of the debug information
  // covers is not from an archive without any. Object files are always taken.
  std::vector<ForeignUse> LinkedFrom(const PackageRead& input, const std::vector<ElfSymbol>& symbols,
                                     const Dwarf& dwarf);

 private:
  using Archives = std::map<std::string, std::vector<ArchiveMember>, std::less<>>;  // by path
  const Archives& ArchivesOf(const std::string& package);

  const Lock& lock_;
  const Trace& trace_;
  const Store& store_;
  std::map<std::string, Archives> packages_;
};

}  // namespace nachbau::sbom
