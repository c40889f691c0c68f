#include "verifier/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "verifier/log.h"
#include "verifier/statement.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {
namespace {

using testing::HasSubstr;

class BundleTest : public testing::Test {
 protected:
  BundleTest() : directory_(std::filesystem::temp_directory_path(), "nachbau-bundle-") {
    key_ = OpenSigningKey(directory_.path() / "key.pem", {});
    for (int i = 0; i < 3; ++i) bundle_ = Make(Statement(i));
  }
  static Json Statement(int number) {
    return {{"_type", kStatementType}, {"subject", Json::array()}, {"predicateType", "x"}, {"predicate", number}};
  }
  Json Make(const Json& statement) {
    return Attest(statement, key_, directory_.path() / "log", "example.org/log", FixedClock(1'760'000'000));
  }
  std::vector<TrustedKey> Trusted() const { return {{"us", key_.public_pem}}; }
  // "rule outcome" of each finding.
  std::vector<std::string> Outcomes(const Json& bundle, const std::vector<TrustedKey>& trusted) const {
    std::vector<std::string> lines;
    for (const Finding& finding : VerifyBundle(bundle, "b.json", trusted)) {
      EXPECT_EQ(finding.evidence, std::vector<std::string>{"b.json"});
      EXPECT_FALSE(Render(finding.reason).empty());
      lines.push_back(finding.rule.substr(finding.rule.find('.') + 1) + " " + std::string(Name(finding.outcome)));
    }
    return lines;
  }
  std::vector<std::string> Outcomes(const Json& bundle) const { return Outcomes(bundle, Trusted()); }
  Json& Entry(Json& bundle) { return bundle["verificationMaterial"]["tlogEntries"][0]; }

  TemporaryDirectory directory_;
  SigningKey key_;
  Json bundle_;
};

const std::vector<std::string> kAllGood = {"shape pass", "trusted pass", "logged pass"};

TEST_F(BundleTest, IsASigstoreBundle) {
  EXPECT_EQ(bundle_["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
  EXPECT_EQ(bundle_["verificationMaterial"]["publicKey"]["hint"], key_.key_id);
  const Json& entry = bundle_["verificationMaterial"]["tlogEntries"][0];
  EXPECT_EQ(entry["logIndex"], "2");  // 64-bit integers are strings in Protocol Buffers' JSON
  EXPECT_EQ(entry["integratedTime"], "1760000000");
  EXPECT_EQ(entry["inclusionProof"]["treeSize"], "3");
  EXPECT_EQ(bundle_["dsseEnvelope"]["payloadType"], "application/vnd.in-toto+json");
  EXPECT_EQ(LogIndexOf(bundle_), 2U);
  EXPECT_EQ(ToJson(BundleFromJson(bundle_, "b")), bundle_);
}

TEST_F(BundleTest, GoodBundlePasses) { EXPECT_EQ(Outcomes(bundle_), kAllGood); }

TEST_F(BundleTest, UnknownKeyIsUnknownAndSaysWhatToDo) {
  EXPECT_EQ(Outcomes(bundle_, {}), (std::vector<std::string>{"shape pass", "trusted unknown", "logged unknown"}));
  const Finding finding = VerifyBundle(bundle_, "b.json", {}).at(1);
  EXPECT_THAT(Render(finding.reason), HasSubstr(key_.key_id));
  EXPECT_THAT(Render(finding.remedy), HasSubstr("nachbau.toml"));
}

TEST_F(BundleTest, ATrustedKeyGivenTwiceIsOneKey) {
  auto trusted = Trusted();
  trusted.push_back({"again", key_.public_pem});
  EXPECT_EQ(Outcomes(bundle_, trusted), kAllGood);
}

TEST_F(BundleTest, EveryChangedMemberIsFound) {
  const auto shape = std::vector<std::string>{"shape fail"};
  const auto bad = [&](const std::function<void(Json&)>& change) {
    Json changed = bundle_;
    change(changed);
    EXPECT_NE(changed, bundle_);
    return Outcomes(changed);
  };
  EXPECT_EQ(bad([](Json& b) { b["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.2+json"; }), shape);
  EXPECT_EQ(bad([](Json& b) { b["extra"] = 1; }), shape);
  EXPECT_EQ(bad([](Json& b) { b["dsseEnvelope"]["payloadType"] = "text/plain"; }), shape);
  EXPECT_EQ(bad([](Json& b) { b["verificationMaterial"]["tlogEntries"] = Json::array(); }), shape);
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["logIndex"] = "1"; }), shape);  // and the proof's own says 2
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["logIndex"] = 2; }), shape);
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["logIndex"] = "02"; }), shape);
  EXPECT_EQ(bad([&](Json& b) { Entry(b).erase("inclusionProof"); }), shape);
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["kindVersion"]["kind"] = "dsse"; }), shape);

  const auto hint = std::vector<std::string>{"shape pass", "trusted fail", "logged pass"};
  EXPECT_EQ(bad([](Json& b) { b["verificationMaterial"]["publicKey"]["hint"] = "x"; }), hint);
  const auto log = std::vector<std::string>{"shape pass", "trusted pass", "logged fail"};
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["integratedTime"] = "1760000001"; }), log);
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["integratedTime"] = "-1"; }), log);
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["integratedTime"] = "9223372036854775807"; }), log);
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["canonicalizedBody"] = "e30="; }), log);
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["logId"]["keyId"] = EncodeBase64(std::string(32, 'x')); }), log);
  EXPECT_EQ(bad([&](Json& b) {
              Entry(b)["logIndex"] = "1";
              Entry(b)["inclusionProof"]["logIndex"] = "1";
            }),
            log);
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["inclusionProof"]["treeSize"] = "4"; }), log);
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["inclusionProof"]["rootHash"] = EncodeBase64(std::string(32, 'x')); }), log);
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["inclusionProof"]["hashes"] = Json::array(); }), log);
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["inclusionProof"]["hashes"].push_back(EncodeBase64(std::string(32, 'x'))); }),
            log);
  EXPECT_EQ(bad([&](Json& b) { Entry(b)["inclusionProof"]["checkpoint"]["envelope"] = "x"; }), log);

  const auto both = std::vector<std::string>{"shape pass", "trusted fail", "logged fail"};
  EXPECT_EQ(bad([&](Json& b) { b["dsseEnvelope"]["payload"] = EncodeBase64(FormatCanonical(Statement(9))); }), both);
  EXPECT_EQ(bad([](Json& b) { b["dsseEnvelope"]["signatures"][0]["sig"] = EncodeBase64(std::string(64, 'x')); }), both);
  EXPECT_EQ(bad([](Json& b) { b["dsseEnvelope"]["signatures"][0]["keyid"] = std::string(64, '0'); }), both);
  EXPECT_EQ(bad([](Json& b) { b["dsseEnvelope"]["signatures"][0].erase("keyid"); }), both);
}

TEST_F(BundleTest, AnotherBundlesProofDoesNotServe) {
  Json other = Make(Statement(7));
  other["verificationMaterial"] = bundle_["verificationMaterial"];
  EXPECT_EQ(Outcomes(other), (std::vector<std::string>{"shape pass", "trusted pass", "logged fail"}));
}

TEST_F(BundleTest, AnUntrustedLogIsUnknown) {
  // Signed by us, but in a log of somebody else, with their key in place of ours.
  const Ed25519PrivateKey theirs = Ed25519PrivateKey::Generate();
  Bundle bundle = BundleFromJson(bundle_, "b");
  const LogPlace place = AppendToLog(directory_.path() / "theirs", "example.org/theirs", theirs, {}, bundle.entry);
  bundle.log_key_id = KeyIdOf(theirs.PublicKey());
  bundle.log_index = place.index;
  bundle.tree_size = place.size;
  bundle.root = place.root;
  bundle.hashes = place.proof;
  bundle.checkpoint = place.checkpoint;
  EXPECT_EQ(Outcomes(ToJson(bundle)), (std::vector<std::string>{"shape pass", "trusted pass", "logged unknown"}));
  auto trusted = Trusted();
  trusted.push_back({"them", PublicKeyPem(theirs.PublicKey())});
  EXPECT_EQ(Outcomes(ToJson(bundle), trusted), kAllGood);
}

TEST_F(BundleTest, PayloadsAreParsedStrictly) {
  const Ed25519PrivateKey key = Ed25519PrivateKey::ParsePem(key_.private_pem, "key", {});
  for (const char* payload : {"", "[]", "{}", "{\"_type\":\"x\"}", "nonsense",
                              "{\"_type\":\"https://in-toto.io/Statement/v1\",\"_type\":\"https://in-toto.io/Statement/v1\"}"}) {
    Bundle bundle = BundleFromJson(bundle_, "b");
    bundle.envelope = SignEnvelope(key, kStatementPayloadType, payload);
    EXPECT_EQ(Outcomes(ToJson(bundle)), std::vector<std::string>{"shape fail"}) << payload;
  }
}

TEST_F(BundleTest, ATrustedKeyThatIsNoneIsAnErrorOfTheConfiguration) {
  EXPECT_THROW(VerifyBundle(bundle_, "b.json", {{"broken", "no key"}}), ParseError);
}

}  // namespace
}  // namespace nachbau::verifier
