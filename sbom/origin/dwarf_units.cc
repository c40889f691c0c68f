// libdw reads the units and their line tables. Three of its habits must be kept from foreign bytes: it looks for the
// alternate file of dwz, for split units and for separate files itself, by names in the file. So there is either the
// alternate file that was given or no reading at all, and the split half of a unit is never asked for.
#include "sbom/origin/dwarf_units.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "base/encoding.h"
#include "sbom/origin/elf_file.h"
#include "sbom/origin/elf_handle.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxUnits = 1'000'000;
constexpr std::size_t kMaxFiles = 1'000'000;  // of one unit
constexpr std::size_t kMaxFilesInAll = 20'000'000;
constexpr std::size_t kMaxText = 4096;  // bytes of a name
constexpr std::size_t kMaxRanges = 4'000'000;

struct DwarfDeleter {
  void operator()(::Dwarf* dwarf) const { dwarf_end(dwarf); }
};
using Handle = std::unique_ptr<::Dwarf, DwarfDeleter>;

std::string Text(const char* text) {
  if (text == nullptr) return {};
  const std::size_t size = ::strnlen(text, kMaxText);
  return size == kMaxText ? std::string() : std::string(text, size);
}

std::string TextAttribute(Dwarf_Die* die, unsigned int name) {
  Dwarf_Attribute attribute;
  return dwarf_attr(die, name, &attribute) == nullptr ? std::string() : Text(dwarf_formstring(&attribute));
}

bool MadeByCompiler(const std::string& name) { return name.empty() || (name.starts_with('<') && name.ends_with('>')); }

void Merge(std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges) {
  std::sort(ranges.begin(), ranges.end());
  std::vector<std::pair<std::uint64_t, std::uint64_t>> merged;
  for (const auto& range : ranges) {
    if (!merged.empty() && range.first <= merged.back().second) {
      merged.back().second = std::max(merged.back().second, range.second);
    } else {
      merged.push_back(range);
    }
  }
  ranges = std::move(merged);
}

class Reader {
 public:
  Reader(::Dwarf* dwarf, Dwarf& result) : dwarf_(dwarf), result_(result) {}

  void Run() {
    Dwarf_CU* unit = nullptr;
    std::size_t units = 0;
    for (;;) {
      Dwarf_CU* next = nullptr;
      Dwarf_Half version = 0;
      std::uint8_t type = 0;
      Dwarf_Die die;
      const int outcome = dwarf_get_units(dwarf_, unit, &next, &version, &type, &die, nullptr);
      if (outcome == 1) break;
      if (outcome != 0) return Stop(Msg("damaged debug information"));
      if (next == nullptr || ++units > kMaxUnits) return Stop(Msg("too many compilation units"));
      unit = next;
      const bool whole = dwarf_tag(&die) == DW_TAG_compile_unit || dwarf_tag(&die) == DW_TAG_skeleton_unit;
      if (whole && !ReadUnit(die)) return;
    }
    std::sort(result_.units.begin(), result_.units.end());
    result_.units.erase(std::unique(result_.units.begin(), result_.units.end()), result_.units.end());
    Merge(result_.ranges);
    if (result_.units.empty() && !result_.problem) Stop(Msg("no compilation units in the debug information"));
  }

 private:
  void Stop(Message problem) { result_.problem = std::move(problem); }

  bool ReadUnit(Dwarf_Die& die) {
    DwarfUnit unit;
    unit.name = TextAttribute(&die, DW_AT_name);
    unit.directory = TextAttribute(&die, DW_AT_comp_dir);
    if (!ReadFiles(die, unit) || !ReadRanges(die)) return false;
    if (unit.name.empty() && dwarf_tag(&die) == DW_TAG_skeleton_unit && !unit.files.empty())
      unit.name = unit.files.front();
    if (MadeByCompiler(unit.name)) return true;  // what LTO calls "<artificial>" consists of units that are told, too
    std::sort(unit.files.begin(), unit.files.end());
    unit.files.erase(std::unique(unit.files.begin(), unit.files.end()), unit.files.end());
    result_.units.push_back(std::move(unit));
    return true;
  }

  bool ReadFiles(Dwarf_Die& die, DwarfUnit& unit) {
    Dwarf_Files* files = nullptr;
    std::size_t count = 0;
    if (dwarf_getsrcfiles(&die, &files, &count) != 0) return true;  // no line table
    file_count_ += count;
    if (count > kMaxFiles || file_count_ > kMaxFilesInAll)
      return Stop(Msg("too many files in the debug information")), false;
    for (std::size_t i = 0; i < count; ++i) {
      std::string name = Text(dwarf_filesrc(files, i, nullptr, nullptr));
      const std::string_view last = std::string_view(name).substr(name.rfind('/') + 1);
      if (last.empty() || last == "???" || (last.starts_with('<') && last.ends_with('>'))) continue;  // "<built-in>"
      unit.files.push_back(std::move(name));
    }
    return true;
  }

  bool ReadRanges(Dwarf_Die& die) {
    Dwarf_Addr base = 0, begin = 0, end = 0;
    for (std::ptrdiff_t at = 0; (at = dwarf_ranges(&die, at, &base, &begin, &end)) > 0;) {
      if (begin < end) result_.ranges.emplace_back(begin, end);
      if (result_.ranges.size() > kMaxRanges) return Stop(Msg("too many address ranges in the debug information")), false;
    }
    return true;
  }

  ::Dwarf* dwarf_;
  Dwarf& result_;
  std::size_t file_count_ = 0;
};

}  // namespace

bool Dwarf::Covers(std::uint64_t address) const {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), std::pair(address, UINT64_MAX));
  return after != ranges.begin() && address < std::prev(after)->second;
}

Dwarf ReadDwarf(std::string_view elf, std::string_view alternate) {
  Dwarf result;
  const std::optional<ElfFile> file = ReadElf(elf);
  if (!file || !file->has_dwarf) {
    result.problem = file ? Msg("no debug information") : Msg("not an ELF file that can be read");
    return result;
  }
  // Names would have to be relocated first.
  if (file->type == ElfFile::Type::kRelocatable) {
    result.problem = Msg("an object file: its debug information is not linked");
    return result;
  }
  const ElfHandle main(elf), other(alternate);
  const Handle dwarf(dwarf_begin_elf(main.get(), DWARF_C_READ, nullptr));
  if (!dwarf) {
    result.problem = Msg("debug information that libdw cannot read");
    return result;
  }
  Handle alternate_dwarf;
  const char* link = nullptr;
  const void* wanted = nullptr;
  const ssize_t size = dwelf_dwarf_gnu_debugaltlink(dwarf.get(), &link, &wanted);
  if (size != 0) {
    const std::optional<ElfFile> common = other.valid() ? ReadElf(alternate) : std::nullopt;
    const bool same = common && size > 0 && size < 1024 &&
                      common->build_id == EncodeHex({static_cast<const char*>(wanted), static_cast<std::size_t>(size)});
    if (same) alternate_dwarf.reset(dwarf_begin_elf(other.get(), DWARF_C_READ, nullptr));
    if (!alternate_dwarf) {
      result.problem = Msg("the file with the common debug information is missing or another one");
      return result;
    }
    dwarf_setalt(dwarf.get(), alternate_dwarf.get());
  }
  Reader(dwarf.get(), result).Run();
  return result;
}

}  // namespace nachbau::sbom
