#include "verifier/elf_sections.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>

#include "tests/verifier/samples.h"

namespace nachbau::verifier {
namespace {

constexpr const char* kSource = "int answer(void) { return 42; }\n";

// Section headers of a file of our own making, to be changed in place.
class ElfEditor {
 public:
  explicit ElfEditor(std::string bytes) : bytes_(std::move(bytes)) { std::memcpy(&header_, bytes_.data(), sizeof header_); }

  Elf64_Shdr Section(const std::string& name) const { return Read(NumberOf(name)); }
  void Change(const std::string& name, const std::function<void(Elf64_Shdr&)>& change) {
    const std::size_t number = NumberOf(name);
    Elf64_Shdr section = Read(number);
    change(section);
    std::memcpy(bytes_.data() + header_.e_shoff + number * sizeof section, &section, sizeof section);
  }
  std::string& bytes() { return bytes_; }

 private:
  Elf64_Shdr Read(std::size_t number) const {
    Elf64_Shdr section;
    std::memcpy(&section, bytes_.data() + header_.e_shoff + number * sizeof section, sizeof section);
    return section;
  }
  std::size_t NumberOf(const std::string& name) const {
    const Elf64_Shdr names = Read(header_.e_shstrndx);
    for (std::size_t i = 1; i < header_.e_shnum; ++i) {
      if (name == bytes_.c_str() + names.sh_offset + Read(i).sh_name) return i;
    }
    throw std::runtime_error("no section " + name);
  }
  std::string bytes_;
  Elf64_Ehdr header_;
};

TEST(ElfSectionsTest, NamesTheSectionsThatDiffer) {
  const ElfComparison result =
      CompareElf(MakeElf(kSource, "11111111"), MakeElf("int answer(void) { return 41; }\n", "22222222"));
  ASSERT_EQ(result.sections.size(), 2U);
  EXPECT_EQ(result.sections[0].place, ".note.gnu.build-id");
  EXPECT_EQ(result.sections[0].detail, "first at offset 0x10: 4 of 20 bytes differ");
  EXPECT_EQ(result.sections[1].place, ".text");
  EXPECT_FALSE(result.only_identification);
}

TEST(ElfSectionsTest, NamesSectionsOfOneSide) {
  const ElfComparison result =
      CompareElf(MakeElf(kSource, "11111111"), MakeElf(std::string(kSource) + "int data = 5;\n", "11111111"));
  bool found = false;
  for (const Difference& difference : result.sections) {
    if (difference.place == ".data") found = difference.kind == "only-in-reference" && difference.detail == "4 bytes";
  }
  EXPECT_TRUE(found);
}

TEST(ElfSectionsTest, OnlyBuildIdIsOnlyIdentification) {
  EXPECT_TRUE(CompareElf(MakeElf(kSource, "11111111"), MakeElf(kSource, "22222222")).only_identification);
}

TEST(ElfSectionsTest, EqualFilesHaveNoDifferingSection) {
  const std::string elf = MakeElf(kSource, "11111111");
  EXPECT_TRUE(CompareElf(elf, elf).sections.empty());
}

TEST(ElfSectionsTest, ABuildIdOfAnotherLengthIsMore) {
  EXPECT_FALSE(CompareElf(MakeElf(kSource, "1111111111111111"), MakeElf(kSource, "22222222")).only_identification);
}

// A section that calls itself an identification but covers code: whoever makes the file chooses names and places.
TEST(ElfSectionsTest, AnIdentificationThatLiesOverCodeIsNone) {
  ElfEditor built(MakeElf(kSource, "11111111", "1.debug"));
  const Elf64_Shdr text = built.Section(".text");
  const auto over_text = [&](Elf64_Shdr& section) {
    section.sh_offset = text.sh_offset;
    section.sh_size = text.sh_size;
  };
  built.Change(".gnu_debuglink", over_text);
  ElfEditor reference(built.bytes());
  ++reference.bytes()[text.sh_offset + 1];
  EXPECT_FALSE(CompareElf(built.bytes(), reference.bytes()).only_identification);
}

TEST(ElfSectionsTest, ADebugLinkInsideALoadedSegmentIsNone) {
  // .eh_frame renamed away: make the debug link cover loaded bytes that no other section names.
  ElfEditor built(MakeElf(kSource, "11111111", "1.debug"));
  const Elf64_Shdr text = built.Section(".text");
  built.Change(".gnu_debuglink", [&](Elf64_Shdr& section) {
    section.sh_offset = text.sh_offset + text.sh_size;  // padding of the loaded page, beyond every section
    section.sh_size = 4;
  });
  ElfEditor reference(built.bytes());
  ++reference.bytes()[text.sh_offset + text.sh_size];
  // The segment must reach that far for this to mean anything.
  Elf64_Ehdr header;
  std::memcpy(&header, built.bytes().data(), sizeof header);
  for (ElfEditor* editor : {&built, &reference}) {
    for (std::size_t i = 0; i < header.e_phnum; ++i) {
      char* place = editor->bytes().data() + header.e_phoff + i * sizeof(Elf64_Phdr);
      Elf64_Phdr segment;
      std::memcpy(&segment, place, sizeof segment);
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
      segment.p_filesz += 64;
      segment.p_memsz += 64;
      std::memcpy(place, &segment, sizeof segment);
    }
  }
  EXPECT_FALSE(CompareElf(built.bytes(), reference.bytes()).only_identification);
}

TEST(ElfSectionsTest, ADebugLinkThatIsLoadedIsNone) {
  ElfEditor built(MakeElf(kSource, "11111111", "1.debug"));
  built.Change(".gnu_debuglink", [](Elf64_Shdr& section) { section.sh_flags |= SHF_ALLOC; });
  ElfEditor reference(built.bytes());
  ++reference.bytes()[reference.Section(".gnu_debuglink").sh_offset];
  EXPECT_FALSE(CompareElf(built.bytes(), reference.bytes()).only_identification);
}

TEST(ElfSectionsTest, ABuildIdNoteThatIsNoneIsNone) {
  ElfEditor built(MakeElf(kSource, "11111111"));
  const std::size_t note = built.Section(".note.gnu.build-id").sh_offset;
  for (const std::size_t at : {std::size_t{0}, std::size_t{4}, std::size_t{8}, std::size_t{12}}) {
    ElfEditor changed(built.bytes());
    ++changed.bytes()[note + at];
    ElfEditor reference(changed.bytes());
    ++reference.bytes()[note + 16];
    EXPECT_FALSE(CompareElf(changed.bytes(), reference.bytes()).only_identification) << at;
  }
}

TEST(ElfSectionsTest, BytesOutsideOfSectionsCount) {
  const std::string built = MakeElf(kSource, "11111111");
  std::string reference = built;
  ++reference[EI_OSABI];
  const ElfComparison result = CompareElf(built, reference);
  ASSERT_EQ(result.sections.size(), 1U);
  EXPECT_EQ(result.sections[0].place, "headers and tables");
  EXPECT_FALSE(result.only_identification);
}

TEST(ElfSectionsTest, SurvivesEveryTruncation) {
  const std::string elf = MakeElf(kSource, "11111111");
  for (std::size_t size = 0; size < elf.size(); size += 13) {
    EXPECT_FALSE(CompareElf(elf.substr(0, size), elf).only_identification) << size;
  }
}

TEST(ElfSectionsTest, SurvivesHostileHeaders) {
  const std::string elf = MakeElf(kSource, "11111111", "1.debug");
  Elf64_Ehdr header;
  std::memcpy(&header, elf.data(), sizeof header);
  std::mt19937 random(3);
  for (int run = 0; run < 3000; ++run) {
    std::string changed = elf;
    for (int change = 0; change < 3; ++change) {
      // The ELF header, the program headers, or the section headers.
      const std::size_t at = run % 2 == 0 ? random() % 1024 : header.e_shoff + random() % (changed.size() - header.e_shoff);
      changed[at] = static_cast<char>(random());
    }
    if (changed == elf) continue;
    const ElfComparison result = CompareElf(changed, elf);
    if (!result.only_identification) continue;
    // Then the change must be inside the two sections, as the unchanged file has them.
    for (std::size_t i = 0; i < elf.size(); ++i) {
      if (changed[i] == elf[i]) continue;
      const Elf64_Shdr id = ElfEditor(elf).Section(".note.gnu.build-id");
      const Elf64_Shdr link = ElfEditor(elf).Section(".gnu_debuglink");
      EXPECT_TRUE((i >= id.sh_offset + 16 && i < id.sh_offset + id.sh_size) ||
                  (i >= link.sh_offset && i < link.sh_offset + link.sh_size))
          << i;
    }
  }
}

}  // namespace
}  // namespace nachbau::verifier
