#include "base/deb822.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace nachbau {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Deb822Test, ReadsParagraphs) {
  const auto paragraphs = ParseParagraphs(
      "# comment\n\nPackage: hello\nDescription: short\n long\n .\n\tmore\nEmpty:\n\n \t\nPackage: world\n", "x");
  ASSERT_EQ(paragraphs.size(), 2U);
  EXPECT_EQ(paragraphs[0].Get("package"), "hello");
  EXPECT_EQ(paragraphs[0].Get("Description"), "short\n long\n .\n\tmore");
  EXPECT_EQ(paragraphs[0].Get("EMPTY"), "");
  EXPECT_EQ(paragraphs[0].line(), 3U);
  EXPECT_EQ(paragraphs[1].line(), 11U);
  EXPECT_EQ(paragraphs[1].Find("Description"), std::nullopt);
}

TEST(Deb822Test, SplitsMultiLineValues) {
  EXPECT_THAT(Paragraph::Lines("\n a b\n c"), ElementsAre("a b", "c"));
  EXPECT_THAT(Paragraph::Lines("first\n  second"), ElementsAre("first", " second"));
  EXPECT_THAT(Paragraph::Lines(""), IsEmpty());
}

TEST(Deb822Test, TakesAFileWithoutFinalNewline) {
  const auto paragraphs = ParseParagraphs("A: 1\nB:\n 2", "x");
  EXPECT_EQ(paragraphs.at(0).Get("B"), "\n 2");
}

TEST(Deb822Test, RefusesWithTheLine) {
  const struct {
    std::string text;
    const char* message;
  } kCases[] = {
      {"A: 1\nno field\n", "control:2: not a field: no field"},
      {" continuation\n", "control:1: continuation line without a field"},
      {"A: 1\n\n\n more\n", "control:4: continuation line without a field"},
      {"A: 1\nB: 2\na: 3\n", "control:3: duplicate field: a"},
      {": x\n", "control:1: not a field: : x"},
      {"A B: x\n", "control:1: not a field name: A B"},
      {std::string("A: x\0y\n", 7), "control:1: NUL byte"},
      {"\x1b[31m: x\n", "control:1: not a field name: \\x1b[31m"},
  };
  for (const auto& test : kCases) {
    try {
      ParseParagraphs(test.text, "control");
      ADD_FAILURE() << test.text;
    } catch (const ParseError& error) {
      EXPECT_STREQ(error.what(), test.message);
    }
  }
}

TEST(Deb822Test, SaysWhichFieldIsMissingAndWhere) {
  const auto paragraphs = ParseParagraphs("\n\nA: 1\n", "control");
  try {
    paragraphs.at(0).Get("Version");
    FAIL();
  } catch (const ParseError& error) {
    EXPECT_STREQ(error.what(), "control:3: field is missing: Version");
  }
}

TEST(SplitTest, CutsAtBlanksAndSeparators) {
  EXPECT_THAT(SplitWords(" a  b\n\tc "), ElementsAre("a", "b", "c"));
  EXPECT_THAT(SplitWords(" \n"), IsEmpty());
  EXPECT_THAT(SplitTrimmed("a , b c,,\n d", ','), ElementsAre("a", "b c", "d"));
  EXPECT_EQ(Trim("\t a b \r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
}

}  // namespace
}  // namespace nachbau
