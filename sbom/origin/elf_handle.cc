#include "sbom/origin/elf_handle.h"

#include <cstring>

#include "sbom/origin/elf_file.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxSections = 100'000;  // -ffunction-sections makes many
constexpr std::size_t kMaxName = 1024;
constexpr std::uint64_t kMaxOverlap = 4;            // times the file's size that all sections together may have
constexpr std::uint64_t kMaxUnpacked = 4ULL << 30;  // bytes, all sections
constexpr std::uint64_t kMaxRatio = 1100;           // zlib cannot do better than 1032, zstd with real content neither

}  // namespace

ElfHandle::ElfHandle(std::string_view bytes) {
  if (!IsElf(bytes) || bytes.size() > kMaxElf) return;
  bytes_ = bytes;
  elf_version(EV_CURRENT);
  elf_ = elf_memory(bytes_.data(), bytes_.size());
  valid_ = elf_ != nullptr && elf_kind(elf_) == ELF_K_ELF && ReadSections();
}

ElfHandle::~ElfHandle() {
  if (elf_ != nullptr) elf_end(elf_);
}

const ElfSection* ElfHandle::Find(std::string_view name) const {
  for (const ElfSection& section : sections_) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

bool ElfHandle::ReadSections() {
  std::size_t names = 0, count = 0;
  if (elf_getshdrnum(elf_, &count) != 0 || count > kMaxSections) return false;
  if (count == 0) return true;  // no section headers at all: sstrip, and some programs of other makers
  if (elf_getshdrstrndx(elf_, &names) != 0) return false;
  std::uint64_t total = 0, unpacked = 0;
  for (std::size_t i = 1; i < count; ++i) {
    ElfSection section;
    section.handle = elf_getscn(elf_, i);
    if (section.handle == nullptr || gelf_getshdr(section.handle, &section.header) == nullptr) return false;
    const char* name = elf_strptr(elf_, names, section.header.sh_name);
    if (name == nullptr || ::strnlen(name, kMaxName) == kMaxName) return false;
    section.name = name;
    if (section.header.sh_type != SHT_NOBITS) {
      const std::uint64_t offset = section.header.sh_offset, size = section.header.sh_size;
      if (size != 0 && (offset > bytes_.size() || size > bytes_.size() - offset)) return false;
      total += size;
      section.unpacked = size;
    }
    if ((section.header.sh_flags & SHF_COMPRESSED) != 0) {
      GElf_Chdr compressed;
      if (gelf_getchdr(section.handle, &compressed) == nullptr) return false;
      section.unpacked = compressed.ch_size;
      if (section.unpacked / kMaxRatio > section.header.sh_size) return false;
    }
    unpacked += section.unpacked;
    if (total > kMaxOverlap * bytes_.size() || section.unpacked > kMaxUnpacked || unpacked > kMaxUnpacked) return false;
    sections_.push_back(std::move(section));
  }
  return true;
}

}  // namespace nachbau::sbom
