#include "policies/licence_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nachbau::policies {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::set<std::string> Refused(std::string_view expression) {
  return NotAllowed(expression, [](const std::string& licence) {
    return licence == "MIT" || licence == "GPL-2.0-only" || licence == "MPL-1.1" || licence == "LicenseRef-debian-PD";
  });
}

TEST(LicenceExpressionTest, SingleLicences) {
  EXPECT_THAT(Refused("MIT"), IsEmpty());
  EXPECT_THAT(Refused("LicenseRef-debian-PD"), IsEmpty());
  EXPECT_THAT(Refused("SSPL-1.0"), ElementsAre("SSPL-1.0"));
  EXPECT_THAT(Refused("mit"), ElementsAre("mit"));
}

TEST(LicenceExpressionTest, AndNeedsEveryPart) {
  EXPECT_THAT(Refused("MIT AND GPL-2.0-only"), IsEmpty());
  EXPECT_THAT(Refused("MIT AND A AND B"), ElementsAre("A", "B"));
}

TEST(LicenceExpressionTest, OrNeedsOneBranch) {
  EXPECT_THAT(Refused("A OR MIT"), IsEmpty());
  EXPECT_THAT(Refused("A OR B"), ElementsAre("A", "B"));
}

TEST(LicenceExpressionTest, AndBindsMoreTightlyThanOr) {
  EXPECT_THAT(Refused("MIT OR A AND B"), IsEmpty());
  EXPECT_THAT(Refused("A AND MIT OR B"), ElementsAre("A", "B"));
  EXPECT_THAT(Refused("(MIT OR A) AND B"), ElementsAre("B"));
}

TEST(LicenceExpressionTest, AnExceptionOnlyGrantsMore) {
  EXPECT_THAT(Refused("GPL-2.0-only WITH Classpath-exception-2.0"), IsEmpty());
  EXPECT_THAT(Refused("A WITH Classpath-exception-2.0"), ElementsAre("A"));
}

TEST(LicenceExpressionTest, ThisVersionOrLaterIsAllowedWhereThisVersionIs) {
  EXPECT_THAT(Refused("MPL-1.1+"), IsEmpty());
  EXPECT_THAT(Refused("A+"), ElementsAre("A+"));
  EXPECT_THAT(Refused("+"), ElementsAre("+"));
}

TEST(LicenceExpressionTest, WhatIsNoExpressionStandsInItsOwnWay) {
  for (const char* text : {"", "MIT AND", "OR MIT", "MIT MIT", "(MIT", "MIT)", "MIT WITH", "()", "AND", "MIT OR OR MIT"}) {
    EXPECT_THAT(Refused(text), ElementsAre(text)) << text;
  }
}

TEST(LicenceExpressionTest, DeepNestingIsRefusedAndNotFollowed) {
  const std::string deep = std::string(100'000, '(') + "MIT" + std::string(100'000, ')');
  EXPECT_THAT(Refused(deep), ElementsAre(deep));
  EXPECT_THAT(Refused(std::string(20, '(') + "MIT" + std::string(20, ')')), IsEmpty());
}

}  // namespace
}  // namespace nachbau::policies
