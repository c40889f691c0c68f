#include "cli/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace nachbau::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(ConfigurationTest, EmptyFileMeansDefaults) {
  const Configuration configuration = ParseConfiguration("", "nachbau.toml");
  EXPECT_THAT(configuration.origins, ElementsAre("Debian"));
  EXPECT_FALSE(configuration.home.has_value());
}

TEST(ConfigurationTest, TheExampleIsOne) {
  const std::string path = NACHBAU_SOURCE_DIR "/examples/workspace/nachbau.toml";
  EXPECT_EQ(ParseConfiguration(ReadFile(path), path).policy, "policy.toml");
}

TEST(ConfigurationTest, ReadsEverySetting) {
  const Configuration configuration = ParseConfiguration(R"(
home = "state"
[mirror]
origins = ["Debian", "Stadt Leipzig"]
apt_root = "apt"
architecture = "amd64"
max_age = 100
[mirror.max_ages]
bookworm-security = 10
"https://deb.example.org/debian bookworm" = 200
[operator]
name = "office a"
role = "mirror-keeper"
passphrase_file = "key.pass"
[builder]
memory_limit = 8000000000
jobs = 3
[policy]
file = "policy.toml"
[rebuilder]
id = "https://rebuild.example.org/office-a"
[sbom]
creator = "office a"
email = "sbom@example.org"
[[trusted_keys]]
name = "office b"
file = "keys/b.pem"
)",
                                                         "nachbau.toml");
  EXPECT_EQ(configuration.home, "state");
  EXPECT_THAT(configuration.origins, ElementsAre("Debian", "Stadt Leipzig"));
  EXPECT_EQ(configuration.apt_root, "apt");
  EXPECT_EQ(configuration.architecture, "amd64");
  EXPECT_THAT(configuration.max_age_days,
              UnorderedElementsAre(Pair("", 100U), Pair("bookworm-security", 10U),
                                   Pair("https://deb.example.org/debian bookworm", 200U)));
  EXPECT_EQ(configuration.operator_name, "office a");
  EXPECT_EQ(configuration.operator_role, "mirror-keeper");
  EXPECT_EQ(configuration.passphrase_file, "key.pass");
  EXPECT_EQ(configuration.memory_limit, 8'000'000'000U);
  EXPECT_EQ(configuration.jobs, 3U);
  EXPECT_EQ(configuration.policy, "policy.toml");
  EXPECT_EQ(configuration.rebuilder, "https://rebuild.example.org/office-a");
  EXPECT_EQ(configuration.sbom_creator, (SbomCreator{"office a", "sbom@example.org", ""}));
  ASSERT_EQ(configuration.trusted_keys.size(), 1U);
  EXPECT_EQ(configuration.trusted_keys[0].name, "office b");
  EXPECT_EQ(configuration.trusted_keys[0].file, "keys/b.pem");
}

struct BadCase {
  const char* name;
  const char* text;
  const char* error;
};

class BadConfigurationTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadConfigurationTest, IsRefusedWithItsLine) {
  try {
    ParseConfiguration(GetParam().text, "nachbau.toml");
    FAIL() << "accepted";
  } catch (const ParseError& error) {
    EXPECT_THAT(error.what(), HasSubstr(GetParam().error));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadConfigurationTest,
    ::testing::Values(BadCase{"NotToml", "home = \n", "nachbau.toml:1: "},
                      BadCase{"UnknownKey", "\nhose = \"x\"\n", "nachbau.toml:2: unknown key: hose"},
                      BadCase{"UnknownKeyInTable", "[mirror]\norigin = []\n", "nachbau.toml:2: unknown key: origin"},
                      BadCase{"WrongType", "home = 3\n", "nachbau.toml:1: home must be a string"},
                      BadCase{"MixedArray", "[mirror]\norigins = [\"a\", 1]\n", "origins must be an array of strings"},
                      BadCase{"NegativeNumber", "[builder]\njobs = -1\n", "jobs must not be negative"},
                      BadCase{"NotATable", "mirror = 1\n", "mirror must be a table"},
                      BadCase{"NoAge", "[mirror]\nmax_age = 0\n", "an age is 1 to 36500 days"},
                      BadCase{"NoAgeOfASuite", "[mirror.max_ages]\nsid = \"x\"\n", "nachbau.toml:2: sid must be a whole number"},
                      BadCase{"CreatorWithoutAddress", "\n[sbom]\ncreator = \"x\"\n", "nachbau.toml:2: [sbom] needs 'creator', and"},
                      BadCase{"NoEmail", "[sbom]\ncreator = \"x\"\nemail = \"x\"\n", "x is no e-mail address"},
                      BadCase{"NoUrl", "[sbom]\ncreator = \"x\"\nurl = \"file:///x\"\n", "is no http or https URL"},
                      BadCase{"KeyWithoutFile", "[[trusted_keys]]\nname = \"x\"\n", "needs 'name' and 'file'"}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace nachbau::cli
