#include "verifier/deb_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/verifier/samples.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

// "place|kind|detail", two blanks deeper for each level.
std::string Draw(const std::vector<Difference>& differences, const std::string& indent = "") {
  std::string text;
  for (const Difference& difference : differences) {
    text += indent + difference.place + "|" + difference.kind + "|" + difference.detail + "\n" +
            Draw(difference.inside, indent + "  ");
  }
  return text;
}

const std::vector<TarItem>& Plain() {
  static const std::vector<TarItem> items = {{"./", "", '5', 0755},
                                             {"./usr/bin/tool", "#!/bin/sh\nexit 0\n", '0', 0755},
                                             {"./usr/share/doc/readme", "one\ntwo\nthree\n"},
                                             {"./usr/lib/link", "", '2', 0777, 1'700'000'000, "../bin/tool"}};
  return items;
}

// The differences inside data.tar.xz after one change of the built package's entries.
template <typename Change>
std::string DataDifferences(const Change& change) {
  std::vector<TarItem> items = Plain();
  change(items);
  const DebComparison result = ExamineDebs(MakeDeb(items), MakeDeb(Plain()));
  EXPECT_FALSE(result.code_identical);
  for (const Difference& difference : result.differences) {
    if (difference.place == "data.tar.xz") return Draw(difference.inside);
  }
  return "no difference in data.tar.xz";
}

TEST(DebComparisonTest, EqualPackagesHaveNoDifference) {
  EXPECT_THAT(CompareDebs(MakeDeb(Plain()), MakeDeb(Plain())), IsEmpty());
}

TEST(DebComparisonTest, ShowsTheFirstDifferingLineOfAText) {
  EXPECT_EQ(DataDifferences([](auto& items) { items[2].content = "one\n2\nthree\n"; }),
            "./usr/share/doc/readme|content|line 2: \"2\", reference \"two\"\n");
  EXPECT_EQ(DataDifferences([](auto& items) { items[2].content = "one\n"; }),
            "./usr/share/doc/readme|content|line 2: (end of file), reference \"two\"\n");
}

TEST(DebComparisonTest, NamesOffsetAndNumberOfDifferingBytes) {
  EXPECT_EQ(DataDifferences([](auto& items) { items[2].content = std::string("one\ntwo\0THREE\n", 14); }),
            "./usr/share/doc/readme|content|first at offset 0x7: 6 of 14 bytes differ\n");
  EXPECT_EQ(DataDifferences([](auto& items) { items[2].content += '\0'; }),
            "./usr/share/doc/readme|content|15 bytes, reference 14; the first 14 are the same\n");
}

TEST(DebComparisonTest, NamesEveryMetadataField) {
  EXPECT_EQ(DataDifferences([](auto& items) { items[1].mode = 04755; }),
            "./usr/bin/tool|metadata|mode 4755, reference 0755\n");
  EXPECT_EQ(DataDifferences([](auto& items) { items[1].mtime = 1'700'000'001; }),
            "./usr/bin/tool|metadata|mtime 2023-11-14T22:13:21Z, reference 2023-11-14T22:13:20Z\n");
  EXPECT_EQ(DataDifferences([](auto& items) { items[1].owner = "daemon"; }),
            "./usr/bin/tool|metadata|owner daemon(0), reference root(0); group daemon(0), reference root(0)\n");
  EXPECT_EQ(DataDifferences([](auto& items) { items[3].link_target = "/etc/shadow"; }),
            "./usr/lib/link|metadata|link target /etc/shadow, reference ../bin/tool\n");
  EXPECT_EQ(DataDifferences([](auto& items) { items[3].type = '1'; }),
            "./usr/lib/link|metadata|type hard link, reference symbolic link\n");
}

TEST(DebComparisonTest, NamesWhatOnlyOneSideHas) {
  EXPECT_EQ(DataDifferences([](auto& items) { items.push_back({"./usr/extra\x1b[31m", "x"}); }),
            "./usr/extra\\x1b[31m|only-in-built|\n");
  EXPECT_EQ(DataDifferences([](auto& items) { items.erase(items.begin() + 2); }),
            "./usr/share/doc/readme|only-in-reference|\n");
}

TEST(DebComparisonTest, NamesAnotherOrder) {
  EXPECT_EQ(DataDifferences([](auto& items) { std::swap(items[1], items[2]); }),
            "./usr/share/doc/readme|order|entry 2 of those that both have, reference has ./usr/bin/tool there\n");
}

TEST(DebComparisonTest, SecondEntryOfAPathIsComparedWithTheSecond) {
  EXPECT_EQ(DataDifferences([](auto& items) { items.push_back(items[2]); }),
            "./usr/share/doc/readme|only-in-built|\n");
}

TEST(DebComparisonTest, ReportsContentAndMd5sumsTogether) {
  std::vector<TarItem> items = Plain();
  items[2].content = "one\n2\nthree\n";
  const auto differences = CompareDebs(MakeDeb(items), MakeDeb(Plain()));
  ASSERT_EQ(differences.size(), 2U);
  EXPECT_EQ(differences[0].place, "control.tar.xz");
  EXPECT_THAT(Draw(differences[0].inside), HasSubstr("./md5sums|content|line 2: "));
  EXPECT_EQ(differences[1].place, "data.tar.xz");
}

TEST(DebComparisonTest, TellsCompressionFromContent) {
  const auto differences = CompareDebs(MakeDeb(Plain(), "Package: sample\n", {"xz", "-0"}),
                                       MakeDeb(Plain(), "Package: sample\n", {"xz", "-9"}));
  ASSERT_EQ(differences.size(), 2U);
  EXPECT_EQ(differences[1].kind, "container");
  EXPECT_THAT(differences[1].detail, HasSubstr("the uncompressed content is equal; compressed differently: "));
  EXPECT_THAT(differences[1].inside, IsEmpty());
}

TEST(DebComparisonTest, ComparesPackagesThatAreCompressedInOtherWays) {
  std::vector<TarItem> items = Plain();
  items[2].content = "one\n2\nthree\n";
  const auto differences =
      CompareDebs(MakeDeb(items, "Package: sample\n", {"gzip", "-n"}), MakeDeb(Plain(), "Package: sample\n"));
  EXPECT_THAT(Draw(differences), AllOf(HasSubstr("data.tar.gz|container|the reference has data.tar.xz\n"),
                                       HasSubstr("  ./usr/share/doc/readme|content|line 2: \"2\"")));
}

TEST(DebComparisonTest, NamesDifferencesOfTheArHeaders) {
  const auto make = [](std::int64_t mtime) {
    return MakeAr({{"debian-binary", "2.0\n", mtime}, {"control.tar", MakeTar({})}, {"data.tar", MakeTar(Plain())}});
  };
  EXPECT_EQ(Draw(CompareDebs(make(5), make(6))), "debian-binary|metadata|mtime 5, reference 6\n");
}

TEST(DebComparisonTest, NamesMissingDoubledAndSwappedMembers) {
  const ArItem version = {"debian-binary", "2.0\n"};
  const ArItem control = {"control.tar", MakeTar({{"./control", "Package: x\n"}})};
  const ArItem data = {"data.tar", MakeTar(Plain())};
  const std::string reference = MakeAr({version, control, data});
  EXPECT_EQ(Draw(CompareDebs(MakeAr({version, control}), reference)), "data.tar|only-in-reference|\n");
  EXPECT_EQ(Draw(CompareDebs(MakeAr({version, control, data, {"_gpgorigin", "x"}}), reference)),
            "_gpgorigin|only-in-built|\n");
  EXPECT_EQ(Draw(CompareDebs(MakeAr({version, control, data, data}), reference)),
            "data.tar|only-in-built|the member stands there twice\n");
  EXPECT_EQ(Draw(CompareDebs(MakeAr({version, data, control}), reference)),
            "data.tar|order|member 2, reference has control.tar there\n");
  EXPECT_EQ(Draw(CompareDebs(MakeAr({{"debian-binary", "2.1\n"}, control, data}), reference)),
            "debian-binary|content|line 1: \"2.1\", reference \"2.0\"\n");
}

TEST(DebComparisonTest, LooksIntoGzipMembers) {
  const std::string text = "version 1\nversion 2\n";
  const auto gzip = [](const char* level, const std::string& content) { return Pipe({"gzip", "-n", level}, content); };
  std::vector<TarItem> built = Plain();
  std::vector<TarItem> reference = Plain();
  built.push_back({"./changelog.gz", gzip("-1", text)});
  reference.push_back({"./changelog.gz", gzip("-9", text)});
  EXPECT_THAT(Draw(CompareDebs(MakeDeb(built), MakeDeb(reference))),
              HasSubstr("  ./changelog.gz|container|the uncompressed content is equal; gzip: "));
  reference.back().content = gzip("-9", "version 1\nversion 3\n");
  EXPECT_THAT(Draw(CompareDebs(MakeDeb(built), MakeDeb(reference))),
              HasSubstr("    ./changelog|content|line 2: \"version 2\", reference \"version 3\"\n"));
  built.back().content.resize(built.back().content.size() - 3);  // damaged: compared as bytes
  EXPECT_THAT(Draw(CompareDebs(MakeDeb(built), MakeDeb(reference))), HasSubstr("./changelog.gz|content|first at offset"));
}

TEST(DebComparisonTest, LongLinesAreCutAroundTheDifference) {
  const std::string detail = DataDifferences([](auto& items) { items[2].content = std::string(5000, 'x') + "\n"; });
  EXPECT_LT(detail.size(), 400U);
  EXPECT_THAT(detail, HasSubstr("xxx…\""));
}

// ---- ELF and code identity

class ElfInDebTest : public testing::Test {
 protected:
  static constexpr const char* kSource = "int answer(void) { return 42; }\n";
  static constexpr const char* kId1 = "11111111111111111111111111111111";
  static constexpr const char* kId2 = "22222222222222222222222222222222";

  static std::vector<TarItem> With(const std::string& elf, const std::string& readme = "read me\n") {
    return {{"./", "", '5', 0755}, {"./usr/lib/liba.so", elf}, {"./usr/share/doc/readme", readme}};
  }
};

TEST_F(ElfInDebTest, BuildIdAndDebugLinkAloneAreCodeIdentical) {
  const DebComparison result = ExamineDebs(MakeDeb(With(MakeElf(kSource, kId1, "1111.debug"))),
                                           MakeDeb(With(MakeElf(kSource, kId2, "2222.debug"))));
  EXPECT_TRUE(result.code_identical);
  const std::string drawing = Draw(result.differences);
  EXPECT_THAT(drawing, AllOf(HasSubstr("./md5sums|content|"), HasSubstr("  ./usr/lib/liba.so|content|"),
                             HasSubstr("    .gnu_debuglink|content|"), HasSubstr("    .note.gnu.build-id|content|")));
  EXPECT_THAT(drawing, testing::Not(HasSubstr(".text")));
}

TEST_F(ElfInDebTest, OtherCodeIsNot) {
  const DebComparison result =
      ExamineDebs(MakeDeb(With(MakeElf("int answer(void) { return 43; }\n", kId1))), MakeDeb(With(MakeElf(kSource, kId2))));
  EXPECT_FALSE(result.code_identical);
  EXPECT_THAT(Draw(result.differences), HasSubstr("    .text|content|first at offset 0x1: 1 of 6 bytes differ\n"));
}

TEST_F(ElfInDebTest, AnotherFileBesidesIsNot) {
  EXPECT_FALSE(
      ExamineDebs(MakeDeb(With(MakeElf(kSource, kId1), "read us\n")), MakeDeb(With(MakeElf(kSource, kId2)))).code_identical);
}

TEST_F(ElfInDebTest, AnotherModeBesidesIsNot) {
  std::vector<TarItem> built = With(MakeElf(kSource, kId1));
  built[1].mode = 0755;
  EXPECT_FALSE(ExamineDebs(MakeDeb(built), MakeDeb(With(MakeElf(kSource, kId2)))).code_identical);
}

TEST_F(ElfInDebTest, AnotherControlFileBesidesIsNot) {
  EXPECT_FALSE(ExamineDebs(MakeDeb(With(MakeElf(kSource, kId1)), "Package: other\n"),
                           MakeDeb(With(MakeElf(kSource, kId2)), "Package: sample\n"))
                   .code_identical);
}

TEST_F(ElfInDebTest, Md5sumsOfAnUntouchedFileMustNotDiffer) {
  const std::string built = MakeElf(kSource, kId1);
  const std::string reference = MakeElf(kSource, kId2);
  const auto deb = [](const std::string& elf, const std::string& sums) {
    return MakeAr({{"debian-binary", "2.0\n"},
                   {"control.tar", MakeTar({{"./md5sums", sums}})},
                   {"data.tar", MakeTar({{"./a.so", elf}, {"./b", "same"}})}});
  };
  const std::string zeros(32, '0');
  const std::string ones(32, '1');
  EXPECT_TRUE(ExamineDebs(deb(built, zeros + "  a.so\n" + ones + "  b\n"),
                          deb(reference, ones + "  a.so\n" + ones + "  b\n"))
                  .code_identical);
  EXPECT_FALSE(ExamineDebs(deb(built, zeros + "  a.so\n" + zeros + "  b\n"),
                           deb(reference, ones + "  a.so\n" + ones + "  b\n"))
                   .code_identical);
  EXPECT_FALSE(ExamineDebs(deb(built, zeros + "  b\n"), deb(reference, ones + "  a\n")).code_identical);
}

TEST_F(ElfInDebTest, ContainerDifferencesAloneAreNotCodeIdentical) {
  EXPECT_FALSE(ExamineDebs(MakeDeb(Plain(), "Package: s\n", {"xz", "-0"}), MakeDeb(Plain(), "Package: s\n", {"xz", "-9"}))
                   .code_identical);
}

// ---- hostile

TEST(DebComparisonTest, NothingOnOneSideIsADifferenceAndNoException) {
  const std::string deb = MakeDeb(Plain());
  for (const std::string& other : {std::string(), std::string("!<arch>\n"), std::string("garbage"), deb + "\n"}) {
    EXPECT_FALSE(CompareDebs(other, deb).empty());
    EXPECT_FALSE(CompareDebs(deb, other).empty());
  }
}

TEST(DebComparisonTest, EveryTruncationIsADifference) {
  const std::string deb = MakeDeb(Plain());
  for (std::size_t size = 0; size < deb.size(); size += 7) {
    const DebComparison result = ExamineDebs(deb.substr(0, size), deb);
    EXPECT_FALSE(result.differences.empty()) << size;
    EXPECT_FALSE(result.code_identical) << size;
  }
}

TEST(DebComparisonTest, EveryFlippedByteIsADifference) {
  const std::string elf = MakeElf("int f(void) { return 1; }\n", "1111");
  const std::string deb = MakeAr(
      {{"debian-binary", "2.0\n"}, {"control.tar", MakeTar({{"./control", "x"}})}, {"data.tar", MakeTar({{"./a", elf}})}});
  std::mt19937 random(7);
  for (int run = 0; run < 600; ++run) {
    std::string changed = deb;
    const std::size_t at = random() % changed.size();
    changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(1 + random() % 255));
    EXPECT_FALSE(CompareDebs(changed, deb).empty()) << at;
  }
}

}  // namespace
}  // namespace nachbau::verifier
