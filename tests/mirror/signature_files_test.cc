// Signatures of upstream and of git, in all formats: what is told of each.
#include <gmock/gmock.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "mirror/file_signature.h"
#include "mirror/keyring.h"
#include "mirror/minisign.h"
#include "mirror/openpgp_signature.h"
#include "mirror/ssh_signature.h"
#include "tests/mirror/gpg.h"

namespace nachbau::mirror {
namespace {

using testing::HasSubstr;

constexpr UnixSeconds kNow = 1750000000;  // June 2025

SignatureVerdict Only(const std::vector<SignatureVerdict>& verdicts) {
  EXPECT_EQ(verdicts.size(), 1U);
  return verdicts.empty() ? SignatureVerdict() : verdicts.front();
}

TEST(OpenPgpSignatureTest, TellsOutcomesApart) {
  Gpg gpg;
  const std::string good = gpg.MakeKey("good"), unknown = gpg.MakeKey("unknown"), revoked = gpg.MakeKey("revoked"),
                    old = gpg.MakeKey("old", {.lifetime = "1y"}), weak = gpg.MakeKey("weak", {.algorithm = "rsa2048"});
  const std::string message = "bytes";
  const std::string by_revoked = gpg.DetachSign(message, revoked);
  gpg.Revoke(revoked);
  const OpenPgpKeys keys(gpg.Export({good, revoked, old, weak}));
  const auto check = [&](const std::string& signature, const std::string& of) {
    return Only(keys.CheckDetached(of, signature, kNow));
  };
  const SignatureVerdict verdict = check(gpg.DetachSign(message, good), message);
  EXPECT_EQ(verdict.outcome, SignatureOutcome::kGood);
  EXPECT_EQ(verdict.signer, good);
  EXPECT_EQ(verdict.name, "good <good@example.org>");
  EXPECT_EQ(verdict.detail, "");
  EXPECT_EQ(check(gpg.DetachSign(message, good), "other bytes").outcome, SignatureOutcome::kBad);
  EXPECT_EQ(check(gpg.DetachSign(message, unknown), message).outcome, SignatureOutcome::kUnknownKey);
  EXPECT_EQ(check(by_revoked, message).outcome, SignatureOutcome::kRevokedKey);
  EXPECT_EQ(check(gpg.DetachSign(message, weak, {.digest = "SHA1"}), message).outcome, SignatureOutcome::kWeakDigest);
  const SignatureVerdict since = check(gpg.DetachSign(message, old), message);
  EXPECT_EQ(since.outcome, SignatureOutcome::kGood);
  EXPECT_THAT(since.detail, HasSubstr("the key has expired since, at 2020-12-31"));
  EXPECT_EQ(check("no signature", message).outcome, SignatureOutcome::kBad);
}

TEST(OpenPgpSignatureTest, FindsTheKeysOfAMessageInALargeKeyring) {
  Gpg gpg;
  const std::string one = gpg.MakeKey("one"), two = gpg.MakeKey("two");
  const std::string subkey = gpg.AddSubkey(two);
  const std::string keyring = gpg.Export({one, two});
  for (const auto& [signer, primary] : {std::pair(one, one), std::pair(subkey + "!", two)}) {
    const std::string message = gpg.ClearSign("text\n", {signer});
    const std::string keys = KeysForClearSigned(message, keyring, "keyring");
    EXPECT_EQ(SplitKeys(keys, "keys").size(), 1U);
    const SignatureVerdict verdict = Only(OpenPgpKeys(keys).CheckClearSigned(message, "message", kNow));
    EXPECT_EQ(verdict.outcome, SignatureOutcome::kGood) << verdict.detail;
    EXPECT_EQ(verdict.signer, primary);
  }
}

class Ssh {
 public:
  Ssh() {
    for (const char* who : {"alice", "mallory"}) {
      Run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", Path(who)}, "");
    }
  }
  std::filesystem::path Scratch() const { return directory_.path(); }
  std::string PublicKey(const std::string& who) const { return ReadFile(Path(who + ".pub")); }
  std::string Sign(const std::string& who, const std::string& purpose, const std::string& bytes) const {
    return Run({"ssh-keygen", "-q", "-Y", "sign", "-f", Path(who), "-n", purpose}, bytes);
  }

 private:
  std::string Path(const std::string& name) const { return (directory_.path() / name).native(); }
  static std::string Run(std::vector<std::string> arguments, const std::string& input) {
    ProcessRequest request;
    request.arguments = std::move(arguments);
    request.standard_input = input;
    const ProcessResult result = RunProcess(request);
    EXPECT_EQ(result.exit_code, 0) << result.standard_error;
    return result.standard_output;
  }
  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "nachbau-ssh-"};
};

TEST(SshSignatureTest, TellsOutcomesApart) {
  const Ssh ssh;
  SshSigners signers;
  signers.allowed = AllowedSigners(ssh.PublicKey("alice"), "Alice Example", "alice.pub");
  const std::string message = "bytes", signature = ssh.Sign("alice", "file", message);
  const auto check = [&](const std::string& of, const std::string& text, const std::string& purpose) {
    return CheckSshSignature(of, text, signers, purpose, std::nullopt, ssh.Scratch());
  };
  const SignatureVerdict good = check(message, signature, "file");
  EXPECT_EQ(good.outcome, SignatureOutcome::kGood) << good.detail;
  EXPECT_EQ(good.name, "Alice_Example");
  EXPECT_THAT(good.signer, testing::StartsWith("SHA256:"));
  EXPECT_EQ(check("other", signature, "file").outcome, SignatureOutcome::kBad);
  EXPECT_EQ(check(message, signature, "git").outcome, SignatureOutcome::kBad);
  EXPECT_EQ(check(message, "-----BEGIN SSH SIGNATURE-----\nAAAA\n", "file").outcome, SignatureOutcome::kBad);
  EXPECT_EQ(check(message, ssh.Sign("mallory", "file", message), "file").outcome, SignatureOutcome::kUnknownKey);
  signers.revoked = ssh.PublicKey("alice");
  EXPECT_EQ(check(message, signature, "file").outcome, SignatureOutcome::kRevokedKey);
}

TEST(SshSignatureTest, AKeyCountsForItsTime) {
  const Ssh ssh;
  const std::string key = ssh.PublicKey("alice");
  SshSigners signers;
  signers.allowed = AllowedSigners("alice@example.org valid-before=\"20240101\" " + key, "", "allowed");
  const std::string signature = ssh.Sign("alice", "git", "x");
  const auto at = [&](UnixSeconds moment) {
    return CheckSshSignature("x", signature, signers, "git", moment, ssh.Scratch()).outcome;
  };
  EXPECT_EQ(at(ParseTime("2023-12-30T12:00:00Z", "t")), SignatureOutcome::kGood);
  EXPECT_EQ(at(ParseTime("2024-01-02T12:00:00Z", "t")), SignatureOutcome::kUnknownKey);
}

TEST(SshSignatureTest, RefusesLinesThatAreNoSigners) {
  EXPECT_EQ(AllowedSigners("# comment\n\nssh-ed25519 AAAA c\r\n", "bob,*", "f"), "bob__ ssh-ed25519 AAAA c\n");
  EXPECT_THROW(AllowedSigners("alice nothing\n", "", "f"), ParseError);
  EXPECT_THROW(AllowedSigners("ssh-ed25519 AA\x01\n", "", "f"), ParseError);
}

// Files as minisign and signify write them, made here.
struct Maker {
  Ed25519PrivateKey key = Ed25519PrivateKey::Generate();
  std::string id = "12345678";
  std::string Line(const std::string& algorithm, const std::string& bytes) const {
    return EncodeBase64(algorithm + id + bytes) + "\n";
  }
  std::string Key() const { return "untrusted comment: a key\n" + Line("Ed", std::string(key.PublicKey().View())); }
  std::string Signify(const std::string& message) const {
    return "untrusted comment: x\n" + Line("Ed", key.Sign(message));
  }
  std::string Minisign(const std::string& message, const std::string& comment) const {
    return Signify(message) + "trusted comment: " + comment + "\n" + EncodeBase64(key.Sign(key.Sign(message) + comment)) + "\n";
  }
};

TEST(MinisignTest, ChecksFileAndTrustedComment) {
  const Maker maker;
  const MinisignKey key = ParseMinisignKey(maker.Key(), "key");
  const auto check = [&](const std::string& message, const std::string& signature) {
    return CheckMinisign(message, ParseMinisignSignature(signature, "signature"), key);
  };
  const SignatureVerdict good = check("bytes", maker.Minisign("bytes", "file:a"));
  EXPECT_EQ(good.outcome, SignatureOutcome::kGood);
  EXPECT_EQ(good.detail, "file:a");
  EXPECT_EQ(good.signer, "3837363534333231");
  EXPECT_EQ(check("bytes", maker.Signify("bytes")).outcome, SignatureOutcome::kGood);
  EXPECT_EQ(check("other", maker.Minisign("bytes", "file:a")).outcome, SignatureOutcome::kBad);
  std::string changed = maker.Minisign("bytes", "file:a");
  changed.replace(changed.find("file:a"), 6, "file:b");
  EXPECT_THAT(check("bytes", changed).detail, HasSubstr("the trusted comment is not what was signed"));
  Maker other;
  other.id = "87654321";
  EXPECT_EQ(check("bytes", other.Signify("bytes")).outcome, SignatureOutcome::kUnknownKey);
}

TEST(MinisignTest, RefusesOtherFiles) {
  const Maker maker;
  const std::string good = maker.Minisign("x", "c");
  for (const std::string& text :
       {std::string(), good + "more\n", good.substr(0, good.find("trusted comment: c")) + "comment: c\n\n",
        "untrusted comment: x\n" + maker.Line("ED", std::string(64, 'x')), std::string("untrusted comment: x\nAAAA\n"),
        "untrusted comment: x\r\n" + maker.Line("Ed", std::string(64, 'x')), maker.Key()}) {
    EXPECT_THROW(ParseMinisignSignature(text, "signature"), ParseError) << text;
  }
  EXPECT_THROW(ParseMinisignKey(good, "key"), ParseError);
  EXPECT_THROW(ParseMinisignKey("untrusted comment: x\n" + maker.Line("XX", std::string(32, 'x')), "key"), ParseError);
}

TEST(FileSignatureTest, UsesKeysOfTheSignaturesKindOnly) {
  const Maker maker;
  const Ssh ssh;
  const std::vector<KeyFile> keys = {{"alice.pub", ssh.PublicKey("alice")}, {"mini.pub", maker.Key()}};
  const auto check = [&](const std::string& signature) {
    return CheckFileSignature("bytes", signature, keys, "file", Sha256("bytes"), kNow, ssh.Scratch()).at(0);
  };
  EXPECT_EQ(check(maker.Minisign("bytes", "c")).kind, "minisign");
  EXPECT_EQ(check(maker.Signify("bytes")).kind, "signify");
  EXPECT_EQ(check(maker.Signify("bytes")).keys, "mini.pub");
  EXPECT_EQ(check(ssh.Sign("alice", "file", "bytes")).verdict.outcome, SignatureOutcome::kGood);
  EXPECT_EQ(check(ssh.Sign("mallory", "file", "bytes")).verdict.outcome, SignatureOutcome::kUnknownKey);
  EXPECT_EQ(check("nothing").verdict.outcome, SignatureOutcome::kBad);
}

}  // namespace
}  // namespace nachbau::mirror
