#include "verifier/hold_release.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/signature.h"

namespace nachbau::verifier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SigningKey MakeKey() {
  const Ed25519PrivateKey key = Ed25519PrivateKey::Generate();
  return {key.Pem(""), PublicKeyPem(key.PublicKey()), KeyIdOf(key.PublicKey()), {}};
}

class HoldReleaseTest : public ::testing::Test {
 protected:
  HoldReleaseTest() {
    hold_.name = "case-1";
    hold_.reason = "audit";
    hold_.objects = {Sha256("1")};
    hold_.keys = {{"this machine", machine_.public_pem}, {"mara", mara_.public_pem}, {"mara again", mara_.public_pem}};
  }
  HoldRelease Wish() const { return {"case-1", DigestOf(hold_), "audit is over", 1'800'000'000, "jo"}; }

  SigningKey machine_ = MakeKey();
  SigningKey mara_ = MakeKey();
  SigningKey stranger_ = MakeKey();
  Hold hold_;
};

TEST_F(HoldReleaseTest, TwoPeopleRelease) {
  const Json file = CosignHoldRelease(AskForHoldRelease(Wish(), machine_), "file", mara_);
  const HoldReleaseCheck check = CheckHoldRelease(file, "file", hold_);
  EXPECT_TRUE(check.Released());
  EXPECT_THAT(check.signers, ElementsAre("this machine", "mara"));
  EXPECT_EQ(ReadHoldRelease(file, "file"), Wish());
}

TEST_F(HoldReleaseTest, OnePersonIsNotEnough) {
  const HoldReleaseCheck check = CheckHoldRelease(AskForHoldRelease(Wish(), machine_), "file", hold_);
  EXPECT_FALSE(check.Released());
  EXPECT_EQ(Render(check.problem), "1 of 2 signatures by keys that hold case-1 names are there");
}

TEST_F(HoldReleaseTest, OnePersonSigningTwiceIsOnePerson) {
  Json file = AskForHoldRelease(Wish(), mara_);
  file["envelopes"].push_back(file["envelopes"][0]);
  EXPECT_FALSE(CheckHoldRelease(file, "file", hold_).Released());
  EXPECT_FALSE(CheckHoldRelease(CosignHoldRelease(file, "file", mara_), "file", hold_).Released());
}

TEST_F(HoldReleaseTest, AKeyThatTheHoldDoesNotNameCountsForNothing) {
  const Json file = CosignHoldRelease(AskForHoldRelease(Wish(), machine_), "file", stranger_);
  EXPECT_FALSE(CheckHoldRelease(file, "file", hold_).Released());
}

TEST_F(HoldReleaseTest, ADefaultCheckReleasesNothing) { EXPECT_FALSE(HoldReleaseCheck().Released()); }

TEST_F(HoldReleaseTest, AReleaseOfAnotherHoldOrOfOtherObjectsCountsForNothing) {
  const Json file = CosignHoldRelease(AskForHoldRelease(Wish(), machine_), "file", mara_);
  Hold other = hold_;
  other.objects.push_back(Sha256("2"));
  EXPECT_FALSE(CheckHoldRelease(file, "file", other).Released());
  EXPECT_THAT(Render(CheckHoldRelease(file, "file", other).problem), HasSubstr("is not about the hold case-1 as it stands"));
}

TEST_F(HoldReleaseTest, AChangedWishHasNoGoodSignature) {
  Json file = CosignHoldRelease(AskForHoldRelease(Wish(), machine_), "file", mara_);
  HoldRelease changed = Wish();
  changed.reason = "because";
  const Json forged = AskForHoldRelease(changed, stranger_);
  for (Json& envelope : file["envelopes"]) envelope["payload"] = forged["envelopes"][0]["payload"];
  EXPECT_FALSE(CheckHoldRelease(file, "file", hold_).Released());
}

TEST_F(HoldReleaseTest, SignaturesOverDifferentWishesAreRefused) {
  Json file = AskForHoldRelease(Wish(), machine_);
  HoldRelease other = Wish();
  other.reason = "another";
  file["envelopes"].push_back(AskForHoldRelease(other, mara_)["envelopes"][0]);
  EXPECT_THROW(CheckHoldRelease(file, "file", hold_), ParseError);
}

}  // namespace
}  // namespace nachbau::verifier
