#include "sbom/validation/validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "sbom/sbom.h"
#include "sbom/validation/json_tree.h"

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

// "/pointer rule" of every problem of a level.
std::vector<std::string> Places(const Validation& validation, ProblemLevel level = ProblemLevel::kViolation) {
  std::vector<std::string> places;
  for (const Problem& problem : validation.problems) {
    if (problem.level == level) places.push_back(problem.pointer + " " + problem.rule);
  }
  return places;
}
std::vector<std::string> Places(const Json& document) { return Places(ValidateDocument(document)); }
std::vector<std::string> Advice(const Json& document) { return Places(ValidateDocument(document), ProblemLevel::kAdvice); }
// "message → remedy" of the first problem.
std::string Told(const Json& document) {
  const Validation validation = ValidateDocument(document);
  if (validation.problems.empty()) return "";
  return Render(validation.problems[0].message) + " → " + Render(validation.problems[0].remedy);
}

Json Changed(const char* pointer, const Json& value) {
  Json document = Smallest();
  document[Json::json_pointer(pointer)] = value;
  return document;
}

TEST(ValidationTest, AcceptsAValidDocument) {
  EXPECT_THAT(Places(Smallest()), testing::IsEmpty());
  EXPECT_THAT(Advice(Smallest()), testing::IsEmpty());
  const Validation validation = ValidateText(kSmallest, "smallest");
  EXPECT_TRUE(validation.valid() && validation.conforms_to_schema);
  EXPECT_EQ(validation.spec_version, "1.7");
  EXPECT_EQ(validation.components, 2U);
}

TEST(ValidationTest, AcceptsTheSmallestDocumentOfEveryVersion) {
  for (const char* version : {"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"}) {
    EXPECT_THAT(Places({{"bomFormat", "CycloneDX"}, {"specVersion", version}, {"version", 1}}), testing::IsEmpty()) << version;
    const Json bad = {{"bomFormat", "CycloneDX"}, {"specVersion", version}, {"version", 1},
                      {"components", Json::array({{{"type", "nonsense"}, {"name", "x"}, {"version", "1"}}})}};
    EXPECT_THAT(Places(bad), testing::Contains("/components/0/type enum")) << version;
  }
}

TEST(ValidationTest, NamesPlaceAndRule) {
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
      {Changed("/version", 1.5), "/version type"},
      {Changed("/serialNumber", "urn:uuid:x"), "/serialNumber pattern"},
      {Changed("/serialNumber", std::string(1 << 20, 'a')), "/serialNumber pattern"},
      {Changed("/components/0/hashes/0/content", "00"), "/components/0/hashes/0/content pattern"},
      {Changed("/components/0/version", std::string(2000, '1')), "/components/0/version maxLength"},
      {Changed("/metadata/timestamp", "yesterday"), "/metadata/timestamp format:date-time"},
      {Changed("/components/0/externalReferences/0/url", "https://example.org/a b"),
       "/components/0/externalReferences/0/url format:iri-reference"},
      {Changed("/metadata/manufacturer", {{"contact", Json::array({{{"email", "nobody"}}})}}),
       "/metadata/manufacturer/contact/0/email format:idn-email"},
      {Changed("/dependencies/0/dependsOn", {"a", "a"}), "/dependencies/0/dependsOn uniqueItems"},
      // The nearest of several forms is explained, not all of them.
      {Changed("/components/0/licenses", Json::array({{{"license", {{"id", "No-Such-Licence"}}}}})),
       "/components/0/licenses/0/license/id enum"},
      {Changed("/components/0/licenses", Json::array({{{"license", {{"id", "MIT"}, {"name", "MIT"}}}}})),
       "/components/0/licenses/0/license oneOf"},
      {Changed("/metadata/tools", "x"), "/metadata/tools type"},
      {Changed("/components/0/versionRange", "vers:deb/>1"), "/components/0 not"},
      {Changed("/compositions", Json::array({{{"aggregate", "perhaps"}}})), "/compositions/0/aggregate enum"},
      {Changed("/specVersion", "1.1"), "/specVersion enum"},
      {Changed("/bomFormat", "SPDX"), " required"},
      {Json::array(), " required"},
      {Json(), " required"},
      // Beside the schema.
      {Changed("/dependencies/1/ref", "nowhere"), "/dependencies/1/ref bom-ref-resolves"},
      {Changed("/dependencies/0/dependsOn", {"nowhere"}), "/dependencies/0/dependsOn/0 bom-ref-resolves"},
      {Changed("/components/1/bom-ref", "a"), "/components/1/bom-ref bom-ref-unique"},
      {Changed("/compositions", Json::array({{{"aggregate", "complete"}, {"assemblies", {"nowhere"}}}})),
       "/compositions/0/assemblies/0 bom-ref-resolves"},
      {Changed("/compositions", Json::array({{{"aggregate", "complete"}, {"dependencies", {"nowhere"}}}})),
       "/compositions/0/dependencies/0 bom-ref-resolves"},
      {Changed("/annotations", Json::array({{{"subjects", {"nowhere"}}, {"annotator", {{"individual", {{"name", "x"}}}}},
                                             {"timestamp", "2025-05-10T07:16:24Z"}, {"text", "x"}}})),
       "/annotations/0/subjects/0 bom-ref-resolves"},
      {Changed("/components/0/hashes/0/alg", "SHA-512"), "/components/0/hashes/0/content hash-length"},
      {Changed("/components/0/purl", "deb/debian/a"), "/components/0/purl purl"},
      {Changed("/components/0/purl", "pkg:deb/a@1"), "/components/0/purl purl"},
      {Changed("/components/0/swhid", {"swh:1:cnt:00"}), "/components/0/swhid/0 swhid"},
      {Changed("/components/0/omniborId", {"gitoid:blob:sha1:00"}), "/components/0/omniborId/0 omnibor-id"},
      {Changed("/components/0/licenses/0/expression", "MIT AND"), "/components/0/licenses/0/expression licence-expression"},
      {Changed("/components/0/licenses/0/expression", "MIT OR GPL-2+"), "/components/0/licenses/0/expression licence-id"},
      {Changed("/$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json"), "/$schema schema-version"},
  };
  for (const Case& c : cases) EXPECT_THAT(Places(c.document), testing::Contains(c.expected)) << c.expected;
}

TEST(ValidationTest, AdvisesWithoutCallingItInvalid) {
  Json circle = Smallest();
  circle["dependencies"] = Json::array({{{"ref", "p"}, {"dependsOn", {"a"}}}, {{"ref", "a"}, {"dependsOn", {"b"}}},
                                        {{"ref", "b"}, {"dependsOn", {"a", "b"}}}});
  const std::pair<Json, std::string> cases[] = {
      {Changed("/components/0/purl", "pkg:deb/debian/A@1+b1"), "/components/0/purl purl-canonical"},
      {Changed("/components/0/purl", "pkg:vcs/debian/a"), "/components/0/purl purl-type"},
      {Changed("/components/0/licenses/0/expression", "mit"), "/components/0/licenses/0/expression licence-spelling"},
      {Changed("/dependencies/0/dependsOn", {"a"}), "/components/1 dependency-reach"},
      {Changed("/dependencies", Json::array({{{"ref", "p"}, {"dependsOn", {"a", "b"}}}})), "/components/0 dependency-entry"},
      {Changed("/dependencies/2", {{"ref", "a"}, {"dependsOn", {"b"}}}), "/dependencies/2/ref dependency-once"},
      {circle, "/dependencies/1 dependency-cycle"},
      {circle, "/dependencies/2/dependsOn/1 dependency-cycle"},
  };
  for (const auto& [document, expected] : cases) {
    EXPECT_THAT(Advice(document), testing::Contains(expected)) << expected;
    EXPECT_THAT(Places(document), testing::IsEmpty()) << expected;
  }
}

TEST(ValidationTest, ReachesWhatAComponentContains) {
  Json document = Smallest();
  document["components"][1]["components"] = Json::array({{{"type", "library"}, {"name", "c"}, {"bom-ref", "c"}}});
  document["dependencies"].push_back({{"ref", "c"}});
  EXPECT_THAT(Advice(document), testing::IsEmpty());
}

TEST(ValidationTest, SaysWhatIsWrongAndHowToMendIt) {
  const std::pair<Json, const char*> cases[] = {
      {Changed("/metadata/timestamp", "yester\x1b" "day"), "\"yester\\x1bday\" is not a valid date-time → write it like 2025-05-10T07:16:24Z"},
      {Changed("/metadata/timestamp", "2025-05-10"), "\"2025-05-10\" is not a valid date-time → add the time of day: 2025-05-10T00:00:00Z"},
      {Changed("/components/0/type", "Libary"), "\"Libary\" is none of the 13 allowed values → did you mean \"library\"?"},
      {Changed("/components/0/bomref", "x"), "the member \"bomref\" is unknown here → did you mean \"bom-ref\"?"},
      {Changed("/components/0/name", 1), "is of type integer, must be string → put it in quotes"},
      {Changed("/components/0/externalReferences/0/url", "git@example.org:x/y.git"),
       "\"git@example.org:x/y.git\" is not a valid iri-reference → write it as a URL: ssh://git@example.org/x/y.git"},
      {Changed("/components/0/externalReferences/0/url", "https://example.org/a b"),
       "\"https://example.org/a b\" is not a valid iri-reference → "
       "percent-encode what is not allowed in a URL: https://example.org/a%20b"},
      {Changed("/serialNumber", "3E671687-395b-41f5-a30f-a58921a69b79"),
       "\"3E671687-395b-41f5-a30f-a58921a69b79\" does not match "
       "^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$ → put urn:uuid: in front"},
      {Changed("/components/0/hashes/0/alg", "SHA-512"), "SHA-512 has 128 hexadecimal digits, this has 64 → SHA-256 has that many"},
      {Changed("/components/0/licenses", Json::array({{{"license", Json::object()}}})),
       "one of these members must be there: id, name → add one of them"},
      {Changed("/components/0/versionRange", "vers:deb/>1"),
       "these members must not be there together: version, versionRange → keep one of them"},
      {Changed("/components/0/licenses/0/expression", "MIT AND"), "\"MIT AND\" is no SPDX licence expression → a licence is missing at the end"},
      {Changed("/components/0/purl", "pkg:deb/debian/A@1"), "\"pkg:deb/debian/A@1\" is not the canonical form → write \"pkg:deb/debian/a@1\""},
      {Changed("/components/1/bom-ref", "a"), "\"a\" is used before, by /components/0/bom-ref → give each its own, and mend what refers to it"},
  };
  for (const auto& [document, told] : cases) EXPECT_EQ(Told(document), told);
}

// JSF tells an algorithm of its list from a foreign one by `format: uri` alone.
TEST(ValidationTest, AcceptsASignedDocument) {
  const Json signature = {{"algorithm", "Ed25519"},
                          {"publicKey", {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}},
                          {"value", "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"}};
  EXPECT_THAT(Places(Changed("/signature", signature)), testing::IsEmpty());
  Json bad = signature;
  bad["algorithm"] = "no algorithm";
  EXPECT_THAT(Places(Changed("/signature", bad)), testing::Contains("/signature/algorithm enum"));
}

TEST(ValidationTest, LeavesALinkToAnotherDocumentAlone) {
  EXPECT_THAT(Places(Changed("/compositions", Json::array({{{"aggregate", "complete"},
                                                            {"assemblies", {"urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#x"}}}}))),
              testing::IsEmpty());
}

TEST(ValidationTest, CountsAllAndShowsAFewOfAKind) {
  Json document = Smallest();
  for (int i = 0; i < 1000; ++i) document["components"].push_back({{"type", "x"}, {"name", std::to_string(i)}});
  const Validation validation = ValidateDocument(document);
  EXPECT_EQ(validation.violations, 1000U);
  ASSERT_EQ(validation.problems.size(), 3U);
  EXPECT_EQ(validation.problems[2].more, 997U);
  for (int i = 0; i < 1000; ++i) document["m" + std::to_string(i)] = i;
  EXPECT_LE(Validate(document).size(), kMaxProblems);
  EXPECT_EQ(ValidateDocument(document).violations, 2000U);
}

TEST(ValidationTest, SurvivesDeepNesting) {
  Json component = {{"type", "library"}, {"name", "inner"}};
  for (int i = 0; i < 95; ++i) component = {{"type", "library"}, {"name", "n"}, {"components", Json::array({component})}};
  EXPECT_THAT(Places(Changed("/components/1", component)), testing::Contains("/dependencies/2/ref bom-ref-resolves"));
}

// What is no JSON in the strict sense is invalid; what is too large to look at is neither valid nor invalid.
TEST(ValidationTest, ReadsHostileBytes) {
  const auto with = [](const std::string& value) {
    return R"({"bomFormat": "CycloneDX", "specVersion": "1.7", "properties": [{"name": "x", "value": )" + value + "}]}";
  };
  const std::pair<std::string, const char*> malformed[] = {
      {"", "line 1: syntax error"},
      {"{", "line 1: syntax error"},
      {"{}x", "line 1: syntax error"},
      {with("\"\xff\""), "invalid string: ill-formed UTF-8"},
      {with("\"\xc0\x80\""), "invalid string: ill-formed UTF-8"},
      {with(R"("\ud800")"), "surrogate"},
      {with(R"("\udc00")"), "surrogate"},
      {with("\"\x01\""), "control character"},
      {with("1e999"), "line 1: number overflow parsing '1e999'"},
      {with("{\"a\": 1, \"b\": {}, \"a\": 2}"), "/properties/0/value: the name a is there twice"},
      {with("NaN"), "syntax error"},
      {with("01"), "syntax error"},
      {"\xef\xbb\xbf" + with("\"a\""), "byte order mark"},
  };
  for (const auto& [text, why] : malformed) {
    const Validation validation = ValidateText(text, "x");
    ASSERT_EQ(Places(validation), std::vector<std::string>{" json"}) << text;
    EXPECT_THAT(Render(validation.problems[0].message), testing::HasSubstr(why)) << text;
  }
  for (const char* value : {"\"\\u00e4\\ud83d\\ude00\"", "\"\\u0000\""}) EXPECT_TRUE(ValidateText(with(value), "x").valid()) << value;
  EXPECT_THAT(Places(ValidateText(with("123456789012345678901234567890"), "x")),
              testing::ElementsAre("/properties/0/value type"));
  try {
    ValidateText(std::string(5000, '['), "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "nested deeper than 200 levels: not looked at");
  }
  // Refused for its size, before a byte is read.
  EXPECT_THROW(ValidateText(std::string_view("   ", kMaxTreeText + 1), "x"), Error);
}

TEST(JsonTreeTest, ComparesAsJsonSchemaDoes) {
  const std::pair<const char*, bool> cases[] = {
      {"[1, 1.0]", true},
      {"[1e2, 100]", true},
      {"[0, -0.0]", true},
      {"[9223372036854775808, 9223372036854775808.0]", true},
      {"[9007199254740993, 9007199254740992.0]", false},
      {"[0.1, 0.10]", true},
      {"[1, \"1\"]", false},
      {"[1, true]", false},
      {"[0, false]", false},
      {"[0, null]", false},
      {"[\"\", null]", false},
      {"[[], {}]", false},
      {"[{\"a\": 1, \"b\": [2]}, {\"b\": [2.0], \"a\": 1}]", true},
      {"[{\"a\": 1, \"b\": 2}, {\"a\": 2, \"b\": 1}]", false},
      {"[{\"a\": {\"b\": 1}}, {\"a\": {\"b\": 2}}]", false},
      {"[[1, 2], [2, 1]]", false},
      {"[\"\\u0061\", \"a\"]", true},
      {"[\"a\\u0000\", \"a\"]", false},
      {"[\"1234567\", \"1234567\\u0000\"]", false},
  };
  for (const auto& [text, equal] : cases) {
    const JsonTree tree = JsonTree::Parse(text, "x");
    const JsonTree::Index second = tree.End(1);
    EXPECT_EQ(tree.Equal(1, second), equal) << text;
    EXPECT_EQ(tree.Hash(1) == tree.Hash(second), equal) << text;
  }
}

TEST(JsonTreeTest, FindsItsWay) {
  const JsonTree tree = JsonTree::Parse(R"({"a": [1, {"b/~c": [null, "x"]}], "d": {}})", "x");
  const JsonTree::Index list = tree.Find(0, "a");
  EXPECT_EQ(tree.Count(list), 2U);
  EXPECT_EQ(tree.Find(list, "a"), JsonTree::kNone);
  EXPECT_EQ(tree.Find(0, "nothing"), JsonTree::kNone);
  const JsonTree::Index last = tree.Find(0, "d") - 1;
  EXPECT_EQ(tree.Text(last), "x");
  EXPECT_EQ(tree.Pointer(last), "/a/1/b~1~0c/1");
  EXPECT_EQ(tree.Pointer(0), "");
}

}  // namespace
}  // namespace nachbau::sbom
