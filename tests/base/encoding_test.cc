#include "base/encoding.h"

#include <gtest/gtest.h>

#include <random>

namespace nachbau {
namespace {

using namespace std::string_literals;

TEST(HexTest, RoundTripsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(EncodeHex("\x00\xff\x1a"s), "00ff1a");
  EXPECT_EQ(DecodeHex(EncodeHex(bytes)), bytes);
}

TEST(HexTest, RefusesAllOtherForms) {
  for (const std::string& text : {"0"s, "0g"s, "0A"s, " 0"s, "0x"s, "00 "s, "\0\0"s}) {
    EXPECT_EQ(DecodeHex(text), std::nullopt) << text;
  }
}

// RFC 4648, section 10.
TEST(Base64Test, HasTheVectorsOfTheRfc) {
  const std::pair<const char*, const char*> kVectors[] = {{"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},  {"foob", "Zm9vYg=="},  {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : kVectors) {
    EXPECT_EQ(EncodeBase64(bytes), text);
    EXPECT_EQ(DecodeBase64(text), bytes);
  }
}

TEST(Base64Test, RoundTripsRandomBytes) {
  std::mt19937 random(1);
  for (std::size_t length = 0; length < 100; ++length) {
    std::string bytes(length, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_EQ(DecodeBase64(EncodeBase64(bytes)), bytes);
  }
}

TEST(Base64Test, RefusesAllOtherForms) {
  for (const char* text : {"Zg", "Zg=", "Z", "Zh==" /* trailing bits */, "Zm9=", "Zg==Zg==", "=Zg=", "====", "A===",
                           "Zm9v\n", " Zm9v", "Zm-v", "Zm9v====", "Zm=v"}) {
    EXPECT_EQ(DecodeBase64(text), std::nullopt) << text;
  }
}

TEST(Base64Test, KeepsTheAlphabetsApart) {
  EXPECT_EQ(DecodeBase64("+/+/"), "\xfb\xff\xbf");
  EXPECT_EQ(DecodeBase64("-_-_", Base64Alphabet::kUrlSafe), "\xfb\xff\xbf");
  EXPECT_EQ(DecodeBase64("-_-_"), std::nullopt);
  EXPECT_EQ(DecodeBase64("+/+/", Base64Alphabet::kUrlSafe), std::nullopt);
}

TEST(PercentEncodeTest, KeepsOnlyUnreservedCharacters) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("1:2.3+dfsg-1~a/b c\xc3\xa4"), "1%3A2.3%2Bdfsg-1~a%2Fb%20c%C3%A4");
  EXPECT_EQ(PercentEncode("a/b+c", "/+"), "a/b+c");
}

// Unicode 15, table 3-7.
TEST(IsUtf8Test, KnowsWellFormedSequences) {
  for (const char* text : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(text)) << EncodeHex(text);
  }
  for (const char* text : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe0\xa0", "\xed\xa0\x80",
                           "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xc3"}) {
    EXPECT_FALSE(IsUtf8(text)) << EncodeHex(text);
  }
}

TEST(PrintableTest, MakesControlAndMalformedBytesVisible) {
  EXPECT_EQ(Printable("ok \xc3\xa4"), "ok \xc3\xa4");
  EXPECT_EQ(Printable("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(Printable("a\nb\tc\x7f"), "a\\x0ab\\x09c\\x7f");
  EXPECT_EQ(Printable("\xff\xc2\x9b" "31m"), "\\xff\\xc2\\x9b31m");  // U+009B is CSI: as good as ESC [
  EXPECT_EQ(Printable("\0"s), "\\x00");
}

}  // namespace
}  // namespace nachbau
