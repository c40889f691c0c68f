#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/json.h"
#include "sbom/sbom.h"

namespace nachbau::sbom {
namespace {

constexpr const char* kSmallest = R"({
  "bomFormat": "CycloneDX", "specVersion": "1.7", "version": 1,
  "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
  "metadata": {"timestamp": "2025-05-10T07:16:24Z",
    "component": {"type": "application", "name": "product", "version": "1", "bom-ref": "p"}},
  "components": [
    {"type": "library", "name": "a", "version": "1", "bom-ref": "a",
     "hashes": [{"alg": "SHA-256", "content": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}],
     "externalReferences": [{"type": "distribution", "url": "https://example.org/a"}],
     "licenses": [{"expression": "MIT AND LicenseRef-x", "acknowledgement": "declared"},
                  {"expression": "MIT", "acknowledgement": "concluded"}]},
    {"type": "library", "name": "b", "version": "1", "bom-ref": "b"}],
  "dependencies": [{"ref": "p", "dependsOn": ["a", "b"]}, {"ref": "a"}, {"ref": "b"}]
})";

Json Smallest() { return ParseJson(kSmallest, "smallest"); }

// "/pointer rule" of every violation.
std::vector<std::string> Places(const Json& document) {
  std::vector<std::string> places;
  for (const SchemaViolation& violation : Validate(document)) places.push_back(violation.pointer + " " + violation.rule);
  return places;
}

Json Changed(const char* pointer, const Json& value) {
  Json document = Smallest();
  document[Json::json_pointer(pointer)] = value;
  return document;
}

TEST(ValidateTest, AcceptsAValidDocument) { EXPECT_THAT(Places(Smallest()), testing::IsEmpty()); }

TEST(ValidateTest, AcceptsTheSmallestDocumentOfEveryVersion) {
  for (const char* version : {"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"}) {
    EXPECT_THAT(Places({{"bomFormat", "CycloneDX"}, {"specVersion", version}, {"version", 1}}), testing::IsEmpty()) << version;
    const Json bad = {{"bomFormat", "CycloneDX"}, {"specVersion", version}, {"version", 1},
                      {"components", Json::array({{{"type", "nonsense"}, {"name", "x"}, {"version", "1"}}})}};
    EXPECT_THAT(Places(bad), testing::Contains("/components/0/type enum")) << version;
  }
}

TEST(ValidateTest, NamesPlaceAndRule) {
  struct Case {
    Json document;
    std::string expected;
  };
  Json without_name = Smallest();
  without_name["components"][0].erase("name");
  Json same_twice = Smallest();
  same_twice["components"].push_back({{"type", "library"}, {"name", "c"}});
  same_twice["components"].push_back({{"name", "c"}, {"type", "library"}});
  const Case cases[] = {
      {without_name, "/components/0 required"},
      {same_twice, "/components uniqueItems"},
      {Changed("/components/0/type", "nonsense"), "/components/0/type enum"},
      {Changed("/components/0/nonsense", 1), "/components/0 additionalProperties"},
      {Changed("/components/0/name", 1), "/components/0/name type"},
      {Changed("/version", 0), "/version minimum"},
      {Changed("/serialNumber", "urn:uuid:x"), "/serialNumber pattern"},
      {Changed("/serialNumber", std::string(5000, 'a')), "/serialNumber pattern"},
      {Changed("/components/0/hashes/0/content", "00"), "/components/0/hashes/0/content pattern"},
      {Changed("/components/0/version", std::string(2000, '1')), "/components/0/version maxLength"},
      {Changed("/metadata/timestamp", "yesterday"), "/metadata/timestamp format:date-time"},
      {Changed("/metadata/timestamp", "2025-02-30T00:00:00Z"), "/metadata/timestamp format:date-time"},
      {Changed("/components/0/externalReferences/0/url", "https://example.org/a b"),
       "/components/0/externalReferences/0/url format:iri-reference"},
      {Changed("/metadata/manufacturer", {{"contact", Json::array({{{"email", "nobody"}}})}}),
       "/metadata/manufacturer/contact/0/email format:idn-email"},
      {Changed("/dependencies/0/dependsOn", {"a", "a"}), "/dependencies/0/dependsOn uniqueItems"},
      {Changed("/components/0/licenses", Json::array({{{"license", {{"id", "No-Such-Licence"}}}}})),
       "/components/0/licenses/0/license/id enum"},
      {Changed("/components/0/versionRange", "vers:deb/>1"), "/components/0 not"},
      {Changed("/dependencies/1/ref", "nowhere"), "/dependencies/1/ref bom-ref"},
      {Changed("/dependencies/0/dependsOn", {"nowhere"}), "/dependencies/0/dependsOn/0 bom-ref"},
      {Changed("/components/1/bom-ref", "a"), "/components/1/bom-ref bom-ref"},
      {Changed("/dependencies/2", {{"ref", "a"}, {"dependsOn", {"b"}}}), "/dependencies/2/ref bom-ref"},
      {Changed("/compositions", Json::array({{{"aggregate", "complete"}, {"assemblies", {"nowhere"}}}})),
       "/compositions/0/assemblies/0 bom-ref"},
      {Changed("/compositions", Json::array({{{"aggregate", "perhaps"}}})), "/compositions/0/aggregate enum"},
      {Changed("/specVersion", "1.1"), "/specVersion enum"},
      {Changed("/bomFormat", "SPDX"), " required"},
      {Json::array(), " required"},
      {Json(), " required"},
  };
  for (const Case& c : cases) EXPECT_THAT(Places(c.document), testing::Contains(c.expected)) << c.expected;
}

TEST(ValidateTest, SaysWhatIsWrong) {
  const auto violations = Validate(Changed("/metadata/timestamp", "yester\x1b" "day"));
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].detail, "\"yester\\x1bday\" is not a valid date-time");
}

// JSF tells an algorithm of its list from a foreign one by `format: uri` alone.
TEST(ValidateTest, AcceptsASignedDocument) {
  const Json signature = {{"algorithm", "Ed25519"},
                          {"publicKey", {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}},
                          {"value", "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"}};
  EXPECT_THAT(Places(Changed("/signature", signature)), testing::IsEmpty());
  Json bad = signature;
  bad["algorithm"] = "no algorithm";
  EXPECT_THAT(Places(Changed("/signature", bad)), testing::Not(testing::IsEmpty()));
}

TEST(ValidateTest, LeavesALinkToAnotherDocumentAlone) {
  EXPECT_THAT(Places(Changed("/compositions", Json::array({{{"aggregate", "complete"},
                                                            {"assemblies", {"urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#x"}}}}))),
              testing::IsEmpty());
}

TEST(ValidateTest, IsNotQuadraticInComponents) {
  Json document = Smallest();
  for (int i = 0; i < 3000; ++i) {
    document["components"].push_back({{"type", "library"}, {"name", "n" + std::to_string(i)}, {"bom-ref", "r" + std::to_string(i)}});
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(Places(document), testing::IsEmpty());
  const auto small = std::chrono::steady_clock::now() - start;
  for (int i = 3000; i < 12000; ++i) {
    document["components"].push_back({{"type", "library"}, {"name", "n" + std::to_string(i)}, {"bom-ref", "r" + std::to_string(i)}});
  }
  const auto middle = std::chrono::steady_clock::now();
  EXPECT_THAT(Places(document), testing::IsEmpty());
  // Four times the components: linear is 4, quadratic 16.
  EXPECT_LT((std::chrono::steady_clock::now() - middle) / small, 10);
}

TEST(ValidateTest, SurvivesDeepNesting) {
  Json component = {{"type", "library"}, {"name", "inner"}};
  for (int i = 0; i < 95; ++i) component = {{"type", "library"}, {"name", "n"}, {"components", Json::array({component})}};
  EXPECT_THAT(Places(Changed("/components/1", component)), testing::Contains("/dependencies/2/ref bom-ref"));
}

TEST(ValidateTest, CapsTheNumberOfViolations) {
  Json document = Smallest();
  for (int i = 0; i < 1000; ++i) document["components"].push_back({{"type", i}});
  EXPECT_LE(Validate(document).size(), 200U);
}

}  // namespace
}  // namespace nachbau::sbom
