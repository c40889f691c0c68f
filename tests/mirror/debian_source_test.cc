#include "mirror/debian_source.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace nachbau::mirror {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kHash(64, 'a');

std::string Entry(const std::string& more = "") {
  return "Package: hello\nBinary: hello, hello-doc, hello-udeb\nVersion: 1:2.10-3\nArchitecture: any all\n"
         "Directory: pool/main/h/hello\nPackage-List:\n"
         " hello deb devel optional arch=any\n"
         " hello-doc deb doc optional arch=all profile=!nodoc\n"
         " hello-udeb udeb debian-installer optional arch=any\n"
         "Checksums-Sha256:\n " +
         kHash + " 1183 hello_2.10-3.dsc\n " + std::string(64, 'b') + " 725946 hello_2.10.orig.tar.gz\n" + more;
}

DebianSource Parse(const std::string& text) {
  const auto paragraphs = ParseParagraphs(text, "Sources");
  return ParseDebianSource(paragraphs.at(0));
}

template <typename Function>
std::string ErrorOf(const Function& function) {
  try {
    function();
  } catch (const ParseError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ParseDebianSourceTest, ReadsEveryField) {
  const DebianSource source = Parse(Entry("Build-Depends: debhelper-compat (= 13), texinfo\nBuild-Depends-Arch: gcc\n"
                                          "Build-Depends-Indep: texlive <!nodoc>\nBuild-Conflicts: autoconf2.13\n"));
  EXPECT_EQ(source.name, "hello");
  EXPECT_EQ(source.version, "1:2.10-3");
  EXPECT_EQ(source.directory, "pool/main/h/hello");
  EXPECT_THAT(source.architectures, ElementsAre("any", "all"));
  EXPECT_THAT(source.binaries, ElementsAre("hello", "hello-doc", "hello-udeb"));
  ASSERT_EQ(source.files.size(), 2u);
  EXPECT_EQ(source.files[0].name, "hello_2.10-3.dsc");
  EXPECT_EQ(source.files[0].size, 1183u);
  EXPECT_EQ(source.files[0].sha256.Hex(), kHash);
  EXPECT_EQ(Format(source.BuildDepends()), "debhelper-compat (= 13), texinfo, gcc, texlive");
  EXPECT_EQ(Format(source.BuildConflicts()), "autoconf2.13");
  EXPECT_FALSE(source.extra_source_only);
  EXPECT_TRUE(Parse(Entry("Extra-Source-Only: yes\n")).extra_source_only);
}

TEST(ParseDebianSourceTest, NamesTheFieldThatIsWrong) {
  const struct {
    std::string from, to, message;
  } cases[] = {
      {"Package: hello", "Package: he llo", "Package is not valid: he llo"},
      {"Version: 1:2.10-3\n", "", "field is missing: Version"},
      {"Version: 1:2.10-3", "Version: 1;rm", "Version is not valid"},
      {"pool/main/h/hello", "../../etc", "not a path below the archive"},
      {"pool/main/h/hello", "/etc", "not a path below the archive"},
      {kHash, kHash.substr(1), "Sources"},
      {" 1183 ", " -1 ", "Checksums-Sha256 is not valid"},
      {" 1183 ", " 99999999999999999999999 ", "Checksums-Sha256 is not valid"},
      {" 1183 ", " ", "Checksums-Sha256 is not valid"},
      {"hello_2.10-3.dsc", "../hello.dsc", "Checksums-Sha256 is not valid"},
      {"hello_2.10-3.dsc", "hello_2.10.orig.tar.gz", "Checksums-Sha256 is not valid: hello_2.10.orig.tar.gz"},
      {"Checksums-Sha256", "Checksums-Sha1", "field is missing: Checksums-Sha256"},
      {"hello-doc deb doc optional arch=all profile=!nodoc", "hello-doc deb", "Package-List is not valid"},
      {"profile=!nodoc", "profile=!", "Package-List is not valid"},
      {"Binary: hello,", "Binary: hel/lo,", "Binary is not valid: hel/lo"},
  };
  for (const auto& one : cases) {
    std::string text = Entry();
    text.replace(text.find(one.from), one.from.size(), one.to);
    EXPECT_THAT(ErrorOf([&] { Parse(text); }), HasSubstr(one.message)) << one.from << " -> " << one.to;
  }
}

TEST(ParseDebianSourceTest, NamesTheFieldOfABadDependency) {
  EXPECT_THAT(ErrorOf([] { Parse(Entry("Build-Depends-Indep: a, ${misc:Depends}\n")); }),
              HasSubstr("Build-Depends-Indep: not a dependency: ${misc:Depends}"));
}

TEST(ParseDscTest, ReadsSignedAndUnsignedText) {
  const std::string plain = "Format: 3.0 (quilt)\nSource: hello\nBinary: hello\nArchitecture: any\nVersion: 2.10-3\n"
                            "Checksums-Sha256:\n " + kHash + " 725946 hello_2.10.orig.tar.gz\n";
  const std::string signed_text = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n" + plain +
                                  "\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n";
  EXPECT_EQ(ParseDsc(plain, "x.dsc").name, "hello");
  EXPECT_EQ(ParseDsc(signed_text, "x.dsc").files, ParseDsc(plain, "x.dsc").files);
  EXPECT_THAT(ErrorOf([&] { ParseDsc(signed_text.substr(0, 150), "x.dsc"); }), HasSubstr("x.dsc:1: truncated signed text"));
  EXPECT_THAT(ErrorOf([&] { ParseDsc(plain + "\n" + plain, "x.dsc"); }), HasSubstr("2 paragraphs where a .dsc has one"));
  EXPECT_THAT(ErrorOf([&] { ParseDsc("", "x.dsc"); }), HasSubstr("0 paragraphs"));
}

TEST(BinariesForTest, LeavesOutUdebsProfilesAndOtherArchitectures) {
  std::string text = Entry();
  const std::string line = " hello-doc deb";
  text.insert(text.find(line),
              " hello-linux deb devel optional arch=linux-any\n hello-hurd deb devel optional arch=hurd-any\n"
              " hello-arm deb devel optional arch=armhf,arm64\n"
              " hello-cross deb devel optional arch=any profile=cross+stage1,!nodoc\n");
  const DebianSource source = Parse(text);
  EXPECT_THAT(BinariesFor(source, "amd64", {}), ElementsAre("hello", "hello-doc", "hello-linux"));
  EXPECT_THAT(BinariesFor(source, "arm64", {"nodoc"}), ElementsAre("hello", "hello-arm", "hello-linux"));
  EXPECT_THAT(BinariesFor(source, "hurd-i386", {"nodoc", "stage1"}), ElementsAre("hello", "hello-hurd"));
  EXPECT_THAT(BinariesFor(source, "amd64", {"stage1"}),
              ElementsAre("hello", "hello-cross", "hello-doc", "hello-linux"));
}

TEST(BinariesForTest, SaysNothingWithoutPackageList) {
  std::string text = Entry();
  const std::size_t start = text.find("Package-List");
  text.erase(start, text.find("Checksums") - start);
  EXPECT_THAT(BinariesFor(Parse(text), "amd64", {}), IsEmpty());
}

}  // namespace
}  // namespace nachbau::mirror
