#include "mirror/dependency.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace nachbau::mirror {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(CompareVersionsTest, OrdersAsDpkgDoes) {
  const char* const ascending[] = {"0~~", "0~", "0", "1.0~rc1-1", "1.0-1", "1.0-1+b1", "1.0-1+deb12u1", "1.0-1.1",
                                   "1.0-10", "1.9", "1.10", "1:0.1"};
  for (std::size_t i = 0; i + 1 < std::size(ascending); ++i) {
    EXPECT_EQ(CompareVersions(ascending[i], ascending[i + 1]), std::strong_ordering::less) << ascending[i];
    EXPECT_EQ(CompareVersions(ascending[i + 1], ascending[i]), std::strong_ordering::greater) << ascending[i];
  }
  EXPECT_EQ(CompareVersions("1.0", "1.00"), std::strong_ordering::equal);
  EXPECT_EQ(CompareVersions("0:1", "1"), std::strong_ordering::equal);
}

TEST(ParseDependenciesTest, ReadsTheWholeGrammar) {
  const auto groups = ParseDependencies(
      "libc6-dev [linux-any] | libc-dev:native,python3:any(>=3.9~), gcc-12 ( << 13 ) [!hurd-any !armel]"
      " <!nocheck !stage1> <cross>,\n foo (> 1),", "x");
  ASSERT_EQ(groups.size(), 4u);
  EXPECT_EQ(Format(groups), "libc6-dev | libc-dev:native, python3:any (>= 3.9~), gcc-12 (<< 13), foo (>= 1)");
  EXPECT_THAT(groups[0][0].architectures, ElementsAre("linux-any"));
  EXPECT_EQ(groups[0][1].qualifier, "native");
  EXPECT_THAT(groups[2][0].architectures, ElementsAre("!hurd-any", "!armel"));
  EXPECT_THAT(groups[2][0].profiles, ElementsAre(ElementsAre("!nocheck", "!stage1"), ElementsAre("cross")));
  EXPECT_TRUE(ParseDependencies(" ,\n, ", "x").empty());
}

TEST(ParseDependenciesTest, RefusesWhatIsNoDependency) {
  for (const char* text : {"a b", "a (1)", "a (>= )", "a (>= 1", "a (=> 1)", "a (>= 1\nDepends: evil)", "a [", "a []",
                           "a [!]", "a <>", "a |", "| a", "a:", "-a", "${shlibs:Depends}", "a [amd64] (>= 1)", "a;b",
                           "a (= -1)", "\x01"}) {
    try {
      ParseDependencies(text, "hello, Build-Depends");
      ADD_FAILURE() << "accepted: " << text;
    } catch (const ParseError& error) {
      EXPECT_THAT(error.what(), HasSubstr("hello, Build-Depends")) << text;
    }
  }
  std::string many;
  for (int i = 0; i < 10001; ++i) many += "aa,";
  EXPECT_THROW(ParseDependencies(many, "x"), ParseError);
}

TEST(ReduceDependenciesTest, AppliesArchitecturesAndProfiles) {
  const auto groups = ParseDependencies(
      "a [amd64 arm64], b [!amd64], c <!nocheck>, d <!nocheck> <cross>, e <nocheck>, f [linux-any] <!stage1>, g:native,"
      "h [hurd-any] | i", "x");
  EXPECT_EQ(Format(ReduceDependencies(groups, "amd64", {"nocheck"})), "a, e, f, g, i");
  EXPECT_EQ(Format(ReduceDependencies(groups, "amd64", {})), "a, c, d, f, g, i");
  EXPECT_EQ(Format(ReduceDependencies(groups, "hurd-i386", {"nocheck", "cross"})), "b, d, e, g, h | i");
  EXPECT_EQ(Format(ReduceDependencies(groups, "arm64", {"stage1", "nocheck"})), "a, b, e, g, i");
}

TEST(KeepFirstAlternativesTest, KeepsFurtherRelationsOnTheSamePackage) {
  const auto groups = ParseDependencies("a | b, c (<< 1) | d | c (>> 2), e", "x");
  EXPECT_EQ(Format(KeepFirstAlternatives(groups)), "a, c (<< 1) | c (>> 2), e");
}

}  // namespace
}  // namespace nachbau::mirror
