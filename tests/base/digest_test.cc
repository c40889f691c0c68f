#include "base/digest.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace nachbau {
namespace {

// printf abc | sha256sum; printf abc | sha512sum
constexpr const char* kAbc256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kAbc512 =
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9a"
    "c94fa54ca49f";

TEST(DigestTest, HashesInOnePassWhateverThePieces) {
  const ContentId whole = HashBytes("abc");
  EXPECT_EQ(whole.size, 3U);
  EXPECT_EQ(whole.sha256.Hex(), kAbc256);
  EXPECT_EQ(whole.sha512.Hex(), kAbc512);
  ContentHasher hasher;
  for (const char* piece : {"", "a", "", "bc", ""}) hasher.Update(piece);
  EXPECT_EQ(hasher.Finish(), whole);
  EXPECT_EQ(Sha256("abc"), whole.sha256);
}

TEST(DigestTest, HashesADescriptorFromItsPosition) {
  const TemporaryDirectory directory("/tmp", "digest-test-");
  WriteFileAtomically(directory.path() / "x", "abc", 0644, Durability::kNone);
  EXPECT_EQ(HashDescriptor(OpenForReading(directory.path() / "x"), "x").sha512.Hex(), kAbc512);
}

TEST(DigestTest, ParsesItsOwnFormOnly) {
  EXPECT_EQ(ParseSha256(kAbc256, "x").Hex(), kAbc256);
  EXPECT_EQ(ParseSha512(kAbc512, "x").Hex(), kAbc512);
  const std::string good = kAbc256;
  for (const std::string& text : {std::string(), good.substr(1), good + "0", good + " ", "BA" + good.substr(2),
                                  "0x" + good.substr(2), std::string(kAbc512)}) {
    EXPECT_THROW(ParseSha256(text, "x"), ParseError) << text;
  }
  try {
    ParseSha256("zz\x1b", "lock.json/files/3");
    FAIL();
  } catch (const ParseError& error) {
    EXPECT_STREQ(error.what(), "lock.json/files/3: not a digest of 64 hexadecimal digits: zz\\x1b");
  }
}

TEST(DigestTest, ComparesByAllBytes) {
  Sha256Digest left = Sha256("a"), right = left;
  EXPECT_EQ(left, right);
  right.bytes[31] = static_cast<std::uint8_t>(right.bytes[31] ^ 1);
  EXPECT_NE(left, right);
}

}  // namespace
}  // namespace nachbau
