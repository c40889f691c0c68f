#include "model/archive_keys.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace nachbau {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kFirst(40, 'A'), kSecond(40, 'B');

std::string ErrorOf(const std::string& text) {
  try {
    ParseArchiveKeys(text, "archive-keys.toml");
  } catch (const ParseError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ArchiveKeysTest, WhatIsWrittenIsReadAgain) {
  ArchiveKeys keys;
  keys.signatures = 2;
  keys.keys = {{kFirst, "Archive \"key\" \\ 12 Ä", {"bookworm", "bookworm-security"}, 1700000000, "mara"}, {kSecond, "", {}, 0, ""}};
  const std::string text = FormatArchiveKeys(keys);
  const ArchiveKeys back = ParseArchiveKeys(text, "archive-keys.toml");
  EXPECT_EQ(back.keys, keys.keys);
  EXPECT_EQ(back.signatures, 2u);
  EXPECT_EQ(FormatArchiveKeys(back), text);
}

TEST(ArchiveKeysTest, EmptyFileMeansNoPins) { EXPECT_THAT(ParseArchiveKeys("", "x").keys, IsEmpty()); }

TEST(ArchiveKeysTest, TellsLineAndMistake) {
  const std::string key = "[[key]]\nfingerprint = \"" + kFirst + "\"\n";
  const std::pair<std::string, std::string> kCases[] = {
      {"signature = 1\n", "archive-keys.toml:1: unknown key: signature"},
      {"\nsignatures = 0\n", "archive-keys.toml:2: signatures must be a whole number from 1 on"},
      {"signatures = \"2\"\n", "archive-keys.toml:1: signatures must be"},
      {"key = 1\n", "archive-keys.toml:1: key must be an array of tables"},
      {"[[key]]\nname = \"x\"\n", "archive-keys.toml:1: a key needs its 'fingerprint'"},
      {"[[key]]\nfingerprint = \"ABCD1234\"\n", "archive-keys.toml:2: not the whole fingerprint of a key: ABCD1234"},
      {key + "name = 1\n", "archive-keys.toml:3: name must be a string"},
      {key + "name = \"a\\nb\"\n", "archive-keys.toml:3: name must be one line of text"},
      {key + "suites = []\n", "archive-keys.toml:3: suites must be an array of strings"},
      {key + "colour = \"red\"\n", "archive-keys.toml:3: unknown key: colour"},
      {key + key, "archive-keys.toml:3: the key " + kFirst + " stands there twice"},
      {"signatures = 2\n" + key, "2 signatures are asked for, but there are 1 keys"},
      {key + "added = \"yesterday\"\n", "added"},
      {"[[key]\n", "archive-keys.toml:1"},
  };
  for (const auto& [text, error] : kCases) EXPECT_THAT(ErrorOf(text), HasSubstr(error)) << text;
}

TEST(ArchiveKeysTest, KeysCountForTheirSuites) {
  ArchiveKeys keys;
  keys.keys = {{kFirst, "", {"bookworm"}, 0, ""}, {kSecond, "", {}, 0, ""}};
  const std::vector<std::string> signers = {kFirst, kSecond, std::string(40, 'C')};
  EXPECT_THAT(keys.Counting(signers, "bookworm"), ElementsAre(kFirst, kSecond));
  EXPECT_THAT(keys.Counting(signers, "trixie"), ElementsAre(kSecond));
  EXPECT_THAT(keys.Counting({}, "bookworm"), IsEmpty());
}

TEST(NormalFingerprintTest, TakesWholeFingerprintsHoweverTheyAreWritten) {
  const std::string normal = "0123456789ABCDEF0123456789ABCDEF01234567";
  for (const char* text :
       {"0123456789abcdef0123456789abcdef01234567", "0x0123456789ABCDEF0123456789ABCDEF01234567",
        "0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567 "}) {
    EXPECT_EQ(NormalFingerprint(text), normal) << text;
  }
  for (const char* text : {"", "01234567", "0123456789ABCDEF", "0123456789ABCDEF0123456789ABCDEF0123456G",
                           "0123456789ABCDEF0123456789ABCDEF012345678"}) {
    EXPECT_FALSE(NormalFingerprint(text)) << text;
  }
}

}  // namespace
}  // namespace nachbau
