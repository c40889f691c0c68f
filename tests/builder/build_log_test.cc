#include "builder/build_log.h"

#include <gtest/gtest.h>

#include "base/archive.h"
#include "tests/builder/deb_maker.h"

namespace nachbau::builder {
namespace {

class BuildLogTest : public testing::Test {
 protected:
  TemporaryDirectory area_{"/var/tmp", "nachbau-log-test-"};
  Store store_{area_.path() / "store"};
};

TEST_F(BuildLogTest, IsStoredWholeAndCompressed) {
  BuildLog log(store_);
  std::string all;
  for (int i = 0; i < 20000; ++i) {
    const std::string piece = "line " + std::to_string(i) + (i % 3 == 0 ? "\n" : " ");
    log.Write(piece);
    all += piece;
  }
  const ContentId id = log.Finish();
  const std::string compressed = store_.Read(id.sha256, 1 << 20);
  EXPECT_LT(compressed.size(), all.size() / 4);
  EXPECT_EQ(Decompress(compressed, "log", 1 << 24), all);
}

TEST_F(BuildLogTest, OfNothingIsAnEmptyStream) {
  BuildLog log(store_);
  EXPECT_EQ(log.FailureLine(), "no output");
  EXPECT_EQ(Decompress(store_.Read(log.Finish().sha256, 1 << 20), "log", 100), "");
}

TEST_F(BuildLogTest, NamesTheLineThatTellsMost) {
  struct Case {
    const char* text;
    const char* line;
  };
  const std::vector<Case> cases = {
      {"gcc -c a.c\na.c:3:1: error: expected ';'\nmake: *** [Makefile:3: a.o] Error 1\n"
       "dpkg-buildpackage: error: debian/rules binary subprocess returned exit status 2\n",
       "a.c:3:1: error: expected ';'"},
      {"sh: 1: curl: not found\nmake[1]: *** [x] Error 127\n", "sh: 1: curl: not found"},
      {"working\nmake[1]: *** [debian/rules:9: build] Error 1\nmake: *** [x] Error 2\n"
       "dpkg-buildpackage: error: no\n", "make[1]: *** [debian/rules:9: build] Error 1"},
      {"one\ntwo\n\n", "two"},
      {"ld: undefined reference to `x'\n", "ld: undefined reference to `x'"},
  };
  for (const Case& one : cases) {
    BuildLog log(store_);
    log.Write(one.text);
    EXPECT_EQ(log.FailureLine(), one.line);
  }
}

TEST_F(BuildLogTest, KeepsNoTerminalCodesInTheRecord) {
  BuildLog log(store_);
  log.Write("\x1b]0;title\x07 error: \x1b[31mred\n");
  for (const char c : log.FailureLine()) EXPECT_GE(static_cast<unsigned char>(c), 0x20U);
}

TEST_F(BuildLogTest, DoesNotGrowWithALineThatNeverEnds) {
  BuildLog log(store_);
  for (int i = 0; i < 200; ++i) log.Write(std::string(65536, 'x'));
  log.Write("\n");
  EXPECT_LE(log.last_line().size(), 400U);
}

}  // namespace
}  // namespace nachbau::builder
