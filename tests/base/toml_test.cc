#include "base/toml.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace nachbau {
namespace {

std::string ErrorOf(std::string_view text) {
  try {
    ParseToml(text, "a.toml");
  } catch (const ParseError& error) {
    return error.what();
  }
  return "none";
}

TEST(TomlTest, ReadsTables) {
  const toml::table root = ParseToml("\xef\xbb\xbf[ \"a b\" ]\nc = 1\n[[list]]\nd = '''\n x ['''\n[e.'f']\n", "a.toml");
  EXPECT_EQ(root["a b"]["c"].value<int>(), 1);
  EXPECT_EQ(root["list"][0]["d"].value<std::string>(), " x [");
  EXPECT_TRUE(root["e"]["f"].is_table());
}

TEST(TomlTest, ErrorsNameTheLine) {
  EXPECT_TRUE(ErrorOf("a = 1\nb = \n").starts_with("a.toml:2: ")) << ErrorOf("a = 1\nb = \n");
  EXPECT_EQ(ErrorOf("a = \"\xff\"\n"), "a.toml: not UTF-8");
}

// toml++ 3.3 reads beyond the bracket, or stops the program.
TEST(TomlTest, RefusesTablesWithoutAName) {
  for (const char* text :
       {"a = 1\n[\n", "a = 1\n[", "a = 1\n [ [ \r\n", "a = 1\n[[\n[[b]]\n", "a = 1\n[#]\n", "a = 1\n[.b]\n"}) {
    EXPECT_EQ(ErrorOf(text), "a.toml:2: a table without a name") << text;
  }
}

}  // namespace
}  // namespace nachbau
