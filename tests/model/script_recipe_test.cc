#include "model/script_recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace nachbau {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kGood =
    "format = \"nachbau-recipe/1\"\n"                          // line 1
    "name = \"hello\"\n"                                       // 2
    "version = \"1.0\"\n"                                      // 3
    "[source]\n"                                               // 4
    "git = \"https://git.example.org/hello.git\"\n"            // 5
    "commit = \"0123456789abcdef0123456789abcdef01234567\"\n"  // 6
    "[environment]\n"                                          // 7
    "packages = [\"gcc\", \"libssl-dev (>= 3)\"]\n"            // 8
    "[build]\n"                                                // 9
    "commands = [\"make\"]\n"                                  // 10
    "outputs = [\"bin/hello\"]\n";                             // 11

std::string Replaced(const std::string& from, const std::string& to) {
  std::string text = kGood;
  text.replace(text.find(from), from.size(), to);
  return text;
}

std::string RefusalOf(const std::string& text) {
  try {
    ParseScriptRecipe(text, "r.toml");
    return "not refused";
  } catch (const ParseError& error) {
    return error.what();
  }
}

TEST(ScriptRecipeTest, ReadsTheExamples) {
  const auto read = [](const std::string& name) {
    const std::string path = NACHBAU_SOURCE_DIR "/examples/recipes/" + name;
    return ParseScriptRecipe(ReadFile(path), path);
  };
  const ScriptRecipe library = read("library.toml");
  EXPECT_EQ(library.name, "library");
  EXPECT_EQ(library.licence, "Zlib");
  EXPECT_EQ(library.commands.size(), 3U);
  EXPECT_EQ(library.packages.at(2).dependency, "make (>= 4)");
  EXPECT_EQ(library.output, ScriptRecipe::Output::kTarball);
  EXPECT_EQ(library.environment.count("CFLAGS"), 1U);
  EXPECT_EQ(library.source_date_epoch, std::nullopt);
  const ScriptRecipe tool = read("tool.toml");
  EXPECT_EQ(tool.Origin(), "tool-2.0~rc1.tar.gz");
  EXPECT_EQ(tool.sha256, Sha256(""));
  EXPECT_EQ(tool.licence, "");
  EXPECT_EQ(tool.profile, "match");
  EXPECT_THAT(tool.outputs, ElementsAre("bin/tool", "doc/*.1"));
  EXPECT_EQ(tool.source_date_epoch, 1700000000);
}

TEST(ScriptRecipeTest, NamesFileAndLineOfEveryMistake) {
  const std::pair<std::string, const char*> kCases[] = {
      {Replaced("recipe/1", "recipe/2"), "r.toml:1: format must be nachbau-recipe/1"},
      {Replaced("name = \"hello\"", "name = \"Hello\""), "r.toml:2: name must be "},
      {Replaced("\"1.0\"", "1.0"), "r.toml:3: version must be a string"},
      {Replaced("\"1.0\"", "\"1.0/..\""), "r.toml:3: version must be "},
      {Replaced("https://git.", "https://me:secret@git."), "r.toml:5: source.git must be "},
      {Replaced("https://git.", "ssh://git."), "r.toml:5: source.git must be "},
      {Replaced("hello.git\"", "hello.git/\""), "r.toml:5: source.git must be "},
      {Replaced("hello.git\"", "it's.git\""), "r.toml:5: source.git must be "},
      {Replaced("01234567\"\n", "0123456\"\n"), "r.toml:6: source.commit must be a commit"},
      {Replaced("abcdef", "ABCDEF"), "r.toml:6: source.commit must be a commit"},
      {Replaced("\"gcc\"", "7"), "r.toml:8: environment.packages must be an array of strings"},
      {Replaced("[\"make\"]", "[]"), "r.toml:10: build.commands must be an array of at least one string"},
      {Replaced("[\"make\"]", "[\"a\\u0000b\"]"), "r.toml:10: build.commands must be an array of strings"},
      {Replaced("bin/hello", "/bin/hello"), "r.toml:11: build.outputs must be paths beneath the source"},
      {Replaced("bin/hello", "bin/../../etc"), "r.toml:11: build.outputs must be "},
      {Replaced("bin/hello", "$(id)"), "r.toml:11: build.outputs must be "},
      {Replaced("bin/hello", "-rf"), "r.toml:11: build.outputs must be "},
      {Replaced("bin/hello", "a//b"), "r.toml:11: build.outputs must be "},
      {kGood + "output = \"zip\"\n", "r.toml:12: build.output must be \"files\" or \"tarball\""},
      {kGood + "source-date-epoch = -1\n", "r.toml:12: build.source-date-epoch must be seconds since 1970"},
      {kGood + "colour = \"red\"\n", "r.toml:12: unknown key: build.colour"},
      {kGood + "outputs = []\n", "r.toml:12: "},
      {kGood + "[build.environment]\n\"A-B\" = \"x\"\n", "r.toml:13: build.environment must be "},
      {kGood + "[tests]\n", "r.toml:12: unknown key: tests"},
      {Replaced("[source]", "licence = \"a'b\"\n[source]"), "r.toml:4: licence must be an SPDX"},
      {Replaced("[source]", "profile = \"fast\"\n[source]"), "r.toml:4: profile must be"},
      {Replaced("commit = ", "sha256 = \"\"\ncommit = "), "r.toml:6: unknown key: source.sha256"},
      {Replaced("git = ", "tarball = \"a.tar\"\ngit = "), "r.toml:5: unknown key: source.tarball"},
      {Replaced("[build]\n", "[built]\n"), "r.toml"},
      {"format = \"nachbau-recipe/1\"\nname", "r.toml:2: "},
      {"", "r.toml"}};
  for (const auto& [text, message] : kCases) EXPECT_THAT(RefusalOf(text), HasSubstr(message)) << text;
  EXPECT_EQ(RefusalOf(kGood), "not refused");
}

TEST(ScriptRecipeTest, EnvironmentIsOptional) {
  EXPECT_EQ(RefusalOf(Replaced("[environment]\npackages = [\"gcc\", \"libssl-dev (>= 3)\"]\n", "")), "not refused");
}

}  // namespace
}  // namespace nachbau
