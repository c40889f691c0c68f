// debian/copyright, the source's own statements, and what follows for a binary package.
#include "sbom/licences/copyright.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "base/error.h"
#include "sbom/licences/licence_index.h"
#include "sbom/licences/licences.h"
#include "sbom/licences/package_licences.h"
#include "sbom/licences/path_pattern.h"
#include "sbom/licences/reuse_toml.h"
#include "sbom/licences/source_archives.h"
#include "sbom/licences/spdx_tags.h"
#include "tests/sbom/samples.h"

namespace nachbau::sbom {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;

constexpr const char* kFormat = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";

std::vector<std::string> Rendered(const std::vector<Message>& messages) {
  std::vector<std::string> texts;
  for (const Message& message : messages) texts.push_back(Render(message));
  return texts;
}

TEST(CopyrightTest, CollectsTheLicencesOfAllFiles) {
  const Copyright copyright = ParseCopyright(std::string(kFormat) +
                                                 "License: ISC\n\n"
                                                 "Files: *\nCopyright: A\nLicense: GPL-2+\n Text.\n\n"
                                                 "Files: x\n y\nCopyright: B\nLicense: Expat or GPL-2+\n\n"
                                                 "License: Zlib\n The text of a licence nothing is under.\n",
                                             "copyright");
  EXPECT_TRUE(copyright.machine_readable);
  EXPECT_THAT(copyright.licences, ElementsAre("GPL-2.0-or-later", "GPL-2.0-or-later OR MIT", "ISC"));
}

TEST(CopyrightTest, FilesWithoutALicenceAreOfAnUnknownOne) {
  const std::string start = std::string(kFormat) + "\nFiles: *\nCopyright: A\n";
  const Copyright silent = ParseCopyright(start, "copyright");
  EXPECT_THAT(silent.licences, ElementsAre("LicenseRef-debian-unstated"));
  EXPECT_EQ(silent.Find("x")->expression, "");
  EXPECT_THAT(Rendered(silent.problems), ElementsAre("copyright:3: no licence is stated for these files"));
  // A text without a name is one that has none.
  const Copyright unnamed = ParseCopyright(start + "License:\n Some text.\n", "copyright");
  ASSERT_THAT(unnamed.licences, ElementsAre(StartsWith("LicenseRef-debian-unnamed--")));
  EXPECT_EQ(unnamed.texts.at(*unnamed.licences.begin()), "Some text.\n");
}

TEST(CopyrightTest, AnExplanationInTheHeaderIsNoLicence) {
  const Copyright copyright = ParseCopyright(
      std::string(kFormat) + "\nLicense:\n Different licenses apply.\n\nFiles: *\nCopyright: A\nLicense: Expat\n", "copyright");
  EXPECT_THAT(copyright.licences, ElementsAre("MIT"));
}

TEST(CopyrightTest, WhatIsNotMachineReadableIsUnknownAndSaysWhy) {
  const std::string format = kFormat;
  const std::pair<std::string, const char*> cases[] = {
      {"", "debian/copyright is empty"},
      {"This package was debianized by hand.\n\nLicense: GPL\n", "debian/copyright is not machine-readable"},
      {"License: GPL-2\n", "debian/copyright is not machine-readable"},
      {"Format: something else\n\nFiles: *\nLicense: MIT\n", "debian/copyright is not machine-readable"},
      {format, "debian/copyright says nothing of any file"},
      {format + "\nLicense: MIT\n", "debian/copyright says nothing of any file"},
      {format + "\nFiles: *\nnot a field\n", "debian/copyright cannot be read: copyright:4: not a field"},
      {format + "\nFiles: *\nFiles: x\nLicense: MIT\n", "debian/copyright cannot be read: copyright:4: duplicate field"},
      {format + std::string("\nFiles: *\0\n", 11), "NUL byte"},
  };
  for (const auto& [text, reason] : cases) {
    const Copyright copyright = ParseCopyright(text, "copyright");
    EXPECT_FALSE(copyright.machine_readable) << text;
    EXPECT_THAT(copyright.licences, IsEmpty()) << text;
    EXPECT_THAT(copyright.files, IsEmpty()) << text;
    EXPECT_THAT(Render(copyright.reason), HasSubstr(reason)) << text;
  }
}

TEST(CopyrightTest, TextsForPeopleGiveHintsAndNoMore) {
  const LicenceIndex index = LicenceIndex::Make(
      "On Debian systems, see /usr/share/common-licenses/GPL-2 and\n`/usr/share/common-licenses/LGPL'.\n", "old");
  EXPECT_EQ(index.Declared(), "");
  EXPECT_EQ(Render(index.WhyUndeclared()), "debian/copyright is not machine-readable");
  EXPECT_THAT(index.Hints(), ElementsAre("GPL-2", "LGPL"));
  EXPECT_EQ(index.ExpressionFor("a.c"), "");
  EXPECT_EQ(index.Concluded({"a.c"}), "");
}

TEST(CopyrightTest, LastMatchWins) {
  const Copyright copyright = ParseCopyright(std::string(kFormat) +
                                                 "Files-Excluded: doc/rfc*.txt\n lib/evil.js\n\n"
                                                 "Files: *\nCopyright: 2001, A\n  2002, B <b@example.org>\nLicense: GPL-2\n\n"
                                                 "Files: ./lib/*, src/a?.c\nCopyright: C\nLicense: Expat\n\n"
                                                 "Files: lib/x\\*y lib/\\q\nCopyright: D\nLicense: ISC\n\n"
                                                 "Files: lib/sub/*\nCopyright: E\nLicense: Zlib\n",
                                             "copyright");
  const std::pair<const char*, const char*> cases[] = {
      {"README", "GPL-2.0-only"}, {"lib/a.c", "MIT"},          {"lib/deep/er/a.c", "MIT"}, {"src/ab.c", "MIT"},
      {"src/abc.c", "GPL-2.0-only"}, {"lib/x*y", "ISC"},        {"lib/xzy", "MIT"},        {"lib/\\q", "ISC"},
      {"lib/sub/x*y", "Zlib"},     {"./lib/a.c", "GPL-2.0-only"}, {"src/a\xc3\xa9.c", "MIT"},
  };
  for (const auto& [path, expected] : cases) EXPECT_EQ(copyright.Find(path)->expression, expected) << path;
  EXPECT_THAT(copyright.excluded, ElementsAre("doc/rfc*.txt", "lib/evil.js"));
  EXPECT_THAT(copyright.Find("README")->holders, ElementsAre("2001, A", "2002, B <b@example.org>"));
  EXPECT_EQ(copyright.Find("lib/a.c")->line, 10U);
  EXPECT_THAT(Rendered(copyright.problems),
              ElementsAre("copyright:10: a comma after a pattern is left out: ./lib/*,",
                          "copyright:10: './' before a pattern is left out: ./lib/*",
                          "copyright:14: a backslash that escapes nothing: lib/\\q"));
  EXPECT_EQ(ParseCopyright(std::string(kFormat) + "\nFiles: a\nCopyright: A\nLicense: ISC\n", "c").Find("b"), nullptr);
}

TEST(CopyrightTest, OddFilesAreReadAsTheyWereMeant) {
  const std::string latin = std::string("\xef\xbb\xbf") + kFormat + "\r\nFiles: *\r\nCopyright: J\xfcrgen\r\nLicense: Viag\xe9nie\r\n";
  const Copyright copyright = ParseCopyright(latin, "copyright", "unbound");
  EXPECT_THAT(copyright.licences, ElementsAre("LicenseRef-debian-Viagenie--unbound"));
  EXPECT_THAT(copyright.Find("x")->holders, ElementsAre("J\xc3\xbcrgen"));
  EXPECT_THAT(Rendered(copyright.problems), Contains("copyright: not in UTF-8; read as ISO 8859-1"));
  const Copyright draft = ParseCopyright("Format: http://dep.debian.net/deps/dep5/\n\nFiles: *\nCopyright: A\nLicense: ISC\n", "c");
  EXPECT_THAT(draft.licences, ElementsAre("ISC"));
  const Copyright header = ParseCopyright(std::string(kFormat) + "Files: *\nCopyright: A\nLicense: ISC\n", "c");
  EXPECT_THAT(header.licences, ElementsAre("ISC"));
  EXPECT_THAT(Rendered(header.problems), ElementsAre("c:1: Files stands in the first paragraph"));
}

TEST(CopyrightTest, ASecondCommentHidesNothing) {
  const std::string text = std::string(kFormat) + "\nFiles: *\nCopyright: A\nComment: one\nLicense: ISC\ncomment: two\n more\n\n"
                                                  "Files: b\nComment: three\nCopyright: B\nLicense: Expat\n";
  const Copyright copyright = ParseCopyright(text, "c");
  EXPECT_EQ(copyright.Find("a")->expression, "ISC");
  EXPECT_EQ(copyright.Find("b")->expression, "MIT");
  EXPECT_EQ(copyright.Find("b")->line, 10U);
}

TEST(CopyrightTest, SameNameAndOtherTextIsAnotherLicence) {
  const auto reference = [](const std::string& text, const std::string& source) {
    const Copyright copyright = ParseCopyright(
        std::string(kFormat) + "\nFiles: *\nCopyright: A\nLicense: other\n" + text, "copyright", source);
    return *copyright.licences.begin();
  };
  EXPECT_EQ(reference(" Do what you like.\n", "a"), reference(" Do  what\n you like.\n", "b"));
  EXPECT_NE(reference(" Do what you like.\n", "a"), reference(" Do nothing.\n", "a"));
  EXPECT_EQ(reference("", "a"), "LicenseRef-debian-other--a");
  // Names that differ only in what an identifier must not hold stay two.
  const Copyright names = ParseCopyright(std::string(kFormat) + "\nFiles: *\nCopyright: A\nLicense: x/y\n\n"
                                                                "Files: b\nCopyright: A\nLicense: X/Y\n\n"
                                                                "Files: c\nCopyright: A\nLicense: x_y\n", "copyright", "s");
  EXPECT_THAT(names.licences, ElementsAre("LicenseRef-debian-x-y--s", StartsWith("LicenseRef-debian-x-y--s-")));
  EXPECT_EQ(names.Find("b")->expression, names.Find("a")->expression);
}

TEST(CopyrightTest, TextsAreKept) {
  const std::string text = std::string(kFormat) +
                           "\nFiles: *\nCopyright: A\nLicense: other and MIT/X and GPL-2+ with OpenSSL exception\n\n"
                           "License: Other\n First line.\n  Verbatim.\n .\n Last line.\n\n"
                           "License: GPL-2+ with OpenSSL  exception\n You may link.\n\n"
                           "License: MIT/X\n Anybody may deal in the Software without restriction.\n";
  const LicenceIndex index = LicenceIndex::Make(text, "s");
  const Json details = index.Details(index.Declared());
  ASSERT_EQ(details.size(), 2U) << details;
  EXPECT_THAT(details[0].at("licenseIdentifier").get<std::string>(),
              StartsWith("LicenseRef-debian-GPL-2-or-later-with-OpenSSL-exception--"));
  EXPECT_EQ(details[0].at("text").at("content"), "You may link.\n");
  EXPECT_THAT(details[1].at("licenseIdentifier").get<std::string>(), StartsWith("LicenseRef-debian-other--"));
  EXPECT_EQ(details[1].at("text"), Json({{"contentType", "text/plain"}, {"content", "First line.\n Verbatim.\n\nLast line.\n"}}));
  EXPECT_THAT(index.Declared(), HasSubstr(" AND MIT"));
  EXPECT_EQ(index.Details("MIT"), Json::array());
}

TEST(CopyrightTest, TextThatIsNotOfTheNamedLicenceIsTold) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += " Nobody may use this without asking.\n";
  const Copyright copyright =
      ParseCopyright(std::string(kFormat) + "\nFiles: *\nCopyright: A\nLicense: Expat\n" + text, "copyright", "s");
  EXPECT_THAT(copyright.licences, ElementsAre(StartsWith("LicenseRef-debian-Expat--")));
  EXPECT_THAT(Rendered(copyright.problems),
              ElementsAre("copyright:3: the text given for Expat is not that of MIT; it keeps a name of its own"));
}

TEST(CopyrightTest, HostileFilesEnd) {
  std::string patterns, paragraphs;
  for (int i = 0; i < 1000; ++i) patterns += "*a";
  const Copyright copyright =
      ParseCopyright(std::string(kFormat) + "\nFiles: " + patterns + "b*\nCopyright: A\nLicense: ISC\n", "copyright");
  EXPECT_EQ(copyright.Find(std::string(4000, 'a')), nullptr);
  std::string synopsis = "a";
  for (int i = 0; i < 50; ++i) synopsis += " (b" + std::to_string(i) + " or (c))) and";
  for (int i = 0; i < 200; ++i) paragraphs += "Files: f" + std::to_string(i) + "\nLicense: " + synopsis + "\n\n";
  EXPECT_EQ(ParseCopyright(std::string(kFormat) + "\n" + paragraphs, "copyright").files.size(), 200U);
  std::string many;
  for (int i = 0; i < 100'001; ++i) many += " x";
  EXPECT_THAT(Render(ParseCopyright(std::string(kFormat) + "\nFiles:" + many + "\n", "copyright").reason),
              HasSubstr("too many or too long patterns"));
}

TEST(PathPatternTest, DialectsMatchAsTheirSpecificationsSay) {
  using Dialect = PathPattern::Dialect;
  const std::tuple<Dialect, const char*, const char*, bool> cases[] = {
      {Dialect::kDep5, "*", "a/b", true},          {Dialect::kDep5, "*.c", "a/b.c", true},
      {Dialect::kDep5, "a*b*c", "axbxc", true},    {Dialect::kDep5, "a*b*c", "axcxb", false},
      {Dialect::kDep5, "a*a", "a", false},         {Dialect::kDep5, "a*a", "aa", true},
      {Dialect::kDep5, "a**a", "aa", true},        {Dialect::kDep5, "??", "a", false},
      {Dialect::kDep5, "a?", "a/", true},          {Dialect::kDep5, "a\\?", "a?", true},
      {Dialect::kDep5, "a\\?", "ab", false},       {Dialect::kDep5, "[a]", "[a]", true},
      {Dialect::kDep5, "a", "a/b", false},         {Dialect::kDep5, "*a?b", "xaab", true},
      {Dialect::kDep5, "", "", true},              {Dialect::kDep5, "\\", "\\", true},
      {Dialect::kReuse, "*", "a", true},           {Dialect::kReuse, "*", "a/b", false},
      {Dialect::kReuse, "**", "a/b", true},        {Dialect::kReuse, "src/*.c", "src/a.c", true},
      {Dialect::kReuse, "src/*.c", "src/a/b.c", false}, {Dialect::kReuse, "src/**/b.c", "src/a/c/b.c", true},
      {Dialect::kReuse, "*/x/**", "a/x/b/c", true}, {Dialect::kReuse, "*/x/**", "a/b/x/c", false},
      {Dialect::kReuse, "a?", "ab", false},        {Dialect::kReuse, "a\\*", "a*", true},
      {Dialect::kReuse, "a\\*", "ab", false},      {Dialect::kReuse, "***", "a/b", true},
  };
  for (const auto& [dialect, pattern, path, expected] : cases) {
    EXPECT_EQ(PathPattern(pattern, dialect).Matches(path), expected) << pattern << " / " << path;
  }
}

TEST(SpdxTagsTest, AreFoundInTheBeginningOfAFile) {
  const std::string tag = "SPDX-License-Identifier:";
  const std::pair<std::string, const char*> cases[] = {
      {"/* " + tag + " MIT */\n", "MIT"},
      {"// " + tag + "\tGPL-2.0+\n", "GPL-2.0+"},
      {"<!-- " + tag + " MIT OR Apache-2.0 -->", "MIT OR Apache-2.0"},
      {"<!-- " + tag + " MIT-->", "MIT"},
      {"{#- " + tag + " MIT -#}", "MIT"},
      {"(* " + tag + " (MIT AND ISC) *)", "MIT AND ISC"},
      {"/* SPDX (" + tag + " MIT) */", "MIT"},
      {"static const char l[] = \"" + tag + " MIT\\n\";", "MIT"},
      {"# " + tag + " MIT\r\n# " + tag + " ISC\r\n", "MIT; ISC"},
      {"/* " + tag + " GPL-2.0 WITH Linux-syscall-note */", "GPL-2.0 WITH Linux-syscall-note"},
      {"* " + tag + " MIT    *\n", "MIT"},
      // No tags, and no statements.
      {"print(\"" + tag + "\" + name)", ""},
      {"# " + tag + " <identifier>\n", ""},
      {"# " + tag + "\nMIT\n", ""},
      {"# " + tag + " GPL-2.0/MIT\n", "!GPL-2.0/MIT"},
      {"# " + tag + " the same as above\n", "!the same as above"},
      {"# " + tag + " MIT, ISC\n", "!MIT, ISC"},
      {std::string("\x7f" "ELF\0", 5) + tag + " MIT\n", ""},
      {"# REUSE-IgnoreStart\n# " + tag + " MIT\n# REUSE-IgnoreEnd\n# " + tag + " ISC\n", "ISC"},
      {"# REUSE-IgnoreStart\n# " + tag + " MIT\n", ""},
      {std::string(kTagBytes, '#') + tag + " MIT\n", ""},
      {std::string(kTagBytes - tag.size() - 3, '#') + tag + " MIT OR ISC\n", ""},
  };
  for (const auto& [text, expected] : cases) {
    const SpdxTags tags = FindSpdxTags(text);
    std::string found;
    for (const LicenceExpression& expression : tags.expressions) found += (found.empty() ? "" : "; ") + FormatLicenceExpression(expression);
    for (const std::string& malformed : tags.malformed) found += "!" + malformed;
    EXPECT_EQ(found, expected) << text.substr(0, 200);
  }
}

TEST(SpdxTagsTest, NamesThatSpdxDoesNotHaveAreTranslatedOrKeepTheirOwn) {
  const std::pair<const char*, const char*> cases[] = {
      {"Expat", "MIT"},
      {"GPL-2+ OR LicenseRef-KDE", "GPL-2.0-or-later OR LicenseRef-KDE"},
      {"Foo-1", "LicenseRef-upstream-Foo-1--src"},
      {"GPL-2.0 WITH Foo-1", "LicenseRef-upstream-GPL-2.0-with-Foo-1--src"},
      {"GPL-2.0 WITH Linux-syscall-note", "GPL-2.0-only WITH Linux-syscall-note"},
      {"Libtool-exception", "LicenseRef-upstream-Libtool-exception--src"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(FormatLicenceExpression(WithKnownIdentifiers(ParseLicenceExpression(text, "x"), "src")), expected) << text;
  }
}

TEST(ReuseTomlTest, RefusesWhatItCannotRead) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "REUSE.toml:1: version must be 1"},
      {"version = 2\n", "version must be 1"},
      {"version = 1\nannotations = 3\n", "REUSE.toml:2: annotations must be an array of tables"},
      {"version = 1\n[[annotations]]\nSPDX-License-Identifier = \"MIT\"\n", "path must be a path or several"},
      {"version = 1\n[[annotations]]\npath = 1\n", "REUSE.toml:3: path must be a text or an array of texts"},
      {"version = 1\n[[annotations]]\npath = \"*\"\nprecedence = \"first\"\n", "precedence must be"},
      {"version = 1\n[[annotations]]\npath = \"*\"\nSPDX-License-Identifier = \"MIT ISC\"\n", "REUSE.toml:2: AND, OR or WITH is missing before \"ISC\""},
      {"version = 1\n[[annotations\n", "REUSE.toml:2: "},
      {"version = 1\n[\n[[annotations]]\n", "REUSE.toml:2: a table without a name"},
      {"version = 1\n [ [ \r\n", "REUSE.toml:2: a table without a name"},
      {"version = 1 # \xff\n", "not UTF-8"},
  };
  for (const auto& [text, message] : cases) {
    try {
      ParseReuseToml(text, "REUSE.toml");
      ADD_FAILURE() << text;
    } catch (const ParseError& error) {
      EXPECT_THAT(error.what(), HasSubstr(message)) << text;
    }
  }
}

TEST(UpstreamStatementsTest, FollowTheReuseSpecification) {
  const std::string tag = "SPDX-License-Identifier: ";
  UpstreamReader reader("src");
  reader.Add("REUSE.toml",
             "version = 1\n"
             "[[annotations]]\npath = [\"img/**\", \"own/**\", \"over/**\"]\nSPDX-License-Identifier = \"CC0-1.0\"\n"
             "[[annotations]]\npath = \"img/logo.png\"\nSPDX-License-Identifier = [\"CC-BY-4.0\", \"LicenseRef-logo\"]\n"
             "[[annotations]]\npath = \"more/**\"\nprecedence = \"aggregate\"\nSPDX-License-Identifier = \"ISC\"\n"
             "[[annotations]]\npath = \"over/all/**\"\nprecedence = \"override\"\nSPDX-License-Identifier = \"Zlib\"\n");
  reader.Add("own/REUSE.toml", "version = 1\n[[annotations]]\npath = \"*\"\nSPDX-License-Identifier = \"MIT-0\"\n");
  reader.Add("over/all/REUSE.toml",
             "version = 1\n[[annotations]]\npath = \"**\"\nprecedence = \"override\"\nSPDX-License-Identifier = \"MIT-0\"\n");
  reader.Add("bad/REUSE.toml", "version = 3\n");
  reader.Add("LICENSES/LicenseRef-logo.txt", "Show it.\n");
  reader.Add("LICENSES/MIT.txt", tag + "MIT\n");
  for (const char* path : {"img/a.png", "img/logo.png", "own/a", "own/sub/a", "nothing"}) reader.Add(path, "");
  for (const char* path : {"img/b.c", "more/a.c", "over/all/a.c", "c.c", "debian/x"}) reader.Add(path, "// " + tag + "MIT\n");
  reader.Add("c.c.license", tag + "GPL-2.0\n");
  reader.Add("bad.c", "// " + tag + "GPL-2.0/MIT\n");
  reader.Remove("debian/");
  const UpstreamStatements statements = reader.Finish();
  std::map<std::string, std::string> found;
  for (const auto& [path, statement] : statements.by_file) found[path] = statement.expression + " @ " + statement.place;
  EXPECT_THAT(found, ElementsAre(Pair("c.c", "GPL-2.0-only @ c.c.license"), Pair("c.c.license", "GPL-2.0-only @ c.c.license"),
                                 Pair("img/a.png", "CC0-1.0 @ REUSE.toml:2"), Pair("img/b.c", "MIT @ img/b.c"),
                                 Pair("img/logo.png", "CC-BY-4.0 AND LicenseRef-logo @ REUSE.toml:5"),
                                 Pair("more/a.c", "ISC AND MIT @ REUSE.toml:8 more/a.c"),
                                 Pair("over/all/REUSE.toml", "Zlib @ REUSE.toml:12"), Pair("over/all/a.c", "Zlib @ REUSE.toml:12"),
                                 Pair("own/REUSE.toml", "MIT-0 @ own/REUSE.toml:2"), Pair("own/a", "MIT-0 @ own/REUSE.toml:2"),
                                 Pair("own/sub/a", "CC0-1.0 @ REUSE.toml:2")));
  EXPECT_THAT(statements.texts, ElementsAre(Pair("LicenseRef-logo", "Show it.\n")));
  EXPECT_THAT(Rendered(statements.problems),
              ElementsAre(AllOf(StartsWith("bad/REUSE.toml is not used: "), HasSubstr("version must be 1")),
                          "bad.c: this SPDX tag is no licence expression and does not count: GPL-2.0/MIT"));
}

TEST(UpstreamStatementsTest, OldFormOfReuseIsReadToo) {
  UpstreamReader reader("src");
  reader.Add(".reuse/dep5", std::string(kFormat) + "\nFiles: doc/*\nCopyright: A\nLicense: CC-BY-4.0\n");
  reader.Add("doc/a.md", "");
  reader.Add("doc/b.c", "// SPDX-License-Identifier: MIT\n");
  const UpstreamStatements statements = reader.Finish();
  EXPECT_EQ(statements.by_file.at("doc/a.md").expression, "CC-BY-4.0");
  EXPECT_EQ(statements.by_file.at("doc/a.md").place, ".reuse/dep5:3");
  EXPECT_EQ(statements.by_file.at("doc/b.c").expression, "CC-BY-4.0 AND MIT");
}

class LicenceIndexTest : public testing::Test {
 protected:
  static LicenceIndex Make() {
    UpstreamReader reader("s");
    for (const char* path : {"src/a.c", "src/b.c", "tests/t1.c", "tests/t2.c", "tests/t3.c", "tests/t4.c", "debian/rules",
                             "debian/s.install", "debian/s.init", "debian/patches/x", "extra/a"}) {
      reader.Add(path, "");
    }
    reader.Add("src/same.c", "// SPDX-License-Identifier: BSD-3-Clause\n");
    reader.Add("src/other.c", "// SPDX-License-Identifier: ISC OR MIT\n");
    reader.Add("extra/tagged", "// SPDX-License-Identifier: MIT\n");
    return LicenceIndex::Make(std::string(kFormat) +
                                  "\nFiles: src/* tests/*\nCopyright: 1999, A\nLicense: BSD-3-clause\n\n"
                                  "Files: src/b.c\nCopyright: B\nLicense: Apache-2.0\n\n"
                                  "Files: tests/*\nCopyright: T\nLicense: GPL-3+\n\n"
                                  "Files: debian/*\nCopyright: D\nLicense: GPL-2+\n",
                              "s", reader.Finish());
  }
};

TEST_F(LicenceIndexTest, ConcludesFromOnlyWhatWentIn) {
  const LicenceIndex index = Make();
  EXPECT_EQ(index.Declared(), "Apache-2.0 AND BSD-3-Clause AND GPL-2.0-or-later AND GPL-3.0-or-later");
  const Conclusion one = index.Conclude({"src/a.c", "src/same.c"});
  EXPECT_EQ(one.expression, "BSD-3-Clause");
  EXPECT_EQ(one.files, 2U);
  EXPECT_THAT(one.differences, IsEmpty());
  std::vector<std::string> absent;
  for (const AbsentLicence& licence : one.absent) {
    absent.push_back(licence.licence + " " + std::to_string(licence.files) + " " + licence.examples.front());
  }
  EXPECT_THAT(absent, ElementsAre("Apache-2.0 1 src/b.c", "GPL-2.0-or-later 4 debian/patches/x", "GPL-3.0-or-later 4 tests/t1.c",
                                  "ISC 1 src/other.c", "MIT 2 extra/tagged"));
  EXPECT_THAT(one.absent[2].examples, ElementsAre("tests/t1.c", "tests/t2.c", "tests/t3.c"));
  EXPECT_EQ(index.Concluded({"src/b.c", "tests/t1.c"}), "Apache-2.0 AND GPL-3.0-or-later");
  EXPECT_THAT(index.CopyrightLines({"src/a.c", "src/b.c", "debian/rules"}), ElementsAre("1999, A", "B"));
}

TEST_F(LicenceIndexTest, StatementsThatDifferBothApplyAndAreTold) {
  const LicenceIndex index = Make();
  const Conclusion conclusion = index.Conclude({"src/other.c"});
  EXPECT_EQ(conclusion.expression, "BSD-3-Clause AND (ISC OR MIT)");
  ASSERT_EQ(conclusion.differences.size(), 1U);
  EXPECT_EQ(conclusion.differences[0].path, "src/other.c");
  EXPECT_EQ(conclusion.differences[0].debian, "BSD-3-Clause");
  EXPECT_EQ(conclusion.differences[0].upstream, "ISC OR MIT");
  const FileLicence file = index.LicenceFor("src/other.c");
  EXPECT_TRUE(file.differs);
  EXPECT_EQ(file.debian_place, "debian/copyright:3");
  EXPECT_EQ(file.upstream_place, "src/other.c");
  EXPECT_EQ(index.ExpressionFor("extra/tagged"), "MIT");  // what debian/copyright does not know of
}

TEST_F(LicenceIndexTest, UnknownStaysUnknown) {
  const LicenceIndex index = Make();
  const Conclusion none = index.Conclude({});
  EXPECT_EQ(none.expression, "");
  EXPECT_EQ(Render(none.reason), "no file of the source is known to have gone into it");
  EXPECT_THAT(none.absent, IsEmpty());
  const Conclusion all = index.Conclude({"extra/a"});
  EXPECT_EQ(all.expression, "");
  EXPECT_EQ(Render(all.reason), "nobody states a licence of the files that went into it");
  const Conclusion some = index.Conclude({"extra/a", "src/a.c"});
  EXPECT_EQ(some.expression, "BSD-3-Clause AND LicenseRef-nachbau-unknown");
  EXPECT_EQ(some.unknown, 1U);
  EXPECT_EQ(Render(LicenceIndex().Conclude({"a"}).reason), "nothing is known of the licences of this source");
}

TEST_F(LicenceIndexTest, FilesAboutThePackageDoNotCount) {
  const LicenceIndex index = Make();
  const Conclusion about = index.Conclude({"debian/rules", "debian/s.install", "debian/patches/x", "debian/copyright"});
  EXPECT_EQ(about.expression, "");
  EXPECT_EQ(Render(about.reason), "only files that tell of the package went into it");
  const Conclusion script = index.Conclude({"debian/rules", "debian/s.init", "src/a.c"});
  EXPECT_EQ(script.expression, "BSD-3-Clause AND GPL-2.0-or-later");
  EXPECT_THAT(script.ignored, ElementsAre("debian/rules"));
  EXPECT_EQ(script.files, 2U);
}

TEST_F(LicenceIndexTest, ReadsTheTarballsOfTheSource) {
  Sample sample;
  const std::string tag = "// SPDX-License-Identifier: ";
  const auto add = [&](const char* name, const std::vector<SampleFile>& files) {
    sample.AddInput(InputRole::kSource, "sample", "1:2.0-3", "source", name, MakeTar(files));
  };
  add("sample_2.0.orig.tar.xz", {{"sample-2.0/src/a.c", tag + "ISC\n"},
                                 {"sample-2.0/debian/copyright", "upstream's\n"},
                                 {"sample-2.0/debian/old", tag + "GPL-3.0-only\n"},
                                 {"../evil", tag + "GPL-3.0-only\n"}});
  add("sample_2.0.orig-extra.tar.xz", {{"a.c", tag + "Zlib\n"}, {"b/b.c", tag + "MIT\n"}});
  add("sample_2.0-3.debian.tar.xz", {{"debian/copyright", kSampleCopyright}, {"debian/init", ""}});
  sample.AddInput(InputRole::kSource, "sample", "1:2.0-3", "source", "sample_2.0.orig.tar.xz.asc", "signature");
  const LicenceIndex index = LicenceIndex::Read(sample.lock, sample.record, sample.store());
  EXPECT_THAT(index.Files(), ElementsAre("debian/copyright", "debian/init", "extra/a.c", "extra/b/b.c", "src/a.c"));
  EXPECT_EQ(index.ExpressionFor("src/a.c"), "(GPL-2.0-or-later OR MIT) AND ISC");
  EXPECT_EQ(index.ExpressionFor("extra/a.c"), "(GPL-2.0-or-later OR MIT) AND Zlib");
  EXPECT_EQ(index.ExpressionFor("extra/b/b.c"), "(GPL-2.0-or-later OR MIT) AND MIT");
  EXPECT_EQ(index.ExpressionFor("debian/init"), "MIT");
  EXPECT_EQ(index.ExpressionFor("debian/old"), "MIT");  // not there; debian/copyright would say so
}

TEST_F(LicenceIndexTest, WhereAnOriginIsUnknownTheWholeSourceIsConcluded) {
  Origins origins;
  const auto add = [&](const std::string& package, const std::vector<std::pair<std::string, std::vector<std::string>>>& files) {
    PackageOrigins& entry = origins.packages.emplace_back();
    entry.control.package = package;
    entry.artifact.name = package + "_1_amd64.deb";
    for (const auto& [path, sources] : files) {
      FileOrigins& file = entry.files.emplace_back();
      file.file.path = path;
      file.evidence = sources.empty() ? OriginEvidence::kUnknown : OriginEvidence::kDwarf;
      for (const std::string& source : sources) file.sources.push_back({source, SourceRole::kUnit});
    }
  };
  add("s", {{"/usr/bin/s", {"src/a.c", "src/same.c"}}, {"/usr/share/doc/s/copyright", {"debian/copyright"}}});
  add("s-dbgsym", {{"/usr/lib/debug/x", {}}});
  origins.packages.back().debug = true;
  add("s-extra", {{"/usr/bin/b", {"src/b.c"}}, {"/usr/bin/odd", {}}});
  const SourceLicences licences = FindLicences(Make(), origins);
  ASSERT_EQ(licences.packages.size(), 2U);
  EXPECT_EQ(licences.packages[0].concluded, "BSD-3-Clause");
  EXPECT_EQ(licences.packages[0].unknown_origin, 0U);
  EXPECT_EQ(licences.packages[1].package, "s-extra");
  EXPECT_EQ(licences.packages[1].concluded, licences.declared);
  EXPECT_EQ(licences.packages[1].conclusion.expression, "Apache-2.0");
  EXPECT_EQ(licences.packages[1].first_unknown, "/usr/bin/odd: nobody knows which files went in");
  EXPECT_FALSE(licences.AllKnown());
  const Json json = ToJson(licences);
  EXPECT_EQ(json.at("packages")[0].at("concluded"), "BSD-3-Clause");
  EXPECT_EQ(json.at("packages")[0].at("ignoredFiles"), Json({"debian/copyright"}));
  EXPECT_EQ(json.at("packages")[1].at("concludedFromKnown"), "Apache-2.0");
  EXPECT_EQ(json.at("packages")[1].at("absent")[0].at("licence"), "BSD-3-Clause");
}

TEST_F(LicenceIndexTest, OfAScriptTheRecipeSpeaks) {
  const LicenceIndex index = LicenceIndex::MakeUniform("gpl-2.0+ or MIT");
  EXPECT_EQ(index.Declared(), "GPL-2.0-or-later OR MIT");
  EXPECT_EQ(index.Concluded({"anything"}), "GPL-2.0-or-later OR MIT");
  EXPECT_THROW(LicenceIndex::MakeUniform("as you like"), ParseError);
}

}  // namespace
}  // namespace nachbau::sbom
