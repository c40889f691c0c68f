#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace nachbau {
namespace {

TEST(ErrorTest, ReadsOutermostFirst) {
  Error error(Msg("no such file"));
  error.AddContext(Msg("open {}", "store/ab"));
  error.AddContext(Msg("verify {}", "hello"));
  EXPECT_STREQ(error.what(), "verify hello: open store/ab: no such file");
  EXPECT_EQ(error.parts().size(), 3U);
}

TEST(ErrorTest, KeepsHintsApart) {
  Error error(Msg("no"));
  error.SetHint(Msg("try {}", "this")).SetHint(Msg("or that"));
  EXPECT_STREQ(error.what(), "no");
  ASSERT_EQ(error.hints().size(), 2U);
  EXPECT_EQ(Render(error.hints()[0]), "try this");
}

TEST(ErrorTest, KindsTellWhatTheyKnow) {
  EXPECT_STREQ(ParseError("a.json", 12, Msg("bad")).what(), "a.json:12: bad");
  EXPECT_STREQ(ParseError("a.json", 0, Msg("bad")).what(), "a.json: bad");
  const SystemError system(ENOENT, Msg("open {}", "x"));
  EXPECT_STREQ(system.what(), "open x: No such file or directory");
  EXPECT_EQ(system.error_number(), ENOENT);
  const NetworkError network("http://example.org/x", 404, Msg("not there"));
  EXPECT_STREQ(network.what(), "http://example.org/x: not there");
  EXPECT_EQ(network.status(), 404);
  EXPECT_STREQ(IntegrityError("x: sha256", "aa", "bb").what(), "x: sha256: expected aa, found bb");
  EXPECT_STREQ(CancelledError().what(), "cancelled");
}

TEST(ErrorTest, ForeignBracesStayAsTheyAre) {
  EXPECT_STREQ(ParseError("{}{1}", 1, Msg("{}", "{2}")).what(), "{}{1}:1: {2}");
}

TEST(CheckDeathTest, NamesTheConditionAndAborts) {
  EXPECT_DEATH(NACHBAU_CHECK(1 + 1 == 3), "internal error: 1 \\+ 1 == 3 at .*error_test.cc");
}

}  // namespace
}  // namespace nachbau
