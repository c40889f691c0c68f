#include "base/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/error.h"

namespace nachbau {
namespace {

using ::testing::HasSubstr;

ProcessRequest Shell(const std::string& script) {
  ProcessRequest request;
  request.arguments = {"sh", "-c", script};
  return request;
}

TEST(RunProcessTest, KeepsOutputsAndExitCodeApart) {
  const ProcessResult result = RunProcess(Shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.standard_output, "out\n");
  EXPECT_EQ(result.standard_error, "err\n");
}

TEST(RunProcessTest, ReportsASignal) { EXPECT_EQ(RunProcess(Shell("kill -TERM $$")).exit_code, 128 + 15); }

TEST(RunProcessTest, PassesExactlyTheNamedEnvironment) {
  ::setenv("NACHBAU_PROCESS_TEST", "inherited", 1);
  ProcessRequest request;
  request.arguments = {"/usr/bin/env"};
  request.environment = {{"ONLY", "this one"}};
  EXPECT_EQ(RunProcess(request).standard_output, "ONLY=this one\n");
  ::unsetenv("NACHBAU_PROCESS_TEST");
}

TEST(RunProcessTest, NeverGoesThroughAShell) {
  ProcessRequest request;
  request.arguments = {"printf", "%s", "$(id); `id`; $HOME; * \"'"};
  EXPECT_EQ(RunProcess(request).standard_output, "$(id); `id`; $HOME; * \"'");
}

TEST(RunProcessTest, FeedsLargeInputWhileReadingLargeOutput) {
  ProcessRequest request;
  request.arguments = {"cat"};
  for (int i = 0; i < 300'000; ++i) request.standard_input += std::to_string(i);
  EXPECT_EQ(RunProcess(request).standard_output, request.standard_input);
}

TEST(RunProcessTest, GivesNoDescriptorsOfOurs) {
  EXPECT_EQ(RunProcess(Shell("ls /proc/self/fd | wc -l")).standard_output, "4\n");  // 0, 1, 2 and that of ls itself
}

TEST(RunProcessTest, RunsInTheNamedDirectory) {
  ProcessRequest request = Shell("pwd");
  request.working_directory = "/usr";
  EXPECT_EQ(RunProcess(request).standard_output, "/usr\n");
}

TEST(RunProcessTest, KillsWhatTakesTooLong) {
  // The second one has closed its outputs and still hangs.
  for (const char* script : {"sleep 60", "exec sleep 60 > /dev/null 2>&1", "exec >&- 2>&-; sleep 60"}) {
    ProcessRequest request = Shell(script);
    request.timeout_seconds = 1;
    const std::uint64_t start = MonotonicMilliseconds();
    try {
      RunProcess(request);
      ADD_FAILURE() << script;
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "sh did not end within 1 seconds");
    }
    EXPECT_LT(MonotonicMilliseconds() - start, 30'000U) << script;
  }
}

TEST(RunProcessTest, KillsWhatWritesTooMuch) {
  ProcessRequest request;
  request.arguments = {"yes"};
  request.output_limit = 100'000;
  EXPECT_THROW(RunProcess(request), Error);
}

TEST(RunProcessTest, SaysWhatCouldNotBeRun) {
  ProcessRequest request;
  request.arguments = {"no-such-program-anywhere"};
  try {
    RunProcess(request);
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("run no-such-program-anywhere"));
    EXPECT_EQ(error.error_number(), ENOENT);
  }
}

}  // namespace
}  // namespace nachbau
