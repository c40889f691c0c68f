// What the search for sources reads of foreign bytes: ELF files, their debug information and symbols, static archives,
// patches. They answer or throw ParseError, whatever the bytes are.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "sbom/origin/dwarf_units.h"
#include "sbom/origin/elf_file.h"
#include "sbom/origin/package_files.h"
#include "sbom/origin/static_members.h"
#include "sbom/origin/unified_diff.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(origin) {
  using namespace nachbau::sbom;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  KindOf("/usr/bin/x", 0755, bytes);
  if (IsElf(bytes)) {
    ReadElf(bytes);
    DefinedSymbols(bytes);
    const Dwarf dwarf = ReadDwarf(bytes, bytes);
    if (dwarf.units.empty() && !dwarf.problem) std::abort();
    return 0;
  }
  try {
    if (bytes.starts_with("!<arch>")) ReadArchiveMembers(bytes, "archive");
    for (const FilePatch& patch : ParseUnifiedDiff(bytes, "patch")) {
      if (patch.path.starts_with("/") || patch.path.starts_with("../")) std::abort();
      ApplyPatch("one\ntwo\nthree\n", patch);
      ApplyPatch("", patch);
    }
  } catch (const nachbau::Error&) {
  }
  return 0;
}
