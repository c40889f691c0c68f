#include "sbom/licences/licences.h"

#include <gtest/gtest.h>

#include "base/deb822.h"
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
      {"Artistic", "Artistic-1.0-Perl"},
      {"FSFAP", "FSFAP"},
      // No SPDX identifier, or no licence at all.
      {"GPL", "LicenseRef-debian-GPL"},
      {"GPL-9", "LicenseRef-debian-GPL-9"},
      {"BSD", "LicenseRef-debian-BSD"},
      {"public-domain", "LicenseRef-debian-public-domain"},
      {"BSD-3-Viagénie", "LicenseRef-debian-BSD-3-Viag-nie"},
      {"permissive+", "LicenseRef-debian-permissive-or-later"},
      {"", "LicenseRef-debian-unstated"},
      {"  ", "LicenseRef-debian-unstated"},
      {"***", "LicenseRef-debian-unnamed"},
      {"MIT/X Consortium License", "LicenseRef-debian-MIT-X-Consortium-License"},
      // Operators.
      {"GPL-1+ or Artistic", "GPL-1.0-or-later OR Artistic-1.0-Perl"},
      {"libpng OR Apache-2.0 OR BSD-3-clause", "Libpng OR Apache-2.0 OR BSD-3-Clause"},
      {"A1 and GPL-2 or Expat", "(LicenseRef-debian-A1 AND GPL-2.0-only) OR MIT"},
      {"GPL-1+ or Artistic, and Expat", "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND MIT"},
      {"MPL-1.1 or LGPL-2.1+, and ISC", "(MPL-1.1 OR LGPL-2.1-or-later) AND ISC"},
      {"ISC and Expat, or GPL-2", "(ISC AND MIT) OR GPL-2.0-only"},
      {"ISC, Expat and GPL-2", "ISC AND MIT AND GPL-2.0-only"},
      {"GPL-2 and/or Expat", "GPL-2.0-only AND MIT"},
      {"and or", "LicenseRef-debian-unnamed"},
      {"ISC and", "ISC"},
      // Exceptions.
      {"GPL-2+ with Autoconf exception", "GPL-2.0-or-later WITH Autoconf-exception-generic"},
      {"GPL-3+ with autoconf exception", "GPL-3.0-or-later WITH Autoconf-exception-generic"},
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
  int pairs = 0;
  for (const std::string_view line : SplitTrimmed(text, '\n')) {
    const auto words = SplitWords(line);
    if (words[0] == "#") continue;
    ASSERT_EQ(words.size(), 2U) << line;
    EXPECT_EQ(FindSpdxLicense(words[1]).value_or(""), words[1]) << line;
    ++pairs;
  }
  EXPECT_GT(pairs, 10);
}

TEST(LicencesTest, JoinTakesConjunctionsApartAndKeepsAlternativesTogether) {
  EXPECT_EQ(JoinWithAnd({}), "");
  EXPECT_EQ(JoinWithAnd({"MIT OR ISC"}), "MIT OR ISC");
  EXPECT_EQ(JoinWithAnd({"MIT", "ISC AND MIT"}), "ISC AND MIT");
  EXPECT_EQ(JoinWithAnd({"MIT", "MIT OR ISC"}), "(MIT OR ISC) AND MIT");
  EXPECT_EQ(JoinWithAnd({"ISC", "(MIT OR ISC) AND Zlib"}), "(MIT OR ISC) AND ISC AND Zlib");
  EXPECT_EQ(JoinWithAnd({"ISC", "(MIT AND ISC) OR Zlib"}), "((MIT AND ISC) OR Zlib) AND ISC");
}

}  // namespace
}  // namespace nachbau::sbom
