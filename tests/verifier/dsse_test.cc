#include "verifier/dsse.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::verifier {
namespace {

TEST(DsseTest, EncodesAsTheSpecificationShows) {
  // DSSE protocol.md, test vector.
  EXPECT_EQ(PreAuthenticationEncoding("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(PreAuthenticationEncoding("", ""), "DSSEv1 0  0 ");
}

TEST(DsseTest, CountsBytesAndNotCharacters) {
  EXPECT_EQ(PreAuthenticationEncoding("tü", "€"), "DSSEv1 3 tü 3 €");
}

TEST(DsseTest, TypeAndBodyCannotBeShiftedIntoEachOther) {
  EXPECT_NE(PreAuthenticationEncoding("a", "b 1 c"), PreAuthenticationEncoding("a 5 b", "c"));
}

TEST(DsseTest, SignatureIsOverTheEncodingAndSurvivesJson) {
  const Ed25519PrivateKey key = Ed25519PrivateKey::Generate();
  const Envelope envelope = SignEnvelope(key, "text/plain", std::string("bytes\0\xff", 7));
  EXPECT_EQ(envelope.key_id, KeyIdOf(key.PublicKey()));
  EXPECT_EQ(CheckSignature(key.PublicKey(), PreAuthenticationEncoding("text/plain", envelope.payload), envelope.signature),
            SignatureCheck::kGood);
  const Envelope parsed = EnvelopeFromJson(ToJson(envelope), "e");
  EXPECT_EQ(parsed.payload, envelope.payload);
  EXPECT_EQ(parsed.payload_type, "text/plain");
  EXPECT_EQ(parsed.signature, envelope.signature);
  EXPECT_EQ(parsed.key_id, envelope.key_id);
}

TEST(DsseTest, AcceptsBothBase64Alphabets) {
  const std::string payload = "\xfb\xff\xfe";
  Json json = {{"payloadType", "t"}, {"payload", "+//+"}, {"signatures", Json::array({{{"sig", "AA=="}}})}};
  EXPECT_EQ(EnvelopeFromJson(json, "e").payload, payload);
  json["payload"] = "-__-";
  EXPECT_EQ(EnvelopeFromJson(json, "e").payload, payload);
  json["payload"] = "-//-";
  EXPECT_THROW(EnvelopeFromJson(json, "e"), ParseError);
}

TEST(DsseTest, RefusesAllButExactlyOneSignature) {
  const Json signature = {{"sig", "AA=="}};
  Json json = {{"payloadType", "t"}, {"payload", "AA=="}, {"signatures", Json::array()}};
  EXPECT_THROW(EnvelopeFromJson(json, "e"), ParseError);
  json["signatures"] = Json::array({signature, signature});
  EXPECT_THROW(EnvelopeFromJson(json, "e"), ParseError);
  json["signatures"] = Json::array({signature});
  EXPECT_NO_THROW(EnvelopeFromJson(json, "e"));
}

TEST(DsseTest, NamesThePlaceOfWhatIsWrong) {
  const auto error = [](const char* text) -> std::string {
    try {
      EnvelopeFromJson(ParseJson(text, "e"), "e");
    } catch (const ParseError& caught) {
      return caught.what();
    }
    return "";
  };
  EXPECT_EQ(error(R"({"payloadType":"t","payload":"A","signatures":[{"sig":""}]})"), "e/payload: not base64");
  EXPECT_EQ(error(R"({"payloadType":"t","payload":"","signatures":[{"sig":"","extra":1}]})"),
            "e/signatures/0: unknown member: extra");
  EXPECT_EQ(error(R"({"payload":"","signatures":[]})"), "e: member is missing: payloadType");
  EXPECT_EQ(error("[]"), "e: must be an object");
}

}  // namespace
}  // namespace nachbau::verifier
