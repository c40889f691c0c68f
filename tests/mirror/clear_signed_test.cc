#include "mirror/clear_signed.h"

#include <gmock/gmock.h>

#include "base/encoding.h"
#include "base/error.h"
#include "tests/mirror/gpg.h"

namespace nachbau::mirror {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr const char* kText = "Origin: Example\nSuite: stable\n";

template <typename Function>
std::string ErrorOf(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == text.npos) throw Error(Msg("not in the text: {}", from));
  return text.replace(at, from.size(), to);
}

// Framing alone: the signature is not one.
std::string Framed(const std::string& text, const std::string& headers = "Hash: SHA512\n") {
  return "-----BEGIN PGP SIGNED MESSAGE-----\n" + headers + "\n" + text +
         "-----BEGIN PGP SIGNATURE-----\n\niQ==\n=aaaa\n-----END PGP SIGNATURE-----\n";
}

std::string SplitError(const std::string& message) {
  return ErrorOf([&] { SplitClearSigned(message, "InRelease"); });
}

TEST(SplitClearSignedTest, ReturnsTheTextWithoutFraming) {
  EXPECT_EQ(SplitClearSigned(Framed(kText), "x"), kText);
  EXPECT_EQ(SplitClearSigned(Framed(""), "x"), "");
  EXPECT_EQ(SplitClearSigned(Framed("\n\n"), "x"), "\n\n");
  EXPECT_EQ(SplitClearSigned(Framed(kText, "Hash: SHA256\nHash: SHA512\n"), "x"), kText);
}

TEST(SplitClearSignedTest, UnescapesDashes) {
  EXPECT_EQ(SplitClearSigned(Framed("- -dash\n- - twice\n- -----BEGIN PGP SIGNATURE-----\n- needless\n"), "x"),
            "-dash\n- twice\n-----BEGIN PGP SIGNATURE-----\nneedless\n");
}

TEST(SplitClearSignedTest, DropsBlanksThatNoSignatureCovers) {
  EXPECT_EQ(SplitClearSigned(Framed("Label: \t \n middle blank \n\t\n- -x \n"), "x"), "Label:\n middle blank\n\n-x\n");
}

TEST(SplitClearSignedTest, RefusesTextOutsideTheMessage) {
  EXPECT_EQ(SplitError("Origin: Evil\n" + Framed(kText)), "InRelease:1: not a clear-signed message");
  EXPECT_EQ(SplitError("\n" + Framed(kText)), "InRelease:1: not a clear-signed message");
  EXPECT_EQ(SplitError(Framed(kText) + "Origin: Evil\n"), "InRelease:11: text after the signature");
  EXPECT_EQ(SplitError(Framed(kText) + "\n"), "InRelease:11: text after the signature");
  EXPECT_EQ(SplitError(Framed(kText) + Framed("Origin: Evil\n")), "InRelease:11: text after the signature");
  EXPECT_EQ(SplitError(""), "InRelease: the signature is missing or cut off");
}

TEST(SplitClearSignedTest, RefusesTextBetweenAndInsideSignatures) {
  const std::string second = "-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n";
  EXPECT_THAT(SplitError(Framed(kText) + "Origin: Evil\n" + second), HasSubstr(":11: text after the signature"));
  EXPECT_THAT(SplitError(Framed(kText) + second), HasSubstr(":11: text after the signature"));
  EXPECT_THAT(SplitError(Replaced(Framed(kText), "iQ==\n", "iQ==\n\nOrigin: Evil\n")), HasSubstr("not a signature"));
  EXPECT_THAT(SplitError(Replaced(Framed(kText), "iQ==\n", "-----END PGP MESSAGE-----\n")),
              HasSubstr("not a signature"));
  EXPECT_THAT(
      SplitError(Replaced(Framed(kText), "SIGNATURE-----\n\n", "SIGNATURE-----\n-----END PGP SIGNATURE-----\n")),
      HasSubstr("not a signature"));
}

TEST(SplitClearSignedTest, AcceptsHeadersOfTheSignature) {
  EXPECT_EQ(
      SplitClearSigned(Replaced(Framed(kText), "SIGNATURE-----\n\n", "SIGNATURE-----\nVersion: GnuPG v1\n\n"), "x"),
      kText);
}

TEST(SplitClearSignedTest, RefusesHeadersThatLookSigned) {
  EXPECT_EQ(SplitError(Framed(kText, "Hash: SHA512\nOrigin: Evil\n")), "InRelease:3: unsigned header: Origin: Evil");
  EXPECT_THAT(SplitError(Framed(kText, "NotDashEscaped: x\n")), HasSubstr("unsigned header"));
  EXPECT_THAT(SplitError(Framed(kText, "Hash: SHA512\n \n")), HasSubstr("unsigned header"));
  EXPECT_THAT(SplitError(Framed("", "")), "no error");
}

TEST(SplitClearSignedTest, RefusesControlBytesAndBareDashes) {
  for (const char control : {'\r', '\0', '\v', '\f', '\x1b', '\x7f'}) {
    EXPECT_EQ(SplitError(Framed("a\nb" + std::string(1, control) + "\n")), "InRelease:5: control byte");
  }
  EXPECT_EQ(SplitError(Framed("-x\n")), "InRelease:4: line with an unescaped dash");
  EXPECT_EQ(SplitError(Framed("-\n")), "InRelease:4: line with an unescaped dash");
  EXPECT_EQ(SplitError(Framed("-----BEGIN PGP SIGNATURE----- \n")), "InRelease:4: line with an unescaped dash");
  EXPECT_EQ(SplitClearSigned(Framed("\tTab, \xC3\xA9 and \xFF pass\n"), "x"), "\tTab, \xC3\xA9 and \xFF pass\n");
}

TEST(SplitClearSignedTest, RefusesEveryTruncation) {
  const std::string whole = Framed(kText);
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {  // the last newline is not needed
    EXPECT_NE(SplitError(whole.substr(0, size)), "no error") << size;
  }
}

class VerifyClearSignedTest : public testing::Test {
 protected:
  std::string VerifyError(const std::string& message, const std::string& keyring,
                          std::optional<UnixSeconds> now = ParseTime("2020-06-02T00:00:00Z", "test")) {
    return ErrorOf([&] { VerifyClearSigned(message, keyring, "InRelease", now); });
  }
  VerifiedText Verify(const std::string& message, const std::string& keyring,
                      std::optional<UnixSeconds> now = ParseTime("2020-06-02T00:00:00Z", "test"),
                      const std::vector<std::string>& signed_by = {}) {
    return VerifyClearSigned(message, keyring, "InRelease", now, signed_by);
  }
  static UnixSeconds At(const std::string& time) { return ParseTime(time, "test"); }

  Gpg gpg_;
};

TEST_F(VerifyClearSignedTest, AcceptsAGoodSignature) {
  const std::string key = gpg_.MakeKey("archive");
  const VerifiedText verified = Verify(gpg_.ClearSign(kText, {key}), gpg_.Export({key}));
  EXPECT_EQ(verified.text, kText);
  EXPECT_THAT(verified.signers, ElementsAre(key));
}

TEST_F(VerifyClearSignedTest, ReadsExactlyTheSignedText) {
  const std::string key = gpg_.MakeKey("archive");
  const std::string text = "-dash\n- two\n\n trailing \t\n\ttab\nUmlaut: \xC3\xA4\nFrom here\n\n";
  const VerifiedText verified = Verify(gpg_.ClearSign(text, {key}), gpg_.Export({key}));
  EXPECT_EQ(verified.text, "-dash\n- two\n\n trailing\n\ttab\nUmlaut: \xC3\xA4\nFrom here\n\n");
}

TEST_F(VerifyClearSignedTest, BlanksAddedLaterDoNotChangeTheText) {
  const std::string key = gpg_.MakeKey("archive");
  const std::string message = Replaced(gpg_.ClearSign(kText, {key}), "Example\n", "Example \t\n");
  EXPECT_EQ(Verify(message, gpg_.Export({key})).text, kText);
}

TEST_F(VerifyClearSignedTest, RefusesAnotherKey) {
  const std::string key = gpg_.MakeKey("archive");
  const std::string other = gpg_.MakeKey("other");
  const std::string message = gpg_.ClearSign(kText, {key});
  EXPECT_EQ(VerifyError(message, gpg_.Export({other})),
            "InRelease: no good signature: made by a key that is not in the keyring");
  EXPECT_EQ(VerifyError(message, ""), "InRelease: no good signature: made by a key that is not in the keyring");
}

TEST_F(VerifyClearSignedTest, RefusesTamperedText) {
  const std::string key = gpg_.MakeKey("archive");
  const std::string message = gpg_.ClearSign(kText, {key});
  const std::string keyring = gpg_.Export({key});
  const std::string expected = "InRelease: bad signature: " + key + ": does not fit the text";
  EXPECT_EQ(VerifyError(Replaced(message, "Example", "Exampel"), keyring), expected);
  EXPECT_EQ(VerifyError(Replaced(message, "Suite", " Suite"), keyring), expected);
  EXPECT_EQ(VerifyError(Replaced(message, "stable\n", "stable\nOrigin: Evil\n"), keyring), expected);
  EXPECT_EQ(VerifyError(Replaced(message, "Suite: stable\n", ""), keyring), expected);
}

TEST_F(VerifyClearSignedTest, RefusesDamagedArmor) {
  const std::string key = gpg_.MakeKey("archive");
  const std::string message = gpg_.ClearSign(kText, {key});
  const std::string keyring = gpg_.Export({key});
  const std::size_t armor = message.find("-----BEGIN PGP SIGNATURE-----");
  EXPECT_THAT(VerifyError(message.substr(0, armor + 60), keyring), HasSubstr("the signature is missing or cut off"));
  std::string shortened = message;
  shortened.erase(message.find("\n\n", armor) + 2, 40);
  EXPECT_NE(VerifyError(shortened, keyring), "no error");
  const std::string empty = message.substr(0, armor) + "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n";
  EXPECT_NE(VerifyError(empty, keyring), "no error");
}

TEST_F(VerifyClearSignedTest, OneTrustedSignatureIsEnough) {
  const std::string known = gpg_.MakeKey("known");
  const std::string unknown = gpg_.MakeKey("unknown");
  const std::string message = gpg_.ClearSign(kText, {unknown, known});
  EXPECT_THAT(Verify(message, gpg_.Export({known})).signers, ElementsAre(known));
  EXPECT_THAT(Verify(message, gpg_.Export({known, unknown})).signers, UnorderedElementsAre(known, unknown));
}

TEST_F(VerifyClearSignedTest, ABadSignatureSpoilsAGoodOne) {
  const std::string good = gpg_.MakeKey("good");
  const std::string bad = gpg_.MakeKey("bad");
  // A message whose armor holds both: the good signature of this text and another text's by the other key.
  const auto body = [](const std::string& message) {
    const std::size_t begin = message.find("\n\n", message.find("BEGIN PGP SIGNATURE")) + 2;
    std::string base64 = message.substr(begin, message.find("\n=", begin) - begin);
    std::erase(base64, '\n');
    return DecodeBase64(base64).value();
  };
  const std::string first = gpg_.ClearSign(kText, {good});
  const std::string both = body(first) + body(gpg_.ClearSign("Origin: Else\n", {bad}));
  const std::string message = first.substr(0, first.find("-----BEGIN PGP SIGNATURE-----")) +
                              "-----BEGIN PGP SIGNATURE-----\n\n" + EncodeBase64(both) +
                              "\n-----END PGP SIGNATURE-----\n";
  EXPECT_THAT(Verify(message, gpg_.Export({good})).signers, ElementsAre(good));
  EXPECT_EQ(VerifyError(message, gpg_.Export({good, bad})),
            "InRelease: bad signature: " + bad + ": does not fit the text");
}

TEST_F(VerifyClearSignedTest, SubkeysCountForTheirPrimaryKey) {
  const std::string key = gpg_.MakeKey("archive");
  const std::string subkey = gpg_.AddSubkey(key);
  const std::string message = gpg_.ClearSign(kText, {subkey + "!", key + "!"});
  const std::string keyring = gpg_.Export({key});
  EXPECT_THAT(Verify(message, keyring).signers, ElementsAre(key));
  EXPECT_THAT(Verify(gpg_.ClearSign(kText, {subkey + "!"}), keyring).signers, ElementsAre(key));
}

TEST_F(VerifyClearSignedTest, SignedByAdmitsExactlyTheKeysItNames) {
  const std::string key = gpg_.MakeKey("archive");
  const std::string subkey = gpg_.AddSubkey(key);
  const std::string other = gpg_.MakeKey("other");
  const std::string keyring = gpg_.Export({key, other});
  const std::string by_primary = gpg_.ClearSign(kText, {key + "!"});
  const std::string by_subkey = gpg_.ClearSign(kText, {subkey + "!"});
  const auto answer = [&](const std::string& message, const std::vector<std::string>& signed_by) {
    return ErrorOf([&] { Verify(message, keyring, At("2020-06-02T00:00:00Z"), signed_by); });
  };
  const std::string refused = "InRelease: no good signature: " + key + ": made by a key that Signed-By does not name";
  EXPECT_EQ(answer(by_primary, {key}), "no error");
  EXPECT_EQ(answer(by_primary, {key + "!"}), "no error");
  EXPECT_EQ(answer(by_primary, {subkey}), refused);
  EXPECT_EQ(answer(by_primary, {other}), refused);
  EXPECT_EQ(answer(by_primary, {other, key}), "no error");
  EXPECT_EQ(answer(by_subkey, {key}), "no error");
  EXPECT_EQ(answer(by_subkey, {key + "!"}), refused);
  EXPECT_EQ(answer(by_subkey, {subkey}), "no error");
  EXPECT_EQ(answer(by_subkey, {subkey + "!"}), "no error");
}

TEST_F(VerifyClearSignedTest, ExpiredKeysDoNotCount) {
  const std::string key = gpg_.MakeKey("old", {.lifetime = "1y"});
  const std::string message = gpg_.ClearSign(kText, {key});
  const std::string keyring = gpg_.Export({key});
  EXPECT_THAT(Verify(message, keyring, At("2020-12-30T00:00:00Z")).signers, ElementsAre(key));
  EXPECT_EQ(VerifyError(message, keyring, At("2021-01-02T00:00:00Z")),
            "InRelease: no good signature: " + key + ": made by a key that has expired");
  EXPECT_THAT(Verify(message, keyring, std::nullopt).signers, ElementsAre(key));  // it was good when it was made
}

TEST_F(VerifyClearSignedTest, AnExpiredKeyBesideAGoodOneIsPassedOver) {
  const std::string old = gpg_.MakeKey("old", {.lifetime = "1y"});
  const std::string key = gpg_.MakeKey("new");
  const VerifiedText verified =
      Verify(gpg_.ClearSign(kText, {old, key}), gpg_.Export({old, key}), At("2022-01-01T00:00:00Z"));
  EXPECT_THAT(verified.signers, ElementsAre(key));
}

TEST_F(VerifyClearSignedTest, ExpiredAndFutureSignaturesDoNotCount) {
  const std::string key = gpg_.MakeKey("archive");
  const std::string message = gpg_.ClearSign(kText, {key}, {.lifetime = "10d"});
  const std::string keyring = gpg_.Export({key});
  EXPECT_THAT(Verify(message, keyring, At("2020-06-11T00:00:00Z")).signers, ElementsAre(key));
  EXPECT_EQ(VerifyError(message, keyring, At("2020-06-12T00:00:00Z")),
            "InRelease: no good signature: " + key + ": expired at 2020-06-11T12:00:00Z");
  EXPECT_THAT(Verify(message, keyring, std::nullopt).signers, ElementsAre(key));
  EXPECT_EQ(VerifyError(message, keyring, At("2020-06-01T11:54:59Z")),
            "InRelease: no good signature: " + key + ": made in the future, at 2020-06-01T12:00:00Z");
  EXPECT_THAT(Verify(message, keyring, At("2020-06-01T11:55:00Z")).signers,
              ElementsAre(key));  // clocks differ a little
}

TEST_F(VerifyClearSignedTest, RevokedKeysDoNotCount) {
  const std::string revoked = gpg_.MakeKey("revoked");
  const std::string key = gpg_.MakeKey("key");
  const std::string alone = gpg_.ClearSign(kText, {revoked});
  const std::string both = gpg_.ClearSign(kText, {revoked, key});
  gpg_.Revoke(revoked);
  const std::string keyring = gpg_.Export({revoked, key});
  const std::string expected = "InRelease: no good signature: " + revoked + ": made by a key that was revoked";
  EXPECT_EQ(VerifyError(alone, keyring), expected);
  EXPECT_EQ(VerifyError(alone, keyring, std::nullopt), expected);
  EXPECT_THAT(Verify(both, keyring).signers, ElementsAre(key));
}

TEST_F(VerifyClearSignedTest, WeakDigestsDoNotCount) {
  const std::string key = gpg_.MakeKey("rsa", {.algorithm = "rsa2048"});
  const std::string keyring = gpg_.Export({key});
  for (const std::string digest : {"SHA1", "RIPEMD160"}) {
    EXPECT_EQ(VerifyError(gpg_.ClearSign(kText, {key}, {.digest = digest}), keyring),
              "InRelease: no good signature: " + key + ": uses the weak digest " + digest);
  }
  EXPECT_EQ(VerifyError(gpg_.ClearSign(kText, {key}, {.digest = "SHA256"}), keyring), "no error");
}

TEST_F(VerifyClearSignedTest, WeakKeysDoNotCount) {
  const std::string key = gpg_.MakeKey("weak", {.algorithm = "rsa1024"});
  EXPECT_EQ(VerifyError(gpg_.ClearSign(kText, {key}), gpg_.Export({key})),
            "InRelease: no good signature: " + key + ": made by a key that is too weak");
}

TEST_F(VerifyClearSignedTest, HugeTextsAreReadWhole) {
  const std::string key = gpg_.MakeKey("archive");
  std::string text;
  for (int i = 0; i < 100000; ++i) text += " 0123456789abcdef " + std::to_string(i) + " main/binary-amd64/Packages\n";
  text += std::string(19000, 'x') + "\n- last\n";
  const std::string message = gpg_.ClearSign(text, {key});
  const std::string keyring = gpg_.Export({key});
  EXPECT_TRUE(Verify(message, keyring).text == text);  // EXPECT_EQ would draw a diff of all of it
  EXPECT_THAT(VerifyError(Replaced(message, " 99999 ", " 99998 "), keyring), HasSubstr("does not fit the text"));
}

}  // namespace
}  // namespace nachbau::mirror
