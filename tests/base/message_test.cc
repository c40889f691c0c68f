#include "base/message.h"

#include <gtest/gtest.h>

namespace nachbau {
namespace {

TEST(SubstituteTest, PutsArgumentsIn) {
  const struct {
    const char* text;
    std::vector<std::string> arguments;
    const char* expected;
  } kCases[] = {
      {"plain", {}, "plain"},
      {"{} of {}", {"3", "4"}, "3 of 4"},
      {"{2} von {1}", {"3", "4"}, "4 von 3"},
      {"{1} and {1}", {"x"}, "x and x"},
      {"too few: {} {}", {"a"}, "too few: a {}"},
      {"too many: {}", {"a", "b"}, "too many: a"},
      {"{3}", {"a"}, "{3}"},
      {"{0}", {"a"}, "{0}"},
      {"{", {"a"}, "{"},
      {"{1", {"a"}, "{1"},
      {"a}{}b{", {"-"}, "a}-b{"},
  };
  for (const auto& test : kCases) EXPECT_EQ(Substitute(test.text, test.arguments), test.expected) << test.text;
}

TEST(SubstituteTest, LeavesPlaceholdersInsideArgumentsAlone) {
  EXPECT_EQ(Substitute("{} {}", {"{}", "{1}"}), "{} {1}");
}

TEST(MsgTest, FormatsNumbersAndTexts) {
  const std::string name = "dnsmasq";
  EXPECT_EQ(Render(Msg("{}: {} of {}, {}", name, 3U, -4, std::string_view("done"))), "dnsmasq: 3 of -4, done");
}

}  // namespace
}  // namespace nachbau
