#include "mirror/source_choice.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace nachbau::mirror {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Source(const std::string& name, const std::string& version, const std::string& more = "") {
  return "Package: " + name + "\nVersion: " + version + "\nDirectory: pool\nChecksums-Sha256:\n " + std::string(64, 'a') +
         " 1 " + name + ".dsc\n" + more + "\n";
}

NumberedIndex Index(std::uint32_t number, const std::string& text) {
  return {number, std::make_shared<PackageIndex>(text, "index")};
}

struct Failure {
  std::string message, hint;
};
template <typename Function>
Failure FailureOf(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return {error.what(), error.hints().empty() ? "" : Render(error.hints().front())};
  }
  return {"no error", ""};
}

FoundSource Choose(const std::vector<NumberedIndex>& sources, const std::string& packages, const std::string& wanted,
                   const std::string& version = "") {
  return ChooseSource(sources, [&] { return std::vector<NumberedIndex>{Index(9, packages)}; }, wanted, version);
}

TEST(PackageIndexTest, FindsParagraphsAtEveryPlace) {
  const PackageIndex index("Package: b\nX: 1\n\nX: 2\npackage:a \n \t \n\nNo: name\n\nPackage: b\nX: 3", "index");
  EXPECT_THAT(index.Names(), ElementsAre("a", "b"));
  ASSERT_EQ(index.Find("b").size(), 2u);
  EXPECT_EQ(index.Find("b")[0].Get("X"), "1");
  EXPECT_EQ(index.Find("b")[1].Get("X"), "3");
  EXPECT_EQ(index.Find("a").at(0).Get("X"), "2");
  EXPECT_THAT(index.Find("c"), IsEmpty());
  EXPECT_EQ(index.size(), 3u);
  EXPECT_EQ(PackageIndex("", "index").size(), 0u);
}

TEST(PackageIndexTest, NamesThePackageOfAMalformedParagraph) {
  const PackageIndex index("Package: good\n\nPackage: bad\nno colon\n", "main/source/Sources");
  EXPECT_EQ(index.Find("good").size(), 1u);
  EXPECT_THAT(FailureOf([&] { index.Find("bad"); }).message,
              HasSubstr("main/source/Sources, package bad:2: not a field: no colon"));
}

TEST(ChooseSourceTest, TakesTheHighestVersionOfAllArchives) {
  const std::vector<NumberedIndex> sources = {Index(3, Source("hello", "2.9-1") + Source("hello", "2.10-1")),
                                              Index(5, Source("hello", "2.10-1+deb12u1"))};
  EXPECT_EQ(Choose(sources, "", "hello").source.version, "2.10-1+deb12u1");
  EXPECT_EQ(Choose(sources, "", "hello").index, 5u);
  EXPECT_EQ(Choose(sources, "", "hello", "2.10-1").index, 3u);
}

TEST(ChooseSourceTest, PrefersTheFirstArchiveAmongEqualVersions) {
  const std::vector<NumberedIndex> sources = {Index(3, Source("hello", "1")), Index(5, Source("hello", "1"))};
  EXPECT_EQ(Choose(sources, "", "hello").index, 3u);
}

TEST(ChooseSourceTest, TakesASourceKeptForAnotherBuildOnlyWhenAskedFor) {
  const std::vector<NumberedIndex> sources = {
      Index(0, Source("gcc", "2", "Extra-Source-Only: yes\n") + Source("gcc", "1"))};
  EXPECT_EQ(Choose(sources, "", "gcc").source.version, "1");
  EXPECT_EQ(Choose(sources, "", "gcc", "2").source.version, "2");
}

TEST(ChooseSourceTest, FollowsTheSourceOfABinaryPackagesHighestVersion) {
  const std::vector<NumberedIndex> sources = {Index(0, Source("old", "1") + Source("new", "7"))};
  const std::string packages =
      "Package: libthing\nVersion: 1\nSource: old\n\nPackage: libthing\nVersion: 7+b1\nSource: new (7)\n\n"
      "Package: orphan\nVersion: 1\n\n";
  EXPECT_EQ(Choose(sources, packages, "libthing").source.name, "new");
  EXPECT_EQ(FailureOf([&] { Choose(sources, packages, "orphan"); }).message,
            "no archive offers the source package orphan, which orphan is built from");
}

TEST(ChooseSourceTest, NamesTheVersionsThatThereAre) {
  const std::vector<NumberedIndex> sources = {Index(0, Source("hello", "1")), Index(1, Source("hello", "2") + Source("hello", "1"))};
  const Failure failure = FailureOf([&] { Choose(sources, "", "hello", "3"); });
  EXPECT_EQ(failure.message, "no archive offers version 3 of the source package hello");
  EXPECT_EQ(failure.hint, "these versions are offered: 2, 1");
}

TEST(ChooseSourceTest, SuggestsSimilarNames) {
  const std::vector<NumberedIndex> sources = {Index(0, Source("dnsmasq", "1") + Source("chrony", "1"))};
  const Failure failure = FailureOf([&] { Choose(sources, "Package: dnsmasq-base\nVersion: 1\n", "dnsmaq"); });
  EXPECT_EQ(failure.message, "no archive offers a source or binary package named dnsmaq");
  EXPECT_EQ(failure.hint, "did you mean: dnsmasq");
  EXPECT_THAT(FailureOf([&] { Choose(sources, "", "zzzzzzzz"); }).hint, HasSubstr("check the spelling"));
}

TEST(FindSimilarNamesTest, OrdersByDistance) {
  EXPECT_THAT(FindSimilarNames("Chrony", {"chrony", "chron", "cherry", "chronyd", "bash"}),
              ElementsAre("chrony", "chron", "chronyd"));
  EXPECT_THAT(FindSimilarNames("ab", {"xy", "ba"}), IsEmpty());
}

}  // namespace
}  // namespace nachbau::mirror
