#include "verifier/checkpoint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::verifier {
namespace {

constexpr const char* kRoot = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

class CheckpointTest : public testing::Test {
 protected:
  Ed25519PrivateKey key_ = Ed25519PrivateKey::Generate();
  Ed25519PrivateKey other_ = Ed25519PrivateKey::Generate();
  std::string signed_ = SignCheckpoint({"example.org/log", 0, Sha256("")}, key_);
};

TEST_F(CheckpointTest, IsThreeLinesAndASignature) {
  const Note note = ParseNote(signed_, "c");
  EXPECT_EQ(note.text, std::string("example.org/log\n0\n") + kRoot + "\n");
  ASSERT_EQ(note.signatures.size(), 1U);
  EXPECT_EQ(note.signatures[0].name, "example.org/log");
  EXPECT_EQ(CheckNote(note, "example.org/log", key_.PublicKey()), NoteCheck::kGood);
  EXPECT_EQ(FormatNote(note), signed_);
  const Checkpoint checkpoint = ParseCheckpoint(note, "c");
  EXPECT_EQ(checkpoint.origin, "example.org/log");
  EXPECT_EQ(checkpoint.size, 0U);
  EXPECT_EQ(checkpoint.root, Sha256(""));
}

// The example of the C2SP signed-note specification: verifier key PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW
TEST_F(CheckpointTest, VerifiesTheSpecificationsExample) {
  const Note note = ParseNote(
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n"
      "\n"
      "— PeterNeumann "
      "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
      "note");
  const std::string raw = *DecodeBase64("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  Ed25519PublicKey key;
  std::copy(raw.begin() + 1, raw.end(), reinterpret_cast<char*>(key.bytes.data()));
  EXPECT_EQ(EncodeHex(NoteKeyHash("PeterNeumann", key)), "c74f20a3");
  EXPECT_EQ(CheckNote(note, "PeterNeumann", key), NoteCheck::kGood);
}

TEST_F(CheckpointTest, NameIsPartOfTheKey) {
  const Note note = ParseNote(signed_, "c");
  EXPECT_EQ(CheckNote(note, "example.org/other", key_.PublicKey()), NoteCheck::kNotSignedByKey);
  EXPECT_EQ(CheckNote(note, "example.org/log", other_.PublicKey()), NoteCheck::kNotSignedByKey);
}

TEST_F(CheckpointTest, SignaturesOfUnknownKeysAreAllowedUpToSixteenAndMore) {
  Note note = ParseNote(signed_, "c");
  for (int i = 0; i < 20; ++i) note.signatures.insert(note.signatures.begin(), {"witness.example.org", "abcd", "x"});
  EXPECT_EQ(CheckNote(ParseNote(FormatNote(note), "c"), "example.org/log", key_.PublicKey()), NoteCheck::kGood);
  for (int i = 0; i < 60; ++i) note.signatures.insert(note.signatures.begin(), {"witness.example.org", "abcd", "x"});
  EXPECT_THROW(ParseNote(FormatNote(note), "c"), ParseError);
}

TEST_F(CheckpointTest, ABadSignatureOfAKnownKeySpoilsTheNote) {
  Note note = ParseNote(signed_, "c");
  NoteSignature bad = note.signatures[0];
  bad.signature[40] = static_cast<char>(bad.signature[40] ^ 1);
  for (const bool first : {true, false}) {
    Note both = note;
    both.signatures.insert(first ? both.signatures.begin() : both.signatures.end(), bad);
    EXPECT_EQ(CheckNote(both, "example.org/log", key_.PublicKey()), NoteCheck::kBadSignature);
  }
}

TEST_F(CheckpointTest, ChangedTextIsABadSignature) {
  Note note = ParseNote(signed_, "c");
  note.text[note.text.find('\n') + 1] = '1';
  EXPECT_EQ(CheckNote(note, "example.org/log", key_.PublicKey()), NoteCheck::kBadSignature);
}

TEST_F(CheckpointTest, TextEndsAtTheLastEmptyLine) {
  Note note;
  note.text = "a\n\nb\n";
  note.signatures.push_back({"n", NoteKeyHash("n", key_.PublicKey()), key_.Sign(note.text)});
  const Note parsed = ParseNote(FormatNote(note), "c");
  EXPECT_EQ(parsed.text, note.text);
  EXPECT_EQ(CheckNote(parsed, "n", key_.PublicKey()), NoteCheck::kGood);
}

TEST_F(CheckpointTest, RefusesWhatIsNoNote) {
  const std::string good = signed_;
  const std::string line = good.substr(good.find("\xe2\x80\x94"));
  for (const std::string& text : std::initializer_list<std::string>{
        std::string(), std::string("a"), std::string("a\n"), std::string("a\n\n"), std::string("a\n\nb\n"),
        good.substr(0, good.size() - 1), good + "\n", good + "x\n", "a\r\n\n" + line, std::string("a\0\n\n", 4) + line,
        "a\x7f\n\n" + line, "\xff\n\n" + line, "a\n\n- name AAAAAAAA\n", "a\n\n\xe2\x80\x94 AAAAAAAA\n",
        "a\n\n\xe2\x80\x94  AAAAAAAA\n", "a\n\n\xe2\x80\x94 na me AAAAAAAA\n", "a\n\n\xe2\x80\x94 n+ame AAAAAAAA\n",
        "a\n\n\xe2\x80\x94 name AAAA\n", "a\n\n\xe2\x80\x94 name AAAAAB==\n", std::string(2 << 20, 'a')}) {
    EXPECT_THROW(ParseNote(text, "c"), ParseError) << Printable(text.substr(0, 80));
  }
}

TEST_F(CheckpointTest, RefusesWhatIsNoCheckpoint) {
  const auto parse = [&](const std::string& text) {
    Note note;
    note.text = text;
    return ParseCheckpoint(note, "c");
  };
  const std::string root = std::string(kRoot) + "\n";
  EXPECT_EQ(parse("o\n18446744073709551615\n" + root).size, ~std::uint64_t{0});
  EXPECT_EQ(parse("o\n7\n" + root + "extension\n").size, 7U);
  for (const std::string& text : std::initializer_list<std::string>{
        std::string(), std::string("o\n"), std::string("o\n1\n"), "\n1\n" + root, "o\n01\n" + root, "o\n+1\n" + root,
        "o\n-1\n" + root, "o\n1 \n" + root, "o\n\n" + root, "o\n18446744073709551616\n" + root, "o\n1x\n" + root,
        std::string("o\n1\nAAAA\n"), "o\n1\n!" + root, "o\n1\n" + root + "\nx\n", "o\n1\n" + root + "x"}) {
    EXPECT_THROW(parse(text), ParseError) << Printable(text);
  }
}

}  // namespace
}  // namespace nachbau::verifier
