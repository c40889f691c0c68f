#include "sbom/origin/elf_file.h"

#include <algorithm>
#include <cstring>

#include "base/encoding.h"
#include "sbom/origin/elf_handle.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxNeeded = 10'000;
constexpr std::size_t kMaxText = 4096;  // bytes of a name
constexpr std::size_t kMaxSymbols = 4'000'000;
constexpr std::size_t kMaxBuildId = 64;

std::string TextAt(Elf* elf, std::size_t table, std::size_t offset) {
  const char* text = elf_strptr(elf, table, offset);
  if (text == nullptr) return {};
  const std::size_t size = ::strnlen(text, kMaxText);
  return size == kMaxText ? std::string() : std::string(text, size);
}

void ReadDynamic(const ElfHandle& elf, const ElfSection& section, ElfFile& file) {
  Elf_Data* data = elf_getdata(section.handle, nullptr);
  if (data == nullptr || section.header.sh_entsize == 0) return;
  const std::uint64_t count = data->d_size / section.header.sh_entsize;
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, kMaxNeeded); ++i) {
    GElf_Dyn entry;
    if (gelf_getdyn(data, static_cast<int>(i), &entry) == nullptr || entry.d_tag == DT_NULL) return;
    if (entry.d_tag == DT_NEEDED) file.needed.push_back(TextAt(elf.get(), section.header.sh_link, entry.d_un.d_val));
    if (entry.d_tag == DT_SONAME) file.soname = TextAt(elf.get(), section.header.sh_link, entry.d_un.d_val);
  }
}

void ReadBuildId(const ElfSection& section, ElfFile& file) {
  Elf_Data* data = elf_getdata(section.handle, nullptr);
  if (data == nullptr) return;
  GElf_Nhdr note;
  std::size_t name = 0, description = 0;
  for (std::size_t at = 0; (at = gelf_getnote(data, at, &note, &name, &description)) > 0;) {
    const char* bytes = static_cast<const char*>(data->d_buf);
    if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || std::memcmp(bytes + name, "GNU", 4) != 0) continue;
    if (note.n_descsz == 0 || note.n_descsz > kMaxBuildId) continue;
    file.build_id = EncodeHex({bytes + description, note.n_descsz});
    return;
  }
}

ElfFile::Type TypeOf(GElf_Half type) {
  switch (type) {
    case ET_REL:
      return ElfFile::Type::kRelocatable;
    case ET_EXEC:
      return ElfFile::Type::kExecutable;
    case ET_DYN:
      return ElfFile::Type::kShared;
    default:
      return ElfFile::Type::kOther;
  }
}

}  // namespace

bool IsElf(std::string_view bytes) { return bytes.size() > EI_NIDENT && bytes.substr(0, SELFMAG) == ELFMAG; }

std::optional<ElfFile> ReadElf(std::string_view bytes) {
  const ElfHandle elf(bytes);
  GElf_Ehdr header;
  if (!elf.valid() || gelf_getehdr(elf.get(), &header) == nullptr) return std::nullopt;
  ElfFile file;
  file.type = TypeOf(header.e_type);
  for (const ElfSection& section : elf.sections()) {
    const bool filled =
        section.header.sh_type != SHT_NOBITS;  // a file of debug information keeps the names of all others
    if (section.header.sh_type == SHT_DYNAMIC) ReadDynamic(elf, section, file);
    if (section.header.sh_type == SHT_NOTE && section.name == ".note.gnu.build-id") ReadBuildId(section, file);
    if (section.header.sh_type == SHT_SYMTAB) file.has_symbols = true;
    if (filled && (section.name == ".debug_info" || section.name == ".zdebug_info")) file.has_dwarf = true;
    if (filled && section.name == ".gnu_debugaltlink" && section.header.sh_size < kMaxText) {
      Elf_Data* data = elf_rawdata(section.handle, nullptr);
      if (data == nullptr || data->d_buf == nullptr) continue;
      const char* text = static_cast<const char*>(data->d_buf);
      file.alternate_link.assign(text, ::strnlen(text, data->d_size));
    }
  }
  return file;
}

std::vector<ElfSymbol> DefinedSymbols(std::string_view bytes) {
  std::vector<ElfSymbol> symbols;
  const ElfHandle elf(bytes);
  if (!elf.valid()) return symbols;
  for (const ElfSection& section : elf.sections()) {
    if (section.header.sh_type != SHT_SYMTAB || section.header.sh_entsize == 0) continue;
    Elf_Data* data = elf_getdata(section.handle, nullptr);
    if (data == nullptr) continue;
    const std::uint64_t count = data->d_size / section.header.sh_entsize;
    if (count > kMaxSymbols) return {};
    for (std::uint64_t i = 1; i < count; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
      const int type = GELF_ST_TYPE(symbol.st_info);
      const bool defined = symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS && symbol.st_shndx != SHN_COMMON;
      if (!defined || (type != STT_FUNC && type != STT_OBJECT && type != STT_GNU_IFUNC)) continue;
      std::string name = TextAt(elf.get(), section.header.sh_link, symbol.st_name);
      if (name.empty()) continue;
      symbols.push_back({std::move(name), symbol.st_value, GELF_ST_BIND(symbol.st_info) != STB_LOCAL});
    }
  }
  std::sort(symbols.begin(), symbols.end());
  return symbols;
}

}  // namespace nachbau::sbom
