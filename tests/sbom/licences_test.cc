#include "sbom/licences/licences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "base/deb822.h"
#include "base/error.h"
#include "base/file.h"
#include "sbom/validation/schema.h"

namespace nachbau::sbom {
namespace {

TEST(LicencesTest, BecomeSpdxExpressions) {
  const std::pair<const char*, const char*> cases[] = {
      {"Expat", "MIT"},
      {"expat", "MIT"},
      {"GPL-2", "GPL-2.0-only"},
      {"GPL-2+", "GPL-2.0-or-later"},
      {"GPL-2.0+", "GPL-2.0-or-later"},
      {"GPL-1.0", "GPL-1.0-only"},
      {"LGPL-2.1", "LGPL-2.1-only"},
      {"AGPL-3.0+", "AGPL-3.0-or-later"},
      {"GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"},
      {"GFDL-1.2", "GFDL-1.2-only"},
      {"GPL-2.0-only", "GPL-2.0-only"},
      {"BSD-3-clause", "BSD-3-Clause"},
      {"bsd-4-clause-uc", "BSD-4-Clause-UC"},
      {"Apache-2", "Apache-2.0"},
      {"CDDL-1", "CDDL-1.0"},
      {"MPL-1.1+", "MPL-1.1+"},
      {"zlib", "Zlib"},
      {"Artistic-2", "Artistic-2.0"},
      {"FSFAP", "FSFAP"},
      {"GPL3+", "GPL-3.0-or-later"},
      {"GPLv2", "GPL-2.0-only"},
      {"LPGL-2.1+", "LGPL-2.1-or-later"},
      {"GFDL-1.3+-no-invariant", "GFDL-1.3-no-invariants-or-later"},
      // No SPDX identifier, or no licence at all.
      {"GPL", "LicenseRef-debian-GPL"},
      {"GPL-9", "LicenseRef-debian-GPL-9"},
      {"BSD", "LicenseRef-debian-BSD"},
      {"public-domain", "LicenseRef-debian-public-domain"},
      {"BSD-3-Viagénie", "LicenseRef-debian-BSD-3-Viagenie"},
      {"Ελλάς--x", "LicenseRef-debian-x"},
      // Artistic has several texts; only the pair with GPL-1+ is Perl's for sure.
      {"Artistic", "LicenseRef-debian-Artistic"},
      {"MIT/X11", "LicenseRef-debian-MIT-X11"},
      {"LicenseRef-KDE-Accepted-GPL", "LicenseRef-KDE-Accepted-GPL"},
      {"permissive+", "LicenseRef-debian-permissive-or-later"},
      {"", "LicenseRef-debian-unstated"},
      {"  ", "LicenseRef-debian-unstated"},
      {"***", "LicenseRef-debian-unnamed"},
      {"MIT/X Consortium License", "LicenseRef-debian-MIT-X-Consortium-License"},
      // Operators.
      {"GPL-1+ or Artistic", "Artistic-1.0-Perl OR GPL-1.0-or-later"},
      {"GPL-2+ or Artistic", "GPL-2.0-or-later OR LicenseRef-debian-Artistic"},
      {"libpng OR Apache-2.0 OR BSD-3-clause", "Apache-2.0 OR BSD-3-Clause OR Libpng"},
      {"A1 and GPL-2 or Expat", "(GPL-2.0-only AND LicenseRef-debian-A1) OR MIT"},
      {"GPL-1+ or Artistic, and Expat", "(Artistic-1.0-Perl OR GPL-1.0-or-later) AND MIT"},
      {"MPL-1.1 or LGPL-2.1+, and ISC", "ISC AND (LGPL-2.1-or-later OR MPL-1.1)"},
      {"ISC and Expat, or GPL-2", "GPL-2.0-only OR (ISC AND MIT)"},
      {"ISC, Expat and GPL-2", "GPL-2.0-only AND ISC AND MIT"},
      {"GPL-2 and/or Expat", "GPL-2.0-only AND MIT"},
      {"and or", "LicenseRef-debian-unnamed"},
      {"ISC and", "ISC"},
      {"ISC or and Expat", "ISC OR MIT"},
      {"Expat and Expat", "MIT"},
      {"(GPL-2+ or Expat) and ISC", "(GPL-2.0-or-later OR MIT) AND ISC"},
      {"ISC and (GPL-2+ or Expat)", "(GPL-2.0-or-later OR MIT) AND ISC"},
      {"((ISC)), Zlib", "ISC AND Zlib"},
      {"(ISC", "ISC"},
      {"ISC) or Zlib", "ISC AND Zlib"},
      {"()", "LicenseRef-debian-unnamed"},
      {"BSD(3-clause)", "LicenseRef-debian-BSD-3-clause"},
      {"GPL-2 | Expat", "GPL-2.0-only OR MIT"},
      // Exceptions.
      {"GPL-2+ with Autoconf exception", "GPL-2.0-or-later WITH Autoconf-exception-generic"},
      {"GPL-3+ with autoconf exception", "GPL-3.0-or-later WITH Autoconf-exception-generic-3.0"},
      {"GPL-3+-WITH-BISON-EXCEPTION", "GPL-3.0-or-later WITH Bison-exception-2.2"},
      {"GPL-2+-libtool-exception", "GPL-2.0-or-later WITH Libtool-exception"},
      {"GPL-2 with Classpath exception", "GPL-2.0-only WITH Classpath-exception-2.0"},
      {"GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"},
      {"GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"},
      {"APACHE-2-LLVM-EXCEPTIONS", "Apache-2.0 WITH LLVM-exception"},
      // Of Bison's two exceptions, files under GPL-2+ have one or the other.
      {"GPL-2+ with Bison exception", "LicenseRef-debian-GPL-2-or-later-with-Bison-exception"},
      {"GPL-2+ with Libtool exception or Expat", "GPL-2.0-or-later WITH Libtool-exception OR MIT"},
      {"Apache-2.0 with LLVM exception", "Apache-2.0 WITH LLVM-exception"},
      {"GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"},
      {"GPL-3 with Qt-1.0 exception", "GPL-3.0-only WITH Qt-GPL-exception-1.0"},
      {"GPL-2+ with OpenSSL exception", "LicenseRef-debian-GPL-2-or-later-with-OpenSSL-exception"},
      {"BSD with Libtool exception", "LicenseRef-debian-BSD-with-Libtool-exception"},
  };
  for (const auto& [synopsis, expected] : cases) EXPECT_EQ(SpdxExpression(synopsis), expected) << synopsis;
}

TEST(LicencesTest, OverlongSynopsisIsNotParsed) {
  std::string synopsis;
  for (int i = 0; i < 100'000; ++i) synopsis += "a and ";
  EXPECT_EQ(SpdxExpression(synopsis), "LicenseRef-debian-overlong");
}

TEST(LicencesTest, TableNamesOnlyIdentifiersThatSpdxHas) {
  const std::string text = ReadFile(std::string(NACHBAU_SOURCE_DIR) + "/sbom/licences/licences.txt");
  std::map<std::string, int> rows;
  for (const std::string_view line : SplitTrimmed(text, '\n')) {
    if (line.starts_with('#')) continue;
    const auto words = SplitWords(line);
    ASSERT_GE(words.size(), 2U) << line;
    const std::size_t colon = words[0].find(':');
    const std::string kind(colon == words[0].npos ? std::string_view() : words[0].substr(0, colon));
    const std::string_view name = colon == words[0].npos ? words[0] : words[0].substr(colon + 1);
    ++rows[kind];
    if (kind == "has" || kind == "lacks") {
      EXPECT_EQ(FindSpdxLicense(name).value_or(""), name) << line;
    } else if (kind == "with") {
      EXPECT_EQ(FindSpdxLicense(words[1]).value_or(""), words[1]) << line;
      EXPECT_TRUE(IsSpdxException(words[1])) << line;
    } else {
      ASSERT_TRUE(kind.empty() || kind == "when" || kind == "common") << line;
      const std::string_view value = kind == "common" ? words[2] : line.substr(line.find(' ') + 1);
      const LicenceExpression expression = ParseLicenceExpression(value, "licences.txt");
      EXPECT_EQ(FormatLicenceExpression(Canonical(expression)), value) << line;
      EXPECT_TRUE(FindExpressionProblems(expression).empty()) << line;
    }
  }
  EXPECT_EQ(rows.size(), 6U);
  EXPECT_GT(rows[""], 10);
}

TEST(LicencesTest, TextsDecideWhatNamesLeaveOpen) {
  const std::string grant = "Permission is hereby granted, free of charge, to deal in the\n Software  without restriction. ";
  const std::string other = "Permission to use this for any purpose is granted, as long as nobody claims to have written it. ";
  std::string long_other;
  for (int i = 0; i < 6; ++i) long_other += other;
  struct Case {
    const char* synopsis;
    std::string text;
    const char* expected;
  };
  const Case cases[] = {
      {"MIT/X11", grant, "MIT"},
      {"MIT/X11", long_other, "LicenseRef-debian-MIT-X11"},
      {"MIT", "Permission is granted TO DEAL in the \"Software\", without restriction", "MIT"},
      {"MIT", long_other, "LicenseRef-debian-MIT"},
      {"MIT", "see LICENSE", "MIT"},  // a remark
      {"Artistic", "On Debian systems, see /usr/share/common-licenses/Artistic.", "Artistic-1.0-Perl"},
      {"Artistic", "On Debian systems, see /usr/share/common-licenses/Artistic-2.0", "LicenseRef-debian-Artistic"},
      {"BSD", "See `/usr/share/common-licenses/BSD'", "BSD-3-Clause"},
      {"GPL", "See /usr/share/common-licenses/GPL", "LicenseRef-debian-GPL"},
      {"GPL", "See /usr/share/common-licenses/GPL-2", "LicenseRef-debian-GPL"},
      {"BSD-3", "... in binary form must reproduce ... endorse or promote ...", "BSD-3-Clause"},
      {"BSD-3", "... in binary form must reproduce ... advertising materials ... endorse or promote ...", "LicenseRef-debian-BSD-3"},
  };
  for (const Case& item : cases) {
    const NamedText text(item.text);
    NameKnowledge knowledge;
    std::string mismatch;
    knowledge.text = [&](std::string_view) { return &text; };
    knowledge.mismatch = [&](std::string_view name, std::string_view identifier) {
      mismatch = std::string(name) + " is not " + std::string(identifier);
    };
    EXPECT_EQ(FormatLicenceExpression(ReadSynopsis(item.synopsis, knowledge)), item.expected) << item.synopsis << ": " << item.text;
    EXPECT_EQ(mismatch, item.synopsis == std::string("MIT") && item.text == long_other ? "MIT is not MIT" : "") << item.text;
  }
}

TEST(LicencesTest, JoinTakesConjunctionsApartAndKeepsAlternativesTogether) {
  EXPECT_EQ(JoinWithAnd({}), "");
  EXPECT_EQ(JoinWithAnd({"MIT OR ISC"}), "ISC OR MIT");
  EXPECT_EQ(JoinWithAnd({"MIT", "ISC AND MIT"}), "ISC AND MIT");
  EXPECT_EQ(JoinWithAnd({"MIT", "MIT OR ISC"}), "(ISC OR MIT) AND MIT");
  EXPECT_EQ(JoinWithAnd({"ISC", "(MIT OR ISC) AND Zlib"}), "ISC AND (ISC OR MIT) AND Zlib");
  EXPECT_EQ(JoinWithAnd({"ISC", "(MIT AND ISC) OR Zlib"}), "((ISC AND MIT) OR Zlib) AND ISC");
}

// SPDX expressions.

TEST(ExpressionTest, HasOneFormForWhatMeansTheSame) {
  const std::pair<const char*, const char*> cases[] = {
      {"mit", "MIT"},
      {" ( (MIT) ) ", "MIT"},
      {"MIT OR ISC OR MIT", "ISC OR MIT"},
      {"MIT and (ISC and Zlib)", "ISC AND MIT AND Zlib"},
      {"A-1 AND B-1 OR C-1", "(A-1 AND B-1) OR C-1"},
      {"A-1 OR B-1 AND C-1", "A-1 OR (B-1 AND C-1)"},
      {"A-1 AND (B-1 OR C-1)", "A-1 AND (B-1 OR C-1)"},
      {"A-1 AND (A-1 OR B-1)", "A-1 AND (A-1 OR B-1)"},  // nothing is absorbed
      {"(MIT OR MIT) AND ISC", "ISC AND MIT"},
      {"gpl-2.0", "GPL-2.0-only"},
      {"GPL-2.0+", "GPL-2.0-or-later"},
      {"GPL-2.0-or-later+", "GPL-2.0-or-later"},
      {"GFDL-1.3+", "GFDL-1.3-or-later"},
      {"MPL-1.1+", "MPL-1.1+"},
      {"GPL-2.0-with-GCC-exception", "GPL-2.0-only WITH GCC-exception-2.0"},
      {"gpl-2.0-only with classpath-Exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"},
      {"bzip2-1.0.5", "bzip2-1.0.6"},
      {"LicenseRef-A OR LicenseRef-a", "LicenseRef-A OR LicenseRef-a"},
      {"DocumentRef-x.y:LicenseRef-z", "DocumentRef-x.y:LicenseRef-z"},
      {"MIT WITH AdditionRef-x", "MIT WITH AdditionRef-x"},
  };
  for (const auto& [text, expected] : cases) {
    const LicenceExpression expression = Canonical(ParseLicenceExpression(text, "test"));
    EXPECT_EQ(FormatLicenceExpression(expression), expected) << text;
    EXPECT_EQ(Canonical(ParseLicenceExpression(expected, "test")), expression) << text;
  }
}

TEST(ExpressionTest, HostileOnesEnd) {
  std::string nested = "A0", other = "A0";
  for (int i = 1; i < kMaxLicenceExpressionDepth; ++i) {
    nested = "(" + nested + (i % 2 == 0 ? " AND A" : " OR A") + std::to_string(i) + ")";
    other = "(" + other + (i % 2 == 0 ? " OR A" : " AND A") + std::to_string(i) + ")";
  }
  const LicenceExpression left = Canonical(ParseLicenceExpression(nested, "x")), right = Canonical(ParseLicenceExpression(other, "x"));
  EXPECT_TRUE(Implies(left, left));
  EXPECT_FALSE(Implies(left, right) && Implies(right, left));
  std::string wide = "A";
  for (int i = 0; i < 30'000; ++i) wide += " OR A" + std::to_string(i % 7);
  EXPECT_EQ(FormatLicenceExpression(Canonical(ParseLicenceExpression(wide, "x"))), "A OR A0 OR A1 OR A2 OR A3 OR A4 OR A5 OR A6");
}

TEST(ExpressionTest, ImpliesWhatFollowsAndNothingElse) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"MIT", "MIT", true},
      {"MIT", "ISC", false},
      {"MIT AND ISC", "MIT", true},
      {"MIT", "MIT AND ISC", false},
      {"MIT", "MIT OR ISC", true},
      {"MIT OR ISC", "MIT", false},
      {"MIT AND ISC", "ISC OR Zlib", true},
      {"(MIT AND ISC) OR (MIT AND Zlib)", "MIT AND (ISC OR Zlib)", true},
      {"GPL-2.0-or-later", "GPL-2.0-only", false},
      {"GPL-2.0-only", "GPL-2.0-only WITH Classpath-exception-2.0", false},
  };
  for (const auto& [stronger, weaker, expected] : cases) {
    EXPECT_EQ(Implies(Canonical(ParseLicenceExpression(stronger, "x")), Canonical(ParseLicenceExpression(weaker, "x"))), expected)
        << stronger << " / " << weaker;
  }
}

TEST(ExpressionTest, TellsWhatSpdxDoesNotHave) {
  const LicenceExpression expression = ParseLicenceExpression(
      "MIT AND Foo-1 AND GPL-2.0+ AND GPL-2.0-only WITH Foo-exception AND Libtool-exception AND LicenseRef-x "
      "AND ISC WITH AdditionRef-y AND eCos-2.0", "x");
  std::vector<std::string> problems;
  for (const ExpressionProblem& problem : FindExpressionProblems(expression)) problems.push_back(Render(Describe(problem)));
  EXPECT_THAT(problems, testing::ElementsAre("no licence identifier of SPDX: Foo-1", "no licence exception of SPDX: Foo-exception",
                                             "GPL-2.0+ is deprecated by SPDX: write GPL-2.0-or-later",
                                             "Libtool-exception is an exception: it stands after WITH",
                                             "eCos-2.0 is deprecated by SPDX: write GPL-2.0-or-later WITH eCos-exception-2.0"));
}

TEST(ExpressionTest, KnowsExceptionsFromLicences) {
  for (const char* name : {"Libtool-exception", "linux-syscall-note", "GCC-exception-2.0-note", "LLGPL", "389-exception"}) {
    EXPECT_TRUE(IsSpdxException(name)) << name;
  }
  for (const char* name : {"MIT", "MPL-2.0-no-copyleft-exception", "CAL-1.0-Combined-Work-Exception", "No-exception",
                           "GPL-2.0-with-font-exception"}) {
    EXPECT_FALSE(IsSpdxException(name)) << name;
  }
}

}  // namespace
}  // namespace nachbau::sbom
