#include "sbom/purl/purl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "sbom/purl/purl_types.h"

namespace nachbau::sbom {
namespace {

std::string Why(const std::string& text) {
  try {
    for (const PurlProblem& problem : CheckPurl(ParsePurl(text))) {
      if (problem.is_violation) return Render(problem.message);
    }
  } catch (const ParseError& error) {
    return Render(error.parts().back());
  }
  return "";
}

// The table; packageurl-js is asked about the same one (purl_oracle.mjs).
TEST(PurlTest, HasTheCanonicalFormOfTheTable) {
  std::istringstream table(ReadFile(NACHBAU_SOURCE_DIR "/tests/sbom/purls.txt"));
  int rows = 0;
  for (std::string line; std::getline(table, line);) {
    const std::size_t arrow = line.find(" -> ");
    if (arrow == line.npos) continue;
    ++rows;
    const std::string text = line.substr(0, arrow);
    std::string wanted = line.substr(arrow + 4);
    wanted = wanted.substr(0, wanted.find(' '));
    const std::string why = Why(text);
    EXPECT_EQ(!why.empty(), wanted == "!") << text << ": " << why;
    if (!why.empty() || wanted == "!") continue;
    const Purl purl = ParsePurl(text);
    EXPECT_EQ(FormatPurl(purl), wanted) << text;
    EXPECT_EQ(ParsePurl(wanted), purl) << text;
    EXPECT_EQ(MakePurl(purl), purl) << text;
  }
  EXPECT_GE(rows, 150);
}

TEST(PurlTest, IsTakenApart) {
  const Purl purl = ParsePurl("pkg:deb/debian/attr@1:2.4.47-2+b1?distro=bookworm&arch=amd64#usr/bin");
  EXPECT_EQ(purl, (Purl{"deb", "debian", "attr", "1:2.4.47-2+b1", {{"arch", "amd64"}, {"distro", "bookworm"}}, "usr/bin"}));
  EXPECT_EQ(ToJson(purl).dump(), R"({"name":"attr","namespace":"debian","qualifiers":{"arch":"amd64","distro":"bookworm"},)"
                                 R"("subpath":"usr/bin","type":"deb","version":"1:2.4.47-2+b1"})");
}

TEST(PurlTest, IsMadeOfParts) {
  EXPECT_EQ(FormatPurl(MakePurl({"DEB", "/Debian/", "Attr", "1:2.4.47-2+b1", {{"arch", "amd64"}, {"distro", ""}}, "./a/"})),
            "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64#a");
  EXPECT_EQ(DebPurl("libstdc++6", "12.2.0-14+deb12u1~x", "amd64"),
            "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1~x?arch=amd64");
  EXPECT_EQ(GenericPurl("a", ""), "pkg:generic/a");
  EXPECT_THROW(MakePurl({"deb", "debian", "", "", {}, ""}), ParseError);
  EXPECT_THROW(MakePurl({"d b", "debian", "a", "", {}, ""}), ParseError);
  EXPECT_THROW(MakePurl({"deb", "debian", "a\xff", "", {}, ""}), ParseError);
  EXPECT_THROW(MakePurl({"deb", "debian", "a", "", {{"A", "b"}}, ""}), ParseError);
}

TEST(PurlTest, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"curl", "a package URL begins with pkg:"},
      {"pkg:deb/", "there is no name"},
      {"pkg:deb/curl", "a deb package URL needs a namespace"},
      {"pkg:cargo/x/rand", "a cargo package URL has no namespace"},
      {"pkg:swift/github.com/a/b", "a swift package URL needs a version"},
      {"pkg:julia/Dates", "a julia package URL needs the qualifier uuid"},
      {"pkg:swid/a/b/c/d?tag_id=1", "the namespace of a swid package URL has at most 2 segments"},
      {"pkg:generic/a?b=c&b=d", "the qualifier b is there twice"},
      {"pkg:generic/a b", "  must be percent-encoded, as %20"},
      {"pkg:generic/a@%g0", "a percent sign must be followed by two hexadecimal digits"},
  };
  for (const auto& [text, why] : cases) EXPECT_EQ(Why(text), why) << text;
}

TEST(PurlTest, WarnsOfAnUnregisteredType) {
  const auto problems = CheckPurl(ParsePurl("pkg:vcs/x/y"));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_FALSE(problems[0].is_violation);
  EXPECT_EQ(PurlTypes().size(), 38U);
}

}  // namespace
}  // namespace nachbau::sbom
