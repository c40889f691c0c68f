// libelf over a copy of bytes in memory (libelf wants memory it could write to). Only for the sources of this folder.
#pragma once

#include <gelf.h>
#include <libelf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nachbau::sbom {

struct ElfSection {
  Elf_Scn* handle = nullptr;
  std::string name;
  GElf_Shdr header{};
  std::uint64_t unpacked = 0;  // bytes once decompressed
};

class ElfHandle {
 public:
  // `valid` is false for what libelf cannot read, or when sections reach beyond the file, overlap without end, are too
  // many, or decompress to too much.
  explicit ElfHandle(std::string_view bytes);
  ~ElfHandle();
  ElfHandle(const ElfHandle&) = delete;
  ElfHandle& operator=(const ElfHandle&) = delete;

  bool valid() const { return valid_; }
  Elf* get() const { return elf_; }
  const std::vector<ElfSection>& sections() const { return sections_; }
  const ElfSection* Find(std::string_view name) const;

 private:
  bool ReadSections();
  std::string bytes_;
  Elf* elf_ = nullptr;
  bool valid_ = false;
  std::vector<ElfSection> sections_;
};

}  // namespace nachbau::sbom
