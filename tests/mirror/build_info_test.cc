#include "mirror/build_info.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/file.h"
#include "tests/mirror/gpg.h"

namespace nachbau::mirror {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

const std::string kDigest = Sha256("bytes").Hex();

std::string Text(const std::string& instead_of = "", const std::string& line = "") {
  std::string text =
      "Format: 1.0\n"
      "Source: hello\n"
      "Binary: hello hello-doc\n"
      "Architecture: all amd64\n"
      "Version: 1:1.0-1\n"
      "Checksums-Sha256:\n " + kDigest + " 5 hello_1.0-1_amd64.deb\n"
      "Build-Architecture: amd64\n"
      "Build-Date: Mon, 01 Jun 2020 12:00:00 +0200\n"
      "Build-Path: /build/hello-x/hello-1.0\n"
      "Installed-Build-Depends:\n libc6 (= 2.36-9),\n gcc (= 4:12.2.0-3)\n"
      "Environment:\n LC_ALL=\"C.UTF-8\"\n CFLAGS=\"-DX=\\\"a\\\\b\\\"\"\n";
  if (!instead_of.empty()) {
    const std::size_t at = text.find(instead_of);
    if (at == text.npos) throw Error(Msg("not in the text: {}", instead_of));
    text.replace(at, instead_of.size(), line);
  }
  return text;
}

std::string ErrorOf(const std::string& text) {
  try {
    ParseBuildInfo(text, "x.buildinfo");
  } catch (const ParseError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ParseBuildInfoTest, ReadsWhatABuildNeeds) {
  const BuildInfo info = ParseBuildInfo(Text(), "x.buildinfo");
  EXPECT_EQ(info.source, "hello");
  EXPECT_EQ(info.source_version, "1:1.0-1");
  EXPECT_EQ(info.version, "1:1.0-1");
  EXPECT_EQ(info.parts, BuildParts::kAll);
  EXPECT_EQ(info.build_architecture, "amd64");
  EXPECT_EQ(info.build_date, ParseTime("2020-06-01T10:00:00Z", "test"));
  EXPECT_EQ(info.build_path, "/build/hello-x/hello-1.0");
  EXPECT_THAT(info.installed, ElementsAre(InstalledPackage{"gcc", "", "4:12.2.0-3"}, InstalledPackage{"libc6", "", "2.36-9"}));
  EXPECT_THAT(info.environment, UnorderedElementsAre(Pair("LC_ALL", "C.UTF-8"), Pair("CFLAGS", "-DX=\"a\\b\"")));
  ASSERT_EQ(info.files.size(), 1u);
  EXPECT_EQ(info.files[0].sha256, Sha256("bytes"));
  EXPECT_EQ(info.changelog_entry, "");
}

TEST(ParseBuildInfoTest, ReadsBinNmus) {
  const std::string path = NACHBAU_SOURCE_DIR "/tests/fuzz/corpus/build_info/good";
  const BuildInfo info = ParseBuildInfo(ReadFile(path), path);
  EXPECT_EQ(info.source_version, "1.0-1");
  EXPECT_EQ(info.version, "1.0-1+b2");
  EXPECT_EQ(info.changelog_entry,
            "hello (1.0-1+b2) sid; urgency=low, binary-only=yes\n\n  * Rebuild.\n\n"
            " -- Build Daemon <daemon@example.org>  Mon, 01 Jun 2020 12:00:00 +0000\n");
  EXPECT_THAT(info.installed, testing::Contains(InstalledPackage{"libc6", "i386", "2.36-9"}));
}

TEST(ParseBuildInfoTest, PartsFollowFromTheArchitectures) {
  EXPECT_EQ(ParseBuildInfo(Text("all amd64", "amd64 source"), "x").parts, BuildParts::kArchitecture);
  EXPECT_EQ(ParseBuildInfo(Text("all amd64", "all"), "x").parts, BuildParts::kIndependent);
}

TEST(ParseBuildInfoTest, RefusesHostileFiles) {
  const struct {
    std::string instead_of, line, error;
  } kCases[] = {
      {"/build/hello-x/hello-1.0", "../..", "not a build path that is accepted: ../.."},
      {"/build/hello-x/hello-1.0", "/build/x/$(id)", "not a build path that is accepted"},
      {"/build/hello-x/hello-1.0", "/etc", "not a build path that is accepted: /etc"},
      {"Source: hello", "Source: hello;id", "not a source package"},
      {"Source: hello", "Source: ../hello", "not a source package"},
      {"Source: hello", "Source: hello (1.0", "not a source package"},
      {"Source: hello\n", "Source: hello\nSource: other\n", "Source"},
      {"1:1.0-1", "$(id)", "not a version"},
      {"gcc (= 4:12.2.0-3)", "gcc (>= 4)", "not an installed package: gcc (>= 4)"},
      {"gcc (= 4:12.2.0-3)", "gcc", "not an installed package: gcc"},
      {"gcc (= 4:12.2.0-3)", "gcc | g++ (= 1)", "not an installed package"},
      {"gcc (= 4:12.2.0-3)", "libc6 (= 1)", "installed twice: libc6"},
      {"LC_ALL=\"C.UTF-8\"", "LD_PRELOAD=\"/x.so\"", "not taken over from a .buildinfo file: LD_PRELOAD"},
      {"LC_ALL=\"C.UTF-8\"", "PATH=\"/tmp\"", "not taken over from a .buildinfo file: PATH"},
      {"LC_ALL=\"C.UTF-8\"", "LC_ALL=C.UTF-8", "not a variable"},
      {"LC_ALL=\"C.UTF-8\"", "LC_ALL=\"a\" b\"", "not a variable"},
      {"LC_ALL=\"C.UTF-8\"", "LC_ALL=\"a\\n\"", "not a variable"},
      {"LC_ALL=\"C.UTF-8\"", "CFLAGS=\"\"", "a variable that is set twice: CFLAGS"},
      {"hello_1.0-1_amd64.deb", "../../x.deb", "not a digest line"},
      {kDigest, "00", "not a digest"},
      {"all amd64", "riscv64", "building for another architecture is not supported"},
      {"all amd64", "source", "no binary package was built"},
      {"Format: 1.0", "Format: 2.0", "not a format that is known: 2.0"},
      {"Build-Architecture: amd64\n", "", "Build-Architecture"},
      {"Version: 1:1.0-1", "Version: 1:1.0-1+b1", "no error"},
  };
  for (const auto& one : kCases) {
    EXPECT_THAT(ErrorOf(Text(one.instead_of, one.line)), HasSubstr(one.error)) << one.line;
  }
  EXPECT_THAT(ErrorOf(Text("Source: hello", "Source: hello (1:1.0-0)")), HasSubstr("there is no changelog entry for it"));
  EXPECT_THAT(ErrorOf(Text() + "\n" + Text()), HasSubstr("one paragraph"));
  EXPECT_THAT(ErrorOf(Text("C.UTF-8", std::string(10000, 'a'))), HasSubstr("not taken over"));
  EXPECT_NE(ErrorOf(std::string(100, '\0')), "no error");
}

class ReadBuildInfoTest : public testing::Test {
 protected:
  Gpg gpg_;
  std::string key_ = gpg_.MakeKey("builder");
  const UnixSeconds now_ = ParseTime("2020-06-02T00:00:00Z", "test");
};

TEST_F(ReadBuildInfoTest, SaysWhatItsSignatureIsWorth) {
  const ReadResult plain = ReadBuildInfo(Text(), "x", "", now_);
  EXPECT_EQ(plain.proof.signature, BuildInfoSignature::kUnsigned);
  const std::string file = gpg_.ClearSign(Text(), {key_});
  const ReadResult unknown = ReadBuildInfo(file, "x", "", now_);
  EXPECT_EQ(unknown.proof.signature, BuildInfoSignature::kUnverified);
  EXPECT_THAT(unknown.proof.signers, IsEmpty());
  EXPECT_EQ(unknown.info.source, "hello");
  const ReadResult other = ReadBuildInfo(file, "x", gpg_.Export({gpg_.MakeKey("other")}), now_);
  EXPECT_EQ(other.proof.signature, BuildInfoSignature::kUnverified);
  const ReadResult good = ReadBuildInfo(file, "x", gpg_.Export({key_}), now_);
  EXPECT_EQ(good.proof.signature, BuildInfoSignature::kGood);
  EXPECT_THAT(good.proof.signers, ElementsAre(key_));
  EXPECT_EQ(good.proof.sha256, Sha256(file));
  EXPECT_EQ(good.proof.keyring, Sha256(gpg_.Export({key_})));
}

TEST_F(ReadBuildInfoTest, ABadSignatureIsAnError) {
  std::string file = gpg_.ClearSign(Text(), {key_});
  file.replace(file.find("2.36-9"), 6, "2.36-8");
  try {
    ReadBuildInfo(file, "x.buildinfo", gpg_.Export({key_}), now_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("x.buildinfo: bad signature: " + key_));
  }
}

}  // namespace
}  // namespace nachbau::mirror
