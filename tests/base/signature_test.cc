#include "base/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau {
namespace {

Ed25519PublicKey KeyFromHex(std::string_view hex) {
  const auto bytes = DecodeHex(hex);
  Ed25519PublicKey key;
  std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(key.bytes.data()));
  return key;
}

std::string Pem(const std::string& type, std::string_view der) {
  return "-----BEGIN " + type + "-----\n" + EncodeBase64(der) + "\n-----END " + type + "-----\n";
}

// PKCS#8 of RFC 8410, section 7: version 0, algorithm Ed25519, seed.
Ed25519PrivateKey PrivateFromSeed(std::string_view hex) {
  const std::string der = *DecodeHex("302e020100300506032b657004220420") + *DecodeHex(hex);
  return Ed25519PrivateKey::ParsePem(Pem("PRIVATE KEY", der), "seed", {});
}

struct Vector {
  const char* seed;
  const char* key;
  const char* message;
  const char* signature;
};

// RFC 8032, section 7.1: TEST 1, TEST 2, TEST 3 and TEST SHA(abc).
constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
     "655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
     "b00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
     "c027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e"
     "2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17a"
     "d9bef1177331a704"},
};

TEST(SignatureTest, SignsAndVerifiesTheVectorsOfRfc8032) {
  for (const Vector& vector : kVectors) {
    const Ed25519PrivateKey key = PrivateFromSeed(vector.seed);
    EXPECT_EQ(EncodeHex(key.PublicKey().View()), vector.key);
    const std::string message = *DecodeHex(vector.message);
    EXPECT_EQ(EncodeHex(key.Sign(message)), vector.signature);
    EXPECT_EQ(CheckSignature(KeyFromHex(vector.key), message, *DecodeHex(vector.signature)), SignatureCheck::kGood);
  }
}

TEST(SignatureTest, RejectsEveryFlippedBit) {
  const std::string message = "an attestation";
  const Ed25519PrivateKey key = PrivateFromSeed(kVectors[0].seed);
  const std::string signature = key.Sign(message);
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    std::string changed = signature;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(CheckSignature(key.PublicKey(), message, changed), SignatureCheck::kGood) << bit;
  }
  EXPECT_EQ(CheckSignature(key.PublicKey(), message + " ", signature), SignatureCheck::kMismatch);
  EXPECT_EQ(CheckSignature(KeyFromHex(kVectors[1].key), message, signature), SignatureCheck::kMismatch);
}

TEST(SignatureTest, RejectsSignaturesOfWrongLength) {
  const Ed25519PrivateKey key = PrivateFromSeed(kVectors[0].seed);
  const std::string signature = key.Sign("x");
  for (std::size_t length = 0; length < signature.size(); ++length) {
    EXPECT_EQ(CheckSignature(key.PublicKey(), "x", signature.substr(0, length)), SignatureCheck::kMalformed);
  }
  EXPECT_EQ(CheckSignature(key.PublicKey(), "x", signature + '\0'), SignatureCheck::kMalformed);
}

// S + L is the same signature to a careless verifier: L is the order of the base point, RFC 8032, section 5.1.
TEST(SignatureTest, RejectsTheSecondFormOfASignature) {
  const std::string order = *DecodeHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  const Ed25519PrivateKey key = PrivateFromSeed(kVectors[0].seed);
  std::string signature = key.Sign("x");
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const unsigned sum = static_cast<unsigned char>(signature[32 + i]) + static_cast<unsigned char>(order[i]) + carry;
    signature[32 + i] = static_cast<char>(sum & 255);
    carry = sum >> 8;
  }
  ASSERT_EQ(carry, 0U);
  EXPECT_EQ(CheckSignature(key.PublicKey(), "x", signature), SignatureCheck::kMismatch);
}

// Points of order 1, 2, 4 and 8, and encodings with y >= p. Made with plain arithmetic modulo p = 2^255 - 19: the points
// P with [8]P = (0, 1) on -x² + y² = 1 + d x² y², d = -121665/121666; each with both signs of x.
constexpr const char* kUnacceptable[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

TEST(SignatureTest, RejectsKeysAndPointsThatSignersNeverMake) {
  const Ed25519PrivateKey key = PrivateFromSeed(kVectors[0].seed);
  const std::string signature = key.Sign("x");
  for (const char* hex : kUnacceptable) {
    const Ed25519PublicKey bad = KeyFromHex(hex);
    EXPECT_EQ(CheckSignature(bad, "x", signature), SignatureCheck::kUnacceptableKey) << hex;
    EXPECT_EQ(CheckSignature(key.PublicKey(), "x", std::string(bad.View()) + signature.substr(32)),
              SignatureCheck::kMalformed)
        << hex;
    EXPECT_THROW(ParsePublicKeyPem(Pem("PUBLIC KEY", PublicKeyDer(bad)), "key.pub"), ParseError) << hex;
  }
}

// With the neutral element as key and as R, S = 0 "verifies" every message: OpenSSL alone says yes.
TEST(SignatureTest, RejectsTheSignatureThatFitsEveryMessage) {
  Ed25519PublicKey neutral;
  neutral.bytes[0] = 1;
  std::string signature(64, '\0');
  signature[0] = 1;
  EXPECT_EQ(CheckSignature(neutral, "anything", signature), SignatureCheck::kUnacceptableKey);
}

TEST(SignatureTest, PublicKeySurvivesPem) {
  const Ed25519PublicKey key = Ed25519PrivateKey::Generate().PublicKey();
  EXPECT_EQ(ParsePublicKeyPem(PublicKeyPem(key), "key.pub"), key);
  EXPECT_EQ(PublicKeyPem(key), Pem("PUBLIC KEY", PublicKeyDer(key)));
}

TEST(SignatureTest, KeyIdIsTheDigestOfTheSubjectPublicKeyInfo) {
  // xxd -r -p <<< 302a300506032b6570032100d75a…511a | sha256sum
  EXPECT_EQ(KeyIdOf(KeyFromHex(kVectors[0].key)), "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9");
}

TEST(SignatureTest, PrivateKeySurvivesPemWithAndWithoutPassphrase) {
  const Ed25519PrivateKey key = Ed25519PrivateKey::Generate();
  const std::string plain = key.Pem("");
  EXPECT_TRUE(plain.starts_with("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_EQ(Ed25519PrivateKey::ParsePem(plain, "key", {}).PublicKey(), key.PublicKey());
  const std::string encrypted = key.Pem("correct horse");
  EXPECT_TRUE(encrypted.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
  const auto parsed = Ed25519PrivateKey::ParsePem(encrypted, "key", [] { return std::string("correct horse"); });
  EXPECT_EQ(parsed.PublicKey(), key.PublicKey());
}

template <typename Action>
std::string ErrorOf(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(SignatureTest, SaysWhyAPrivateKeyCannotBeRead) {
  const std::string encrypted = Ed25519PrivateKey::Generate().Pem("secret");
  EXPECT_EQ(ErrorOf([&] { Ed25519PrivateKey::ParsePem(encrypted, "k.pem", [] { return std::string("wrong"); }); }),
            "k.pem: wrong passphrase, or damaged");
  EXPECT_EQ(ErrorOf([&] { Ed25519PrivateKey::ParsePem(encrypted, "k.pem", {}); }),
            "k.pem: encrypted, and no passphrase was given");
  EXPECT_EQ(ErrorOf([&] { Ed25519PrivateKey::ParsePem("not a key", "k.pem", {}); }),
            "k.pem: not a private key in PEM form");
  EXPECT_EQ(ErrorOf([&] { Ed25519PrivateKey::ParsePem(std::string(100'000, 'x'), "k.pem", {}); }),
            "k.pem: larger than the limit of 65536 bytes");
  EXPECT_THROW(Ed25519PrivateKey::ParsePem(encrypted, "k.pem", []() -> std::string { throw CancelledError(); }),
               CancelledError);
}

TEST(SignatureTest, RefusesKeysOfOtherKinds) {
  // openssl genpkey -algorithm X25519 | openssl pkey -pubout, with another point
  const std::string x25519 = *DecodeHex("302a300506032b656e032100") + std::string(32, '\x09');
  EXPECT_EQ(ErrorOf([&] { ParsePublicKeyPem(Pem("PUBLIC KEY", x25519), "k.pub"); }), "k.pub: not an Ed25519 key");
  EXPECT_EQ(ErrorOf([&] { ParsePublicKeyPem("-----BEGIN PUBLIC KEY-----\n", "k.pub"); }),
            "k.pub: not a public key in PEM form");
}

}  // namespace
}  // namespace nachbau
