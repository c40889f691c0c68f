#include "builder/failure_finder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "builder/log_lines.h"
#include "builder/log_reader.h"

namespace nachbau::builder {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

LogExcerpt Find(std::string_view log) {
  FailureFinder finder;
  LineSplitter splitter([&](std::uint64_t number, std::string_view line) { finder.Line(number, line); });
  splitter.Write(log);
  splitter.Finish();
  return finder.Find();
}

std::string Telling(const LogExcerpt& excerpt) {
  return excerpt.lines.empty() ? "nothing" : excerpt.lines.at(excerpt.telling);
}

std::string Repeat(int count, const std::string& line) {
  std::string text;
  for (int i = 0; i < count; ++i) text += line + " " + std::to_string(i) + "\n";
  return text;
}

// Logs of real tools (make, gcc, ld, cmake, ninja, Python, Perl, debhelper) that failed as the name says.
class RealLogTest : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(RealLogTest, ShowsTheErrorItself) {
  const auto& [name, telling] = GetParam();
  const std::filesystem::path path = std::filesystem::path(NACHBAU_SOURCE_DIR "/tests/builder/logs") / name;
  const LogExcerpt excerpt = FindFailure(OpenForReading(path), name);
  EXPECT_THAT(Telling(excerpt), HasSubstr(telling));
  EXPECT_LE(excerpt.lines.size(), kExcerptLines);
  // The numbers are those of the file.
  LineSplitter splitter([&, first = excerpt.first_line](std::uint64_t number, std::string_view line) {
    if (number == first + excerpt.telling) {
      EXPECT_EQ(CleanLine(line).substr(0, 300), Telling(excerpt).substr(0, 300));
    }
  });
  splitter.Write(ReadFile(path));
}

INSTANTIATE_TEST_SUITE_P(
    Logs, RealLogTest,
    testing::Values(std::pair{"make_parallel.log", "f7.c:4:14: error: "},
                    std::pair{"make_keep_going.log", "f7.c:4:14: error: "},
                    std::pair{"missing_header.log", "fatal error: not/there.h"},
                    std::pair{"missing_library.log", "cannot find -lnothere_x"},
                    std::pair{"undefined_reference.log", "undefined reference to `g'"},
                    std::pair{"missing_rule.log", "No rule to make target 'absent.o'"},
                    std::pair{"missing_program.log", "not-a-program: No such file or directory"},
                    std::pair{"cmake_configure.log", "CMake Error at CMakeLists.txt:4"},
                    std::pair{"ninja.log", "f5.cc:4:12: error: "},
                    std::pair{"perl_module.log", "Can't locate No/Such/Module.pm"},
                    std::pair{"python_module.log", "ModuleNotFoundError: No module named"},
                    std::pair{"debhelper_compile.log", "dnsmasq.c:42:25: error: unknown type name"},
                    std::pair{"python_test.log", "AssertionError: 4 != 5"}));

TEST(FailureFinderTest, FindsTheErrorFarAboveTheEndOfAParallelBuild) {
  const LogExcerpt excerpt =
      Find(Repeat(900, "gcc -c x.c") + "a.c:3:1: error: expected ';'\nmake[1]: *** [a.o] Error 1\n" +
           Repeat(900, "gcc -c y.c") + "make[1]: *** [b.o] Error 1\nmake: *** [all] Error 2\n");
  EXPECT_EQ(Telling(excerpt), "a.c:3:1: error: expected ';'");
  EXPECT_EQ(excerpt.first_line + excerpt.telling, 901U);
  EXPECT_EQ(excerpt.lines.size(), kExcerptLines);
}

TEST(FailureFinderTest, IsNotMisledByTheFilesThatDebhelperPrints) {
  const LogExcerpt excerpt = Find(
      "   dh_auto_configure\nchecking for libfoo... no\nconfigure: error: libfoo is needed\n\ttail -v -n +0 "
      "config.log\n" +
      Repeat(800, "conftest.c:9:10: fatal error: ac_nonexistent.h: No such file") +
      "dh_auto_configure: error: ./configure --prefix=/usr returned exit code 1\nmake: *** [binary] Error 25\n");
  EXPECT_EQ(Telling(excerpt), "configure: error: libfoo is needed");
}

TEST(FailureFinderTest, ForgetsWhatTheBuildSurvived) {
  const std::string probes = "   dh_auto_configure\nprobe.c:1:1: error: no\nmake[2]: *** [probe] Error 1\n"
                             "make[1]: [Makefile:4: probe] Error 2 (ignored)\n";
  EXPECT_EQ(Telling(Find(probes + "b.c:2:2: error: yes\nmake: *** [b.o] Error 1\n")), "b.c:2:2: error: yes");
  EXPECT_EQ(Telling(Find("x.c:1:1: error: no\nmake[2]: *** [x] Error 1\n   dh_install\n"
                         "dh_install: error: missing files, aborting\nmake: *** [binary] Error 25\n")),
            "dh_install: error: missing files, aborting");
}

TEST(FailureFinderTest, RemembersATestThatFailedLongBeforeTheSuiteEnded) {
  const LogExcerpt excerpt = Find("   dh_auto_test\n" + Repeat(20, "PASS: one") + "FAIL: the-bad-one\n" +
                                  Repeat(2000, "PASS: other") + "make[1]: *** [test-suite.log] Error 1\n");
  EXPECT_EQ(Telling(excerpt), "FAIL: the-bad-one");
  EXPECT_EQ(excerpt.first_line + excerpt.telling, 22U);
  EXPECT_GE(excerpt.lines.size(), 28U);
}

TEST(FailureFinderTest, ShowsTheFirstOfACascadeOfErrors) {
  EXPECT_EQ(
      Telling(Find(
          "gcc a.c\na.c:1:1: error: first\na.c:2:1: error: second\na.c:3:1: error: third\nmake: *** [a] Error 1\n")),
      "a.c:1:1: error: first");
}

TEST(FailureFinderTest, ShowsTheEndOfALogThatNamesNoError) {
  const LogExcerpt excerpt = Find(Repeat(100, "working") + "\n\n");
  EXPECT_EQ(Telling(excerpt), "working 99");
  EXPECT_EQ(excerpt.first_line, 71U);
  EXPECT_EQ(Find("").lines.size(), 0U);
}

TEST(FailureFinderTest, LetsNoControlCharacterThrough) {
  const LogExcerpt excerpt = Find(
      "\x1b[2J\x1b]0;title\x07x.c:1:1: \x1b[01;31merror: \x1b[mre\x01"
      "d\x1b[\nmake: *** [x] Error 1\n");
  EXPECT_EQ(Telling(excerpt), "x.c:1:1: error: re\\x01d\\x1b[");
  for (const std::string& line : excerpt.lines) {
    for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20U);
  }
}

TEST(LineSplitterTest, NumbersLinesAsGrepDoesAndCutsLongOnes) {
  std::vector<std::pair<std::uint64_t, std::string>> lines;
  LineSplitter splitter([&](std::uint64_t number, std::string_view line) { lines.emplace_back(number, line); });
  for (const char* piece : {"on", "e\n\ntwo", "\n"}) splitter.Write(piece);
  for (int i = 0; i < 100; ++i) splitter.Write(std::string(65536, 'x'));
  splitter.Finish();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], std::pair(std::uint64_t{1}, std::string("one")));
  EXPECT_EQ(lines[1].second, "");
  EXPECT_EQ(lines[2], std::pair(std::uint64_t{3}, std::string("two")));
  EXPECT_EQ(lines[3].second.size(), kMaxLogLine);
}

TEST(CleanLineTest, ShowsWhatATerminalWouldHaveShown) {
  EXPECT_EQ(CleanLine("10%\r20%\rdone\r"), "done");
  EXPECT_EQ(CleanLine("\x1b[32mgreen\x1b[0m \x1b(Bplain"), "green plain");
  EXPECT_EQ(CleanLine("\x1b]52;c;Zm9v\x1b\\x"), "x");
  EXPECT_EQ(CleanLine("\x1b]never ends"), "\\x1b]never ends");
  EXPECT_EQ(CleanLine("a\tb"), "a       b");
}

}  // namespace
}  // namespace nachbau::builder
