#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/signature.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {
namespace {

using testing::HasSubstr;

class SigningKeyTest : public testing::Test {
 protected:
  SigningKeyTest() : directory_(std::filesystem::temp_directory_path(), "nachbau-key-") {}
  std::filesystem::path path() const { return directory_.path() / "keys" / "signing.pem"; }
  static std::string NeverAsked() {
    ADD_FAILURE() << "asked for a passphrase";
    return "";
  }
  static mode_t ModeOf(const std::filesystem::path& file) {
    struct stat status {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0);
    return status.st_mode & 07777;
  }
  std::string ErrorOf() {
    try {
      OpenSigningKey(path(), {});
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  TemporaryDirectory directory_;
};

TEST_F(SigningKeyTest, IsMadeOnFirstUseAndFoundAgain) {
  const SigningKey made = OpenSigningKey(path(), {});
  const SigningKey found = OpenSigningKey(path(), NeverAsked);
  EXPECT_EQ(made.key_id, found.key_id);
  EXPECT_EQ(made.private_pem, found.private_pem);
  EXPECT_EQ(ModeOf(path()), 0600U);
  EXPECT_EQ(ModeOf(path().parent_path()), 0700U);
  EXPECT_EQ(ReadFile(path().native() + ".pub"), made.public_pem);
  EXPECT_EQ(KeyIdOf(ParsePublicKeyPem(made.public_pem, "pub")), made.key_id);
  // Nothing else is left behind.
  EXPECT_EQ(ListFiles(path().parent_path()).size(), 2U);
}

TEST_F(SigningKeyTest, PassphraseProtectsTheFile) {
  const auto right = [] { return std::string("correct horse"); };
  const SigningKey made = OpenSigningKey(path(), right);
  EXPECT_THAT(ReadFile(path()), HasSubstr("BEGIN ENCRYPTED PRIVATE KEY"));
  EXPECT_EQ(OpenSigningKey(path(), right).key_id, made.key_id);
  EXPECT_THROW(OpenSigningKey(path(), [] { return std::string("wrong"); }), ParseError);
  EXPECT_THAT(ErrorOf(), HasSubstr("encrypted, and no passphrase was given"));
}

TEST_F(SigningKeyTest, RefusesAKeyThatOthersCanRead) {
  OpenSigningKey(path(), {});
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0610U}) {
    ASSERT_EQ(::chmod(path().c_str(), mode), 0);
    EXPECT_THAT(ErrorOf(), HasSubstr("others can read or change the private key")) << mode;
  }
  ASSERT_EQ(::chmod(path().c_str(), 0400), 0);
  EXPECT_EQ(ErrorOf(), "no error");
}

TEST_F(SigningKeyTest, RefusesAForeignPublicPart) {
  OpenSigningKey(path(), {});
  const std::string pub = path().native() + ".pub";
  WriteFileAtomically(pub, PublicKeyPem(Ed25519PrivateKey::Generate().PublicKey()));
  EXPECT_THAT(ErrorOf(), HasSubstr("is not the public part of"));
  std::filesystem::remove(pub);
  EXPECT_EQ(ErrorOf(), "no error");
  EXPECT_TRUE(std::filesystem::exists(pub));
}

TEST_F(SigningKeyTest, RefusesWhatIsNoKey) {
  WriteFileAtomically(path(), "garbage", 0600);
  EXPECT_THAT(ErrorOf(), HasSubstr("not a private key in PEM form"));
  std::filesystem::remove(path());
  std::filesystem::create_directory(path());
  ASSERT_EQ(::chmod(path().c_str(), 0700), 0);
  EXPECT_THAT(ErrorOf(), HasSubstr("not a regular file"));
}

TEST_F(SigningKeyTest, SeveralAtOnceAgreeOnOneKey) {
  std::vector<std::string> ids(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& id : ids) threads.emplace_back([&] { id = OpenSigningKey(path(), {}).key_id; });
  }
  for (const std::string& id : ids) EXPECT_EQ(id, ids[0]);
}

}  // namespace
}  // namespace nachbau::verifier
