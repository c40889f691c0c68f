#include "report/variations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nachbau::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FormatVariationsTest : public ::testing::Test {
 protected:
  FormatVariationsTest() {
    report_.source = "hello";
    report_.version = "1-1";
    report_.architecture = "amd64";
    report_.varied = {"umask", "user"};
    report_.builds = {{{}, BuildOutcome::kBuilt, "", {}, 1500}, {{"umask", "user"}, BuildOutcome::kBuilt, "", {}, 2500}};
  }
  std::string Text(Language language = Language::kEnglish) const {
    return FormatVariations(report_, {{"umask", Msg("umask 002 instead of 022")}}, "variations/hello.variation.json",
                            Catalogue(language));
  }
  VariationReport report_;
};

TEST_F(FormatVariationsTest, EachVerdictHasItsHeadline) {
  EXPECT_THAT(Text(), HasSubstr("failed"));  // unknown: never the words of a good result
  report_.verdict = VariationVerdict::kIndependent;
  EXPECT_THAT(Text(), HasSubstr("hello 1-1 (amd64): the same bits whatever was varied (2 differences at once)"));
  report_.verdict = VariationVerdict::kUnstable;
  EXPECT_THAT(Text(), HasSubstr("differ already"));
  report_.verdict = VariationVerdict::kDependent;
  EXPECT_THAT(Text(), HasSubstr("depend on more than the inputs"));
}

TEST_F(FormatVariationsTest, NamesCausesAndWhatDiffers) {
  report_.verdict = VariationVerdict::kDependent;
  report_.causes = {{{"umask"}, "", {{"hello_1-1_amd64.deb", {{"./usr/\x1bx", "metadata", "mode 0775", {}}}}}},
                    {{"time-zone", "user"}, "make: Error 1", {}}};
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("umask: umask 002 instead of 022"));
  EXPECT_THAT(text, HasSubstr("./usr/\\x1bx: mode 0775"));
  EXPECT_THAT(text, HasSubstr("Together        time-zone\n   and            user\n"));
  EXPECT_THAT(text, HasSubstr("make: Error 1"));
}

TEST_F(FormatVariationsTest, NamesWhatMakesNoDifferenceByItself) {
  report_.verdict = VariationVerdict::kDependent;
  for (const char* name : {"home", "umask", "user"}) report_.builds.push_back({{name}, BuildOutcome::kBuilt, "", {}, 1});
  report_.causes = {{{"umask"}, "", {}}};
  EXPECT_THAT(Text(), HasSubstr("each alone: home, user\n"));
  report_.verdict = VariationVerdict::kUnstable;  // then nothing can be said
  EXPECT_THAT(Text(), Not(HasSubstr("each alone")));
}

TEST_F(FormatVariationsTest, SaysWhatWasNotVariedAndWhere) {
  report_.not_varied = {{"processors", "this machine has one processor"}};
  EXPECT_THAT(Text(), HasSubstr("processors: this machine has one processor"));
  EXPECT_THAT(Text(), HasSubstr("2, 4 seconds together"));
  EXPECT_THAT(Text(), HasSubstr("variations/hello.variation.json"));
}

TEST_F(FormatVariationsTest, SpeaksGerman) {
  report_.verdict = VariationVerdict::kIndependent;
  EXPECT_THAT(Text(Language::kGerman), HasSubstr("dieselben Bits"));
}

}  // namespace
}  // namespace nachbau::report
