#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "cli/commands.h"

namespace nachbau::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Arguments Parse(std::vector<const char*> words) {
  words.insert(words.begin(), "nachbau");
  return ParseArguments(static_cast<int>(words.size()), words.data());
}

std::string ErrorOf(const std::vector<const char*>& words) {
  try {
    Parse(words);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ArgumentsTest, TakesGlobalOptionsBeforeAndAfterTheCommand) {
  for (const auto& words : {std::vector<const char*>{"--json", "--home", "/h", "rebuild", "dnsmasq"},
                            std::vector<const char*>{"rebuild", "dnsmasq", "--json", "--home", "/h"}}) {
    const Arguments arguments = Parse(words);
    EXPECT_EQ(arguments.command, "rebuild");
    EXPECT_THAT(arguments.names, ElementsAre("dnsmasq"));
    EXPECT_TRUE(arguments.json);
    EXPECT_EQ(arguments.home, "/h");
  }
}

TEST(ArgumentsTest, OptionsThatMayBeRepeatedTakeOneValueEach) {
  const Arguments arguments = Parse({"vary", "--only", "umask", "hello", "--only", "user", "--origin", "Debian"});
  EXPECT_THAT(arguments.names, ElementsAre("hello"));
  EXPECT_THAT(arguments.variations, ElementsAre("umask", "user"));
}

TEST(ArgumentsTest, LeavesTheCommandLineOfAnotherProgramAlone) {
  const Arguments arguments = Parse({"shell", "--failed", "build-1", "--", "sh", "-c", "--json", "--"});
  EXPECT_EQ(arguments.failed, "build-1");
  EXPECT_THAT(arguments.program, ElementsAre("sh", "-c", "--json", "--"));
  EXPECT_FALSE(arguments.json);
}

TEST(ArgumentsTest, KnowsCommandsOfTwoWords) {
  EXPECT_EQ(Parse({"store", "verify"}).command, "store verify");
  EXPECT_EQ(Parse({"sbom", "validate", "a.json", "b.json"}).names.size(), 2U);
}

TEST(ArgumentsTest, ReadsSizesWithUnits) {
  EXPECT_EQ(Parse({"rebuild", "x", "--memory-limit", "2GB"}).memory_limit, 2ULL << 30);
}

TEST(ArgumentsTest, RefusesWhatMakesNoSense) {
  EXPECT_THAT(ErrorOf({}), HasSubstr("subcommand is required"));
  EXPECT_THAT(ErrorOf({"rebild", "x"}), HasSubstr("subcommand is required"));
  EXPECT_THAT(ErrorOf({"verify"}), HasSubstr("evidence is required"));
  EXPECT_THAT(ErrorOf({"rebuild", "x", "--no-such-option"}), HasSubstr("--no-such-option"));
  EXPECT_THAT(ErrorOf({"rebuild", "x", "--jobs", "many"}), HasSubstr("many"));
}

TEST(ArgumentsTest, HelpAndVersionAreNotErrors) {
  EXPECT_THAT(Parse({"--help"}).help, HasSubstr("nachbau rebuild dnsmasq"));
  EXPECT_THAT(Parse({"rebuild", "--help"}).help, HasSubstr("--keep-failed"));
  EXPECT_FALSE(Parse({"--version"}).help.empty());
  EXPECT_TRUE(Parse({"--help"}).command.empty());
}

TEST(CommandsTest, HaveUniqueNamesAndHelp) {
  std::set<std::string> names;
  for (const Command& command : Commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_NE(std::string(command.help), "") << command.name;
    EXPECT_NE(command.run, nullptr) << command.name;
  }
}

}  // namespace
}  // namespace nachbau::cli
