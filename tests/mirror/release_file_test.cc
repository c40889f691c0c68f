#include "mirror/release_file.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace nachbau::mirror {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string kDigest = Sha256("index").Hex();
const std::string kFields = "Origin: Example\nSuite: stable\nCodename: one\nDate: Mon, 01 Jun 2020 12:00:00 UTC\n";

std::string Listing(const std::string& lines) { return kFields + "SHA256:\n" + lines; }
std::string Line(const std::string& path, const std::string& size = "10", const std::string& digest = kDigest) {
  return " " + digest + " " + size + " " + path + "\n";
}

std::string ErrorOf(const std::string& text) {
  try {
    ParseRelease(text, "Release");
  } catch (const ParseError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ParseReleaseTest, ReadsTheFields) {
  const ReleaseFile release =
      ParseRelease(kFields +
                       "Valid-Until: Mon, 08 Jun 2020 14:00:00 +0200\nAcquire-By-Hash: yes\nArchitectures: all amd64\n"
                       "Components: main contrib\nMD5Sum:\n 00 1 other\nSHA256:\n" +
                       Line("main/source/Sources.xz", "  77") + Line("./x//y"),
                   "Release");
  EXPECT_EQ(release.origin, "Example");
  EXPECT_EQ(release.suite, "stable");
  EXPECT_EQ(release.codename, "one");
  EXPECT_EQ(release.date, ParseTime("2020-06-01T12:00:00Z", "test"));
  EXPECT_EQ(release.valid_until, ParseTime("2020-06-08T12:00:00Z", "test"));
  EXPECT_TRUE(release.acquire_by_hash);
  EXPECT_THAT(release.architectures, ElementsAre("all", "amd64"));
  EXPECT_THAT(release.components, ElementsAre("main", "contrib"));
  ASSERT_EQ(release.files.size(), 2u);
  EXPECT_EQ(release.files.at("main/source/Sources.xz").size, 77u);
  EXPECT_EQ(release.files.at("main/source/Sources.xz").sha256, Sha256("index"));
  EXPECT_EQ(release.files.at("x/y").size, 10u);
}

TEST(ParseReleaseTest, WhatIsNotThereIsEmpty) {
  const ReleaseFile release = ParseRelease("Date: Mon, 01 Jun 2020 12:00:00 UTC\nSHA256:\n", "Release");
  EXPECT_EQ(release.origin + release.suite + release.codename, "");
  EXPECT_FALSE(release.valid_until.has_value());
  EXPECT_FALSE(release.acquire_by_hash);
  EXPECT_THAT(release.architectures, IsEmpty());
  EXPECT_THAT(release.files, IsEmpty());
}

TEST(ParseReleaseTest, RefusesWhatIsNoReleaseFile) {
  EXPECT_EQ(ErrorOf(""), "Release: a Release file has one paragraph");
  EXPECT_EQ(ErrorOf(Listing(Line("a")) + "\nOrigin: Second\n"), "Release: a Release file has one paragraph");
  EXPECT_EQ(ErrorOf(kFields + "Origin: Again\nSHA256:\n"), "Release:5: duplicate field: Origin");
  EXPECT_EQ(ErrorOf(kFields + "sha256:\nSHA256:\n"), "Release:6: duplicate field: SHA256");
  EXPECT_EQ(ErrorOf("Origin: x\nSHA256:\n"), "Release:1: field is missing: Date");
}

TEST(ParseReleaseTest, RefusesWeakDigestsAlone) {
  EXPECT_EQ(ErrorOf(kFields + "MD5Sum:\n d41d8cd98f00b204e9800998ecf8427e 0 a\nSHA1:\n"
                              " da39a3ee5e6b4b0d3255bfef95601890afd80709 0 a\n"),
            "Release: there is no SHA256 section; weaker digests are not accepted");
  EXPECT_THAT(ErrorOf(Listing(Line("a", "10", "da39a3ee5e6b4b0d3255bfef95601890afd80709"))), StartsWith("Release: "));
}

TEST(ParseReleaseTest, RefusesDatesThatAreNone) {
  for (const std::string date : {"yesterday", "2020-06-01T12:00:00Z", "Mon, 31 Jun 2020 12:00:00 UTC",
                                 "Mon, 01 Jun 2020 24:00:00 UTC", "Mon, 01 Jun 2020 12:00:00 CET", "Mon, 01 Jun 2020",
                                 "Mon, 01 Jun 67556 12:00:00 UTC", "Mon, -1 Jun 2020 12:00:00 UTC", ""}) {
    EXPECT_EQ(ErrorOf("Date: " + date + "\nSHA256:\n"), "Release: Date: not a date as in RFC 5322: " + date);
    EXPECT_EQ(ErrorOf(kFields + "Valid-Until: " + date + "\nSHA256:\n"),
              "Release: Valid-Until: not a date as in RFC 5322: " + date);
  }
}

TEST(ParseReleaseTest, RefusesPathsThatLeaveTheArchive) {
  for (const std::string path : {"../etc/passwd", "main/../../x", "/etc/passwd", "main/..", "a/\x1b[2J", "main/\x7f"}) {
    EXPECT_THAT(ErrorOf(Listing(Line("good") + Line(path))), StartsWith("Release: not a path below the archive: "))
        << path;
  }
  EXPECT_EQ(ErrorOf(Listing(Line("."))), "Release: not a path below the archive: .");
  EXPECT_THAT(ErrorOf(Listing(Line(std::string(256, 'x')))), HasSubstr("not a path"));
}

TEST(ParseReleaseTest, RefusesSizesThatAreNone) {
  for (const std::string size :
       {"-1", "+1", "0x10", "1e3", "18446744073709551616", "99999999999999999999999", "1,000"}) {
    EXPECT_EQ(ErrorOf(Listing(Line("a", size))), "Release: not a size: " + size);
  }
  EXPECT_EQ(ParseRelease(Listing(Line("a", "18446744073709551615")), "Release").files.at("a").size, UINT64_MAX);
}

TEST(ParseReleaseTest, RefusesMalformedLines) {
  EXPECT_THAT(ErrorOf(Listing(" " + kDigest + " 10\n")), StartsWith("Release: not a digest line: "));
  EXPECT_THAT(ErrorOf(Listing(Line("a b"))), StartsWith("Release: not a digest line: "));
  EXPECT_NE(ErrorOf(Listing(Line("a", "10", kDigest.substr(1)))), "no error");
  EXPECT_NE(ErrorOf(Listing(Line("a", "10", "G" + kDigest.substr(1)))), "no error");
  EXPECT_NE(ErrorOf(Listing(Line("a", "10", kDigest + "0"))), "no error");
}

TEST(ParseReleaseTest, APathHasOneContent) {
  EXPECT_EQ(ErrorOf(Listing(Line("a") + Line("a"))), "no error");
  EXPECT_EQ(ErrorOf(Listing(Line("a") + Line("a", "11"))), "Release: listed twice with different content: a");
  EXPECT_EQ(ErrorOf(Listing(Line("a") + Line("./a", "10", Sha256("else").Hex()))),
            "Release: listed twice with different content: a");
}

}  // namespace
}  // namespace nachbau::mirror
