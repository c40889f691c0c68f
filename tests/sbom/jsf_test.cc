// Signatures in documents. The documents named "vector" are the test vectors that JSF 0.82 points to (appendix A): made by
// its author's implementation, not by ours.
#include "sbom/documents/jsf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <functional>
#include <memory>

#include "base/encoding.h"
#include "base/error.h"
#include "base/freed_by.h"
#include "base/jcs.h"
#include "base/signature.h"
#include "sbom/documents/signature_key.h"
#include "sbom/sbom.h"

namespace nachbau::sbom {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// "pointer outcome" of each signature.
std::vector<std::string> Outcomes(const Json& document, const std::vector<KnownKey>& known = {}) {
  std::vector<std::string> lines;
  for (const JsfSignature& signature : VerifyJsf(document, known)) {
    lines.push_back(signature.pointer + " " + std::string(Name(signature.outcome)) +
                    (signature.signer.empty() ? "" : " " + signature.signer));
  }
  return lines;
}

constexpr const char* kEs256Key =
    R"({"kty":"EC","crv":"P-256","x":"6BKxpty8cI-exDzCkh-goU6dXq3MbcY0cd1LaAxiNrU","y":"mCbcvUzm44j3Lt2b5BPyQloQ91tf2D2V-gzeUxWaUdg"})";
constexpr const char* kEdKey = R"({"kty":"OKP","crv":"Ed25519","x":"_kms9bkrbpI1lPLoM2j2gKySS-k89TOuyvgC43dX-Mk"})";

Json Vector(const std::string& signature, bool with_excluded = false) {
  const std::string data = with_excluded ? R"("mySignedData":"something","myUnsignedData":"something else")"
                                         : R"("now":"2019-02-10T11:23:06Z","name":"Joe","id":2200063)";
  return ParseJson("{" + data + ",\"signature\":" + signature + "}", "vector");
}
std::string One(const std::string& algorithm, const std::string& key, const std::string& value) {
  return R"({"algorithm":")" + algorithm + R"(","publicKey":)" + key + R"(,"value":")" + value + "\"}";
}

TEST(JsfTest, VectorsOfTheSpecificationAreGood) {
  EXPECT_THAT(Outcomes(Vector(One("Ed25519", kEdKey,
                                  "UtN9-gMgTkfAdBJRX4gi0s6iKYiilO5EmXRD4KRSEnPKo5Og1ltbGYZecdJqKphCXkboIE_pecfszHEQXeqqDA"))),
              ElementsAre("/signature good"));
  Json excluding = Vector(R"({"algorithm":"ES256","publicKey":)" + std::string(kEs256Key) +
                              R"(,"excludes":["myUnsignedData"],
      "value":"EWkjHQTGBptNmhCsRw2wHqX64XpWS_4n4ba3DJ8HisvWl4eZYHsx6QCe7NIrwYHJOB6Tr-yOqN3G7oH9zH27jQ"})",
                          true);
  EXPECT_THAT(Outcomes(excluding), ElementsAre("/signature good"));
  EXPECT_THAT(VerifyJsf(excluding, {}).at(0).excludes, ElementsAre("myUnsignedData"));
  excluding["myUnsignedData"] = "changed";
  EXPECT_THAT(Outcomes(excluding), ElementsAre("/signature good"));
  excluding["mySignedData"] = "changed";
  EXPECT_THAT(Outcomes(excluding), ElementsAre("/signature bad"));
  const Json signers = Vector(
      "{\"signers\":[" +
      One("ES256", kEs256Key, "RXflbzxeXyrf0dIeCYvPqCRc8DgKGLGnqTYqDypcrYLQxh7Ty7duvLbofNuZy6W7lYXnmmSrSHVLAiooPAPjrA") + "," +
      One("Ed25519", kEdKey, "TrVM8gdEbvoTdmhZvB3bLqvmUio7OmpWhtpyZdCAhjvdE4uQGxCucBn338NQT3IlLB0UEuuDghcLj6Tna27QBg") + "]}");
  EXPECT_THAT(Outcomes(signers), ElementsAre("/signature/signers/0 good", "/signature/signers/1 good"));
  Json chain = Vector(
      "{\"chain\":[" +
      One("ES256", kEs256Key, "vfYq18EaFN2YLEdT8hfTIYwKYnLxS1h9kaCdI4FZEqZFbdIYDP6acauTYyEm7N4kvYmtyzGG-Y7U56W-jcOVGg") + "," +
      One("Ed25519", kEdKey, "DcW9Wd6XuvNbE5BoImpDyMBOzkge0mL-uGJupzrJT3X0nq8GYRv5PcmXzaXY8fENJVcyEJwR4sUMv8W0lPXgAg") + "]}");
  EXPECT_THAT(Outcomes(chain), ElementsAre("/signature/chain/0 good", "/signature/chain/1 good"));
  // The second signs the first, which does not sign the second.
  Json& list = chain["signature"]["chain"];
  std::swap(list[0]["value"], list[1]["value"]);
  EXPECT_THAT(Outcomes(chain), ElementsAre("/signature/chain/0 bad", "/signature/chain/1 bad"));
}

using Key = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;

std::string PublicPem(EVP_PKEY* key) {
  const std::unique_ptr<BIO, FreedBy<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), key);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

// Signs as JWA says, by OpenSSL directly.
std::string Sign(EVP_PKEY* key, const std::string& algorithm, std::string_view message, std::size_t coordinate) {
  const std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const EVP_MD* digest = algorithm.ends_with("256") ? EVP_sha256() : algorithm.ends_with("384") ? EVP_sha384() : EVP_sha512();
  EVP_DigestSignInit(context.get(), &parameters, algorithm == "Ed448" ? nullptr : digest, nullptr, key);
  if (algorithm.starts_with("PS")) {
    EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST);
  }
  std::string signature(1024, '\0');
  std::size_t size = signature.size();
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                 reinterpret_cast<const unsigned char*>(message.data()), message.size());
  signature.resize(size);
  if (coordinate == 0) return signature;
  const auto* begin = reinterpret_cast<const unsigned char*>(signature.data());
  const std::unique_ptr<ECDSA_SIG, FreedBy<ECDSA_SIG_free>> pair(
      d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(size)));
  std::string plain(2 * coordinate, '\0');
  auto* out = reinterpret_cast<unsigned char*>(plain.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, static_cast<int>(coordinate));
  BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + coordinate, static_cast<int>(coordinate));
  return plain;
}

Json Document() {
  return ParseJson(R"({"bomFormat":"CycloneDX","specVersion":"1.6","version":1,
      "components":[{"type":"library","name":"ä","version":"1","evidence":{"identity":[{"field":"purl","confidence":0.50}]}}]})",
                   "document");
}

TEST(JsfTest, EveryAlgorithmIsCheckedByItsOwnKindOfKey) {
  const Key p256(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")), p384(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384")),
      p521(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521")), ed448(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448")),
      rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(2048)));
  struct Case {
    const char* algorithm;
    EVP_PKEY* key;
    std::size_t coordinate;
  };
  const Case cases[] = {{"ES256", p256.get(), 32}, {"ES384", p384.get(), 48}, {"ES512", p521.get(), 66},
                        {"RS256", rsa.get(), 0},   {"RS384", rsa.get(), 0},   {"RS512", rsa.get(), 0},
                        {"PS256", rsa.get(), 0},   {"PS384", rsa.get(), 0},   {"PS512", rsa.get(), 0},
                        {"Ed448", ed448.get(), 0}};
  const std::vector<KnownKey> known = {{"p256", PublicPem(p256.get())}, {"p384", PublicPem(p384.get())},
                                       {"p521", PublicPem(p521.get())}, {"ed448", PublicPem(ed448.get())},
                                       {"rsa", PublicPem(rsa.get())}};
  for (const Case& one : cases) {
    SCOPED_TRACE(one.algorithm);
    // A key that only the checker has: no "publicKey".
    Json document = Document();
    document["signature"] = {{"algorithm", one.algorithm}};
    document["signature"]["value"] =
        EncodeBase64Url(Sign(one.key, one.algorithm, JsfSigningInput(document, 0), one.coordinate));
    const auto good = VerifyJsf(document, known);
    ASSERT_EQ(good.at(0).outcome, JsfOutcome::kGood) << Render(good.at(0).reason);
    EXPECT_FALSE(good.at(0).signer.empty());
    EXPECT_EQ(VerifyJsf(document, {}).at(0).outcome, JsfOutcome::kNotChecked);
    document["components"][0]["name"] = "a";
    EXPECT_EQ(VerifyJsf(document, known).at(0).outcome, JsfOutcome::kBad);
  }
}

class SignTest : public testing::Test {
 protected:
  JsfSigner Signer() const {
    return Ed25519Signer(key_.PublicKey().View(), "mine", [this](std::string_view message) { return key_.Sign(message); });
  }
  std::vector<KnownKey> Known() const { return {{"me", PublicKeyPem(key_.PublicKey())}}; }
  Ed25519PrivateKey key_ = Ed25519PrivateKey::Generate();
};

TEST_F(SignTest, WhatIsSignedIsValidAndAnyChangeIsFound) {
  const Json document = SignJsf(Document(), Signer(), SignMode::kNew);
  EXPECT_THAT(Validate(document), testing::IsEmpty());
  EXPECT_THAT(Outcomes(document, Known()), ElementsAre("/signature good me"));
  EXPECT_THAT(Outcomes(document), ElementsAre("/signature good"));  // by a key that nobody knows
  // Written another way it is the same document.
  EXPECT_THAT(Outcomes(ParseJson(FormatForeign(document), "again"), Known()), ElementsAre("/signature good me"));
  const std::pair<const char*, Json> changes[] = {{"/version", 2},
                                                  {"/components/0/evidence/identity/0/confidence", 0.6},
                                                  {"/signature/keyId", "yours"},
                                                  {"/added", true},
                                                  {"/signature/excludes", {"components"}}};
  for (const auto& [pointer, value] : changes) {
    Json changed = document;
    changed[Json::json_pointer(pointer)] = value;
    EXPECT_THAT(Outcomes(changed, Known()), ElementsAre("/signature bad")) << pointer;
  }
  // Another key in place of the right one: unchanged by that key's owner, who is nobody we know.
  const Ed25519PrivateKey other = Ed25519PrivateKey::Generate();
  const Json theirs = SignJsf(document, Ed25519Signer(other.PublicKey().View(), "mine", [&](auto m) { return other.Sign(m); }), SignMode::kReplace);
  EXPECT_THAT(Outcomes(theirs, Known()), ElementsAre("/signature good"));
}

TEST_F(SignTest, SeveralSignAndEachCountsForItself) {
  const Ed25519PrivateKey other = Ed25519PrivateKey::Generate();
  const JsfSigner second = Ed25519Signer(other.PublicKey().View(), "", [&](auto message) { return other.Sign(message); });
  EXPECT_THROW(SignJsf(SignJsf(Document(), Signer(), SignMode::kNew), second, SignMode::kSigners), Error);
  for (const SignMode mode : {SignMode::kSigners, SignMode::kChain}) {
    Json document = SignJsf(SignJsf(Document(), Signer(), mode), second, mode);
    const std::string list = mode == SignMode::kSigners ? "/signature/signers/" : "/signature/chain/";
    EXPECT_THAT(Validate(document), testing::IsEmpty());
    EXPECT_THAT(Outcomes(document, Known()), ElementsAre(list + "0 good me", list + "1 good"));
    // Without the first the second still holds in a list, not in a chain.
    document[Json::json_pointer(list.substr(0, list.size() - 1))].erase(0);
    EXPECT_THAT(Outcomes(document), ElementsAre(list + "0 " + (mode == SignMode::kSigners ? "good" : "bad")));
  }
}

TEST_F(SignTest, WhatOnlyLooksLikeASignatureSaysWhy) {
  const Json good = SignJsf(Document(), Signer(), SignMode::kNew);
  const auto reason = [&](const std::function<void(Json&)>& change) {
    Json document = good;
    change(document["signature"]);
    const auto found = VerifyJsf(document, Known());
    return std::string(Name(found.at(0).outcome)) + ": " + Render(found.at(0).reason);
  };
  EXPECT_EQ(reason([](Json& s) { s["algorithm"] = "HS256"; }),
            "unsupported: made with a shared secret: whoever can check it can make it");
  EXPECT_EQ(reason([](Json& s) { s["algorithm"] = "https://example.org/alg"; }),
            "unsupported: algorithm https://example.org/alg is not known");
  EXPECT_EQ(reason([](Json& s) { s["algorithm"] = "ES256"; }), "malformed: a key of kind Ed25519 makes no ES256 signatures");
  EXPECT_EQ(reason([](Json& s) { s["value"] = "AAAA"; }), "malformed: not a signature by Ed25519");
  EXPECT_EQ(reason([](Json& s) { s["value"] = "AA=="; }), "malformed: 'value' must be base64url without padding");
  EXPECT_EQ(reason([](Json& s) { s["odd"] = 1; }), "malformed: a signature has no member 'odd'");
  EXPECT_EQ(reason([](Json& s) { s["extensions"] = {"x"}; }), "unsupported: has extensions, which may change what it means");
  EXPECT_THAT(reason([](Json& s) { s["excludes"] = {"signature"}; }), HasSubstr("malformed: 'excludes' must be"));
  EXPECT_THAT(reason([](Json& s) { s["signers"] = Json::array(); }), HasSubstr("malformed: 'signers' must be"));
  EXPECT_THAT(reason([](Json& s) { s["publicKey"]["x"] = std::string(43, 'A'); }), HasSubstr("malformed: "));  // low order
  EXPECT_THAT(reason([](Json& s) { s["publicKey"]["kty"] = "oct"; }), HasSubstr("must be EC, RSA or OKP"));
  // Signed as some programs do it: over the document without the signature object.
  Json bare = Document();
  bare["signature"] = {{"algorithm", "Ed25519"}, {"value", EncodeBase64Url(key_.Sign(FormatJcs(Document())))}};
  const JsfSignature found = VerifyJsf(bare, Known()).at(0);
  EXPECT_EQ(found.outcome, JsfOutcome::kGood);
  EXPECT_FALSE(found.covers_itself);
  // A signed part is told with its place.
  Json part = Document();
  part["components"][0]["signature"] = good["signature"];
  EXPECT_THAT(Outcomes(part), ElementsAre("/components/0/signature bad"));
  EXPECT_THROW(SignJsf(Json::object(), Signer(), SignMode::kNew), MissingError);
}

}  // namespace
}  // namespace nachbau::sbom
