#include "verifier/elf_sections.h"

#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/encoding.h"
#include "verifier/detail.h"
#include "verifier/byte_difference.h"

namespace nachbau::verifier {
namespace {

constexpr std::size_t kMaxSections = 20000;
constexpr std::size_t kMaxShown = 100;
constexpr std::size_t kMaxName = 1024;
constexpr std::uint64_t kMaxOverlap = 4;  // times the file's size that all sections together may have
constexpr std::string_view kBuildId = ".note.gnu.build-id";
constexpr std::string_view kDebugLink = ".gnu_debuglink";
constexpr std::size_t kMaxBuildId = 64;
constexpr std::size_t kMaxDebugLink = 512;

struct Section {
  std::string name;
  GElf_Word type = 0;
  GElf_Xword flags = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // in the file: 0 for SHT_NOBITS
};

struct Segment {
  GElf_Word type = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct Layout {
  std::vector<Section> sections;  // in table order, without number 0
  std::vector<Segment> segments;
};

struct ElfDeleter {
  void operator()(Elf* elf) const { elf_end(elf); }
};

bool Overlap(std::uint64_t left, std::uint64_t left_size, std::uint64_t right, std::uint64_t right_size) {
  return left_size != 0 && right_size != 0 && left < right + right_size && right < left + left_size;
}

// Nothing for what libelf cannot read whole. Sections and segments reach beyond neither the file nor 64 bits.
std::optional<Layout> ReadLayout(std::string& bytes) {
  elf_version(EV_CURRENT);
  const std::unique_ptr<Elf, ElfDeleter> elf(elf_memory(bytes.data(), bytes.size()));
  if (!elf || elf_kind(elf.get()) != ELF_K_ELF) return std::nullopt;
  std::size_t name_table = 0;
  std::size_t segment_count = 0;
  std::size_t section_count = 0;
  if (elf_getshdrstrndx(elf.get(), &name_table) != 0 || elf_getphdrnum(elf.get(), &segment_count) != 0 ||
      elf_getshdrnum(elf.get(), &section_count) != 0 || section_count > kMaxSections ||
      segment_count > kMaxSections) {
    return std::nullopt;
  }
  const auto inside = [&](std::uint64_t offset, std::uint64_t size) {
    return offset <= bytes.size() && size <= bytes.size() - offset;
  };
  Layout layout;
  for (std::size_t i = 0; i < segment_count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf.get(), static_cast<int>(i), &header) == nullptr || !inside(header.p_offset, header.p_filesz)) {
      return std::nullopt;
    }
    layout.segments.push_back({header.p_type, header.p_offset, header.p_filesz});
  }
  std::uint64_t total = 0;
  for (std::size_t i = 1; i < section_count; ++i) {
    Elf_Scn* scn = elf_getscn(elf.get(), i);
    GElf_Shdr header;
    if (scn == nullptr || gelf_getshdr(scn, &header) == nullptr) return std::nullopt;
    const char* name = elf_strptr(elf.get(), name_table, header.sh_name);
    if (name == nullptr || ::strnlen(name, kMaxName) == kMaxName) return std::nullopt;
    const std::uint64_t size = header.sh_type == SHT_NOBITS ? 0 : header.sh_size;
    if (!inside(header.sh_offset, size) && size != 0) return std::nullopt;
    // Thousands of sections that all cover the whole file would be compared thousands of times.
    total += size;
    if (total > kMaxOverlap * bytes.size()) return std::nullopt;
    layout.sections.push_back({name, header.sh_type, header.sh_flags, header.sh_offset, size});
  }
  return layout;
}

// Marks the bytes of `bytes` in which an identification may stand; empty unless the section is as CompareElf demands.
std::optional<std::pair<std::uint64_t, std::uint64_t>> IdentificationRange(const Layout& layout, std::size_t number,
                                                                           std::string_view bytes) {
  const Section& section = layout.sections[number];
  for (std::size_t i = 0; i < layout.sections.size(); ++i) {
    if (i != number && Overlap(section.offset, section.size, layout.sections[i].offset, layout.sections[i].size)) {
      return std::nullopt;
    }
  }
  const std::string_view content = bytes.substr(section.offset, section.size);
  if (section.name == kBuildId) {
    // Elf_Nhdr in the file's byte order: namesz 4, descsz, type 3 (NT_GNU_BUILD_ID), "GNU\0", description.
    if (section.type != SHT_NOTE || content.size() < 16 || content.size() > kMaxBuildId ||
        content.substr(12, 4) != std::string_view("GNU\0", 4)) {
      return std::nullopt;
    }
    const bool little = bytes[EI_DATA] == ELFDATA2LSB;
    const auto word = [&](std::size_t at) {
      std::uint32_t value = 0;
      for (std::size_t k = 0; k < 4; ++k) {
        value = value << 8 | static_cast<unsigned char>(content[at + (little ? 3 - k : k)]);
      }
      return value;
    };
    if (word(0) != 4 || word(4) != content.size() - 16 || word(8) != NT_GNU_BUILD_ID) return std::nullopt;
    return std::pair(section.offset + 16, section.offset + section.size);
  }
  if (section.name == kDebugLink) {
    if (section.type != SHT_PROGBITS || (section.flags & SHF_ALLOC) != 0 || section.size > kMaxDebugLink) {
      return std::nullopt;
    }
    const bool loaded = std::any_of(layout.segments.begin(), layout.segments.end(), [&](const Segment& segment) {
      return Overlap(section.offset, section.size, segment.offset, segment.size);
    });
    if (loaded) return std::nullopt;
    return std::pair(section.offset, section.offset + section.size);
  }
  return std::nullopt;
}

bool OnlyIdentification(const Layout& layout, std::string_view built, std::string_view reference) {
  if (built.size() != reference.size()) return false;
  // Equal outside the allowed ranges means equal section headers, so one layout speaks for both files; the build id of
  // the reference is checked by its own note header, which lies outside the range.
  std::string left(built);
  std::string right(reference);
  bool any = false;
  for (std::size_t i = 0; i < layout.sections.size(); ++i) {
    if (layout.sections[i].name != kBuildId && layout.sections[i].name != kDebugLink) continue;
    const auto range = IdentificationRange(layout, i, built);
    if (!range) return false;
    any = true;
    std::fill(left.begin() + static_cast<std::ptrdiff_t>(range->first),
              left.begin() + static_cast<std::ptrdiff_t>(range->second), '\0');
    std::fill(right.begin() + static_cast<std::ptrdiff_t>(range->first),
              right.begin() + static_cast<std::ptrdiff_t>(range->second), '\0');
  }
  return any && left == right;
}

// Sections of one name in order, so that the second ".text" is compared with the second ".text".
using Named = std::map<std::pair<std::string, std::size_t>, const Section*>;
Named ByName(const Layout& layout) {
  Named named;
  std::map<std::string, std::size_t> seen;
  for (const Section& section : layout.sections) named[{section.name, seen[section.name]++}] = &section;
  return named;
}

// The bytes that belong to no section: headers, tables, padding.
std::string OutsideSections(const Layout& layout, std::string_view bytes) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const Section& section : layout.sections) {
    if (section.size != 0) ranges.emplace_back(section.offset, section.offset + section.size);
  }
  std::sort(ranges.begin(), ranges.end());
  std::string outside;
  std::uint64_t at = 0;
  for (const auto& [begin, end] : ranges) {
    if (begin > at) outside.append(bytes.substr(at, begin - at));
    at = std::max(at, end);
  }
  return outside.append(bytes.substr(at));
}

}  // namespace

bool IsElf(std::string_view bytes) { return bytes.size() > EI_NIDENT && bytes.substr(0, SELFMAG) == ELFMAG; }

ElfComparison CompareElf(std::string_view built, std::string_view reference) {
  ElfComparison result;
  if (!IsElf(built) || !IsElf(reference)) return result;
  // libelf wants memory it could write to; it gets copies.
  std::string built_copy(built);
  std::string reference_copy(reference);
  const auto built_layout = ReadLayout(built_copy);
  const auto reference_layout = ReadLayout(reference_copy);
  if (!built_layout || !reference_layout) return result;

  std::size_t hidden = 0;
  const auto add = [&](Difference difference) {
    if (result.sections.size() < kMaxShown) {
      result.sections.push_back(std::move(difference));
    } else {
      ++hidden;
    }
  };
  const Named left = ByName(*built_layout);
  const Named right = ByName(*reference_layout);
  for (const auto& [key, section] : left) {
    const auto other = right.find(key);
    if (other == right.end()) {
      add({Printable(key.first), "only-in-built", Detail("{} bytes", section->size), {}});
      continue;
    }
    const std::string_view here = built.substr(section->offset, section->size);
    const std::string_view there = reference.substr(other->second->offset, other->second->size);
    if (here != there) add({Printable(key.first), "content", DescribeBytes(here, there), {}});
  }
  for (const auto& [key, section] : right) {
    if (!left.contains(key)) {
      add({Printable(key.first), "only-in-reference", Detail("{} bytes", section->size), {}});
    }
  }
  const std::string left_outside = OutsideSections(*built_layout, built);
  const std::string right_outside = OutsideSections(*reference_layout, reference);
  if (left_outside != right_outside) {
    const auto detail = DescribeBytes(left_outside, right_outside);
    add({"headers and tables", "content", Detail("outside of all sections: {}", detail), {}});
  }
  if (hidden != 0) result.sections.push_back({"…", "content", Detail("and {} more sections", hidden), {}});
  result.only_identification = OnlyIdentification(*built_layout, built, reference);
  return result;
}

}  // namespace nachbau::verifier
