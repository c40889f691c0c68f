#include "sbom/deb_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/sbom/samples.h"

namespace nachbau::sbom {
namespace {

constexpr const char* kControl =
    "Package: a\nVersion: 1-1+b1\nArchitecture: amd64\nSource: b (1-1)\nMaintainer: M <m@example.org>\n"
    "Pre-Depends: x\nDepends: libc6 (>=  2.34),\n y | z\nDescription: short\n long\n";

std::string ErrorOf(const std::string& deb) {
  try {
    ReadDebControl(deb, "a.deb");
  } catch (const ParseError& error) {
    return error.what();
  }
  return "no error";
}

TEST(DebControlTest, ReadsFields) {
  const DebControl control = ReadDebControl(MakeDeb(kControl), "a.deb");
  EXPECT_EQ(control.package, "a");
  EXPECT_EQ(control.version, "1-1+b1");
  EXPECT_EQ(control.source, "b");
  EXPECT_EQ(control.source_version, "1-1");
  EXPECT_EQ(control.maintainer, "M <m@example.org>");
  EXPECT_EQ(control.description, "short");
  EXPECT_THAT(control.depends, testing::ElementsAre("x", "libc6 (>= 2.34)", "y | z"));
}

TEST(DebControlTest, SourceIsThePackageItselfWhereNotSaid) {
  const DebControl control = ReadDebControl(MakeDeb("Package: a\nVersion: 1\nArchitecture: all\n"), "a.deb");
  EXPECT_EQ(control.source, "a");
  EXPECT_EQ(control.source_version, "1");
}

TEST(DebControlTest, ReadsWhichLibrariesItHasAndWhatTheInstallerCallsThem) {
  const std::string shlibs =
      "libcrypto 3 libssl3 (>= 3.0.0)\nudeb: libcrypto 3 libcrypto3-udeb (>= 3.0.0)\n# comment\nlibx-1.2 1.2\nudeb: short\n";
  const DebControl control = ReadDebControl(
      MakeAr({{"debian-binary", "2.0\n"}, {"control.tar", MakeTar({{"./shlibs", shlibs}, {"./control", kControl}})}}), "a.deb");
  EXPECT_THAT(control.libraries, testing::Contains("libcrypto.so.3"));
  EXPECT_THAT(control.udebs, testing::ElementsAre("libcrypto3-udeb"));
}

TEST(DebControlTest, RefusesWhatIsNoPackage) {
  EXPECT_THAT(ErrorOf(MakeAr({{"debian-binary", "2.0\n"}})), testing::HasSubstr("there is no control file"));
  EXPECT_THAT(ErrorOf(MakeAr({{"control.tar", MakeTar({{"./other", "x"}})}})), testing::HasSubstr("there is no control file"));
  EXPECT_THAT(ErrorOf(MakeDeb("Package: a\n\nPackage: b\n")), testing::HasSubstr("a control file has one paragraph"));
  EXPECT_THAT(ErrorOf(MakeDeb("Package: a\nArchitecture: all\n")), testing::HasSubstr("Version"));
  EXPECT_NE(ErrorOf("not an archive"), "no error");
  EXPECT_NE(ErrorOf(""), "no error");
}

TEST(DebControlTest, TruncatedPackagesAreErrorsOrTheSame) {
  const std::string deb = MakeDeb(kControl);
  const std::size_t whole = deb.find("long") + 4;  // from here on the control file has been read
  for (std::size_t size = 0; size < whole; size += 97) EXPECT_NE(ErrorOf(deb.substr(0, size)), "no error") << size;
}

TEST(DebControlTest, FindsTheTextsOfASourcePackage) {
  const PackageTexts debian = ReadSourceTexts(MakeTar({{"debian/rules", "x"}, {"debian/changelog", "c"}, {"debian/copyright", "l"}}), "t");
  EXPECT_EQ(debian.changelog, "c");
  EXPECT_EQ(debian.copyright, "l");
  const PackageTexts native = ReadSourceTexts(
      MakeTar({{"a/b/debian/copyright", "other"}, {"a-1/debian/copyright", "l"}, {"copyright", "no"}}), "t");
  EXPECT_EQ(native.copyright, "l");
  EXPECT_FALSE(native.changelog);
}

TEST(DebControlTest, FindsTheTextsOfABinaryPackage) {
  Sample sample;
  const std::string deb = MakeDeb(kControl, {{"./usr/share/doc/other/copyright", "no"},
                                             {"./usr/share/doc/a/changelog.gz", "upstream"},
                                             {"./usr/share/doc/a/changelog.Debian.gz", "debian"},
                                             {"./usr/share/doc/a/copyright", "l"}});
  const ContentId content = sample.store().Put(deb);
  const PackageTexts texts = ReadDebTexts(sample.store().Open(content.sha256), "a", "a.deb");
  EXPECT_EQ(texts.copyright, "l");
  EXPECT_EQ(texts.changelog, "debian");
}

TEST(DebControlTest, ParsesClauses) {
  EXPECT_EQ(ParseClause("libc6 (>= 2.34)"), (std::vector<Alternative>{{"libc6", ">=", "2.34"}}));
  EXPECT_EQ(ParseClause("a:any (<<1~) | b [amd64] | c <!x>"),
            (std::vector<Alternative>{{"a", "<<", "1~"}, {"b", "", ""}, {"c", "", ""}}));
  EXPECT_EQ(ParseClause("a (= 1:2-3)"), (std::vector<Alternative>{{"a", "=", "1:2-3"}}));
  EXPECT_TRUE(ParseClause(" | (>= 1)").empty());
}

}  // namespace
}  // namespace nachbau::sbom
