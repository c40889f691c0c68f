#include "model/licence_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace nachbau {
namespace {

std::vector<std::string> Names(std::string_view text) {
  std::vector<std::string> names;
  ForEachLicence(ParseLicenceExpression(text, "test"), [&](const LicenceExpression& licence) {
    names.emplace_back(WithoutPlus(licence.licence));
    if (!licence.exception.empty()) names.push_back(licence.exception);
  });
  return names;
}

TEST(LicenceExpressionTest, FollowsTheGrammar) {
  const std::pair<std::string, const char*> cases[] = {
      {"MIT", ""},
      {"GPL-2.0-or-later WITH Classpath-exception-2.0", ""},
      {"(MIT OR Apache-2.0) AND (BSD-3-Clause)", ""},
      {"MIT and Apache-2.0", ""},
      {"Apache-1.1+", ""},
      {"LicenseRef-x AND DocumentRef-y:LicenseRef-z", ""},
      {"MIT WITH DocumentRef-y:AdditionRef-z", ""},
      {"", "the expression is empty"},
      {"MIT Apache-2.0", "AND, OR or WITH is missing before \"Apache-2.0\""},
      {"MIT AND", "a licence is missing at the end"},
      {"MIT WITH", "a licence is missing at the end"},
      {"AND MIT", "a licence is missing before \"AND\""},
      {"(MIT", "a closing parenthesis is missing"},
      {"MIT)", "AND, OR or WITH is missing before \")\""},
      {"MIT And ISC", "AND, OR or WITH is missing before \"And\""},
      {"And", "a licence is missing before \"And\""},
      {"MIT WITH x WITH y", "AND, OR or WITH is missing before \"WITH\""},
      {"(MIT OR ISC) WITH x", "AND, OR or WITH is missing before \"WITH\""},
      {"MIT+ +", "AND, OR or WITH is missing before \"+\""},
      {"MIT, Apache-2.0", "\"MIT,\" cannot be the name of a licence"},
      {"MIT/X11", "\"MIT/X11\" cannot be the name of a licence"},
      {"+", "\"+\" cannot be the name of a licence"},
      {"a:b", "\"a:b\" cannot be the name of a licence"},
      {"caf\xc3\xa9", "\"caf\xc3\xa9\" cannot be the name of a licence"},
      {std::string("MIT\0", 4), "\"MIT\\x00\" cannot be the name of a licence"},
      {"LicenseRef-", "\"LicenseRef-\" cannot be the name of a licence"},
      {"LicenseRef-a+", "\"LicenseRef-a+\" cannot be the name of a licence"},
      {"LicenseRef-ä", "\"LicenseRef-ä\" cannot be the name of a licence"},
      {"DocumentRef-a", "\"DocumentRef-a\" cannot be the name of a licence"},
      {"AdditionRef-a", "\"AdditionRef-a\" cannot be the name of a licence"},
      {"MIT WITH LicenseRef-a", "\"LicenseRef-a\" cannot be the name of a licence"},
      {"MIT WITH x+", "\"x+\" cannot be the name of a licence"},
      {"MIT WITH (x)", "a licence is missing before \"(\""},
  };
  for (const auto& [text, message] : cases) {
    std::string found;
    try {
      ParseLicenceExpression(text, "place");
    } catch (const ParseError& error) {
      EXPECT_THAT(error.what(), testing::StartsWith("place: "));
      found = Render(error.parts().back());
    }
    EXPECT_EQ(found, message) << text;
    EXPECT_EQ(TryParseLicenceExpression(text).has_value(), found.empty()) << text;
  }
}

TEST(LicenceExpressionTest, AndBindsMoreStronglyThanOr) {
  EXPECT_EQ(FormatLicenceExpression(ParseLicenceExpression("A OR B and C", "test")), "A OR (B AND C)");
  EXPECT_EQ(ParseLicenceExpression("A OR (B AND C)", "test"), ParseLicenceExpression("A OR B AND C", "test"));
  EXPECT_THAT(Names("(A+ OR B WITH C) AND LicenseRef-d"), testing::ElementsAre("A", "B", "C", "LicenseRef-d"));
}

TEST(LicenceExpressionTest, HostileOnesAreRefusedAndNotFollowed) {
  EXPECT_THROW(ParseLicenceExpression(std::string(200'000, '('), "x"), ParseError);
  EXPECT_THROW(ParseLicenceExpression(std::string(kMaxLicenceExpression + 1, ' ') + "MIT", "x"), ParseError);
}

}  // namespace
}  // namespace nachbau
