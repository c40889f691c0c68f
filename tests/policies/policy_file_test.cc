#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "policies/policies.h"

namespace nachbau::policies {
namespace {

using testing::HasSubstr;

constexpr const char* kHead = "name = \"p\"\nversion = 1\ntitle_en = \"P\"\ntitle_de = \"P\"\n";

std::string Rule(const std::string& check, const std::string& more = {}) {
  return "[[rules]]\ncheck = \"" + check + "\"\nseverity = \"error\"\ntitle_en = \"a\"\ntitle_de = \"a\"\n" + more;
}

std::string Refusal(const std::string& text) {
  try {
    ParsePolicy(text, "my.toml");
  } catch (const ParseError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(PolicyFileTest, TheShippedPolicyIsOne) {
  const Policy policy = ParsePolicy(DefaultPolicyText(), "default.toml");
  EXPECT_EQ(policy.name, "default");
  EXPECT_EQ(policy.digest, Sha256(DefaultPolicyText()));
  std::vector<std::string> errors;
  for (const Policy::Rule& rule : policy.rules) {
    if (rule.severity == "error") errors.push_back(rule.check);
  }
  EXPECT_THAT(errors, testing::UnorderedElementsAre("inputs.proven", "build.hermetic", "binaries.identical",
                                                    "licences.free", "sbom.valid", "attestation.trusted"));
}

TEST(PolicyFileTest, TheExampleIsStricter) {
  const std::string path = NACHBAU_SOURCE_DIR "/examples/workspace/policy.toml";
  for (const Policy::Rule& rule : ParsePolicy(ReadFile(path), path).rules) EXPECT_EQ(rule.severity, "error");
}

TEST(PolicyFileTest, RefusesWithFileAndLine) {
  EXPECT_THAT(Refusal("name = "), HasSubstr("my.toml:1"));
  EXPECT_THAT(Refusal(kHead + Rule("inputs.proven") + "color = 1\n"), HasSubstr("my.toml:10: unknown key: color"));
}

TEST(PolicyFileTest, SuggestsTheWordThatWasMeant) {
  EXPECT_THAT(Refusal(std::string(kHead) + "rulez = 1\n" + Rule("sbom.valid")), HasSubstr("did you mean rules?"));
  EXPECT_THAT(Refusal(kHead + Rule("sbom.valdi")), HasSubstr("did you mean sbom.valid?"));
  EXPECT_THAT(Refusal(kHead + Rule("something else entirely")), HasSubstr("there are"));
}

TEST(PolicyFileTest, APolicyThatWouldAllowEverythingIsRefused) {
  EXPECT_THAT(Refusal(kHead), testing::Not("accepted"));
  EXPECT_THAT(Refusal(std::string(kHead) + "rules = []\n"), HasSubstr("would allow everything"));
}

TEST(PolicyFileTest, EachCheckOnce) {
  EXPECT_THAT(Refusal(kHead + Rule("sbom.valid") + Rule("sbom.valid")), HasSubstr("stands twice"));
}

TEST(PolicyFileTest, ValuesOfTheWrongType) {
  EXPECT_THAT(Refusal("name = 1\nversion = 1\n"), HasSubstr("my.toml:1"));
  EXPECT_THAT(Refusal("name = \"p\"\nversion = 0\ntitle_en = \"\"\ntitle_de = \"\"\n" + Rule("sbom.valid")),
              HasSubstr("whole number from 1"));
  EXPECT_THAT(Refusal(kHead + Rule("licences.free", "allowed = \"MIT\"\n")), HasSubstr("array of strings"));
  EXPECT_THAT(Refusal(kHead + Rule("licences.free", "accepted = [{ licence = \"X\" }]\n")), HasSubstr("'reason'"));
  EXPECT_THAT(Refusal(kHead + Rule("licences.free", "accepted = [{ licence = \"X\", reason = \"\" }]\n")),
              HasSubstr("'reason'"));
  std::string text = kHead + Rule("sbom.valid");
  text.replace(text.find("\"error\""), 7, "\"severe\"");
  EXPECT_THAT(Refusal(text), HasSubstr("\"error\" or \"warning\""));
}

TEST(PolicyFileTest, AParameterOfAnotherCheckIsUnknown) {
  EXPECT_THAT(Refusal(kHead + Rule("sbom.valid", "allowed = [\"MIT\"]\n")), HasSubstr("unknown key: allowed"));
}

}  // namespace
}  // namespace nachbau::policies
