// The server itself, against libcurl's command-line program: a test of the tests' own foundation.
#include "tests/support/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"

namespace nachbau::kit {
namespace {

using ::testing::EndsWith;

ProcessResult Curl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"curl", "-q", "--silent", "--show-error", "--max-time", "10", "--noproxy", "*"});
  ProcessRequest request;
  request.arguments = std::move(arguments);
  return RunProcess(request);
}

TEST(HttpServerTest, ServesFilesBeneathItsRootOnly) {
  const TemporaryDirectory directory("/tmp", "http-server-test-");
  WriteFileAtomically(directory.path() / "root/a/b.txt", "content");
  WriteFileAtomically(directory.path() / "secret", "secret");
  const HttpServer server(directory.path() / "root");
  EXPECT_EQ(Curl({server.Url() + "/a/b.txt"}).standard_output, "content");
  EXPECT_EQ(Curl({"-f", server.Url() + "/a/none"}).exit_code, 22);
  EXPECT_EQ(Curl({"-f", "--path-as-is", server.Url() + "/../secret"}).exit_code, 22);
  EXPECT_EQ(server.CountRequests("/a/b.txt"), 1U);
}

TEST(HttpServerTest, AnswersRanges) {
  HttpServer server;
  server.Put("/x", "0123456789");
  EXPECT_EQ(Curl({"-r", "3-", server.Url() + "/x"}).standard_output, "3456789");
  EXPECT_EQ(Curl({"-r", "3-5", server.Url() + "/x"}).standard_output, "345");
  EXPECT_EQ(Curl({"-r", "-2", server.Url() + "/x"}).standard_output, "89");
  EXPECT_EQ(Curl({"-f", "-r", "10-", server.Url() + "/x"}).exit_code, 22);
  EXPECT_EQ(server.Requests().front().range, "bytes=3-");
}

TEST(HttpServerTest, MisbehavesAsTold) {
  HttpServer server;
  server.Put("/x", "0123456789");
  const std::string url = server.Url() + "/x";
  const auto with = [&](const char* fault) {
    server.ClearFaults();
    server.SetFault("/x", ParseFault(fault));
  };
  with("404");
  EXPECT_EQ(Curl({"-f", url}).exit_code, 22);
  with("cut:4");
  const ProcessResult cut = Curl({url});
  EXPECT_EQ(cut.exit_code, 18);  // CURLE_PARTIAL_FILE
  EXPECT_EQ(cut.standard_output, "0123");
  with("wrong:2");
  EXPECT_THAT(Curl({url}).standard_output, EndsWith("3456789"));
  EXPECT_NE(Curl({url}).standard_output, "0123456789");
  with("truncated:3");
  EXPECT_EQ(Curl({url}).standard_output, "012");
  with("norange");
  EXPECT_EQ(Curl({"-r", "3-", url}).standard_output, "0123456789");
  with("endless");
  const ProcessResult endless = Curl({"--max-time", "1", "-o", "/dev/null", "-w", "%{size_download}", url});
  EXPECT_EQ(endless.exit_code, 28);  // CURLE_OPERATION_TIMEDOUT
  EXPECT_GT(std::stoull(endless.standard_output), 1'000'000U);
  with("stalled:3");
  EXPECT_EQ(Curl({"--max-time", "1", url}).exit_code, 28);
  with("nothttp");
  EXPECT_EQ(Curl({url}).exit_code, 1);  // CURLE_UNSUPPORTED_PROTOCOL: HTTP/0.9
  with("slow:20");
  EXPECT_EQ(Curl({url}).standard_output, "0123456789");
}

TEST(HttpServerTest, MendsItselfAfterSoManyFaults) {
  HttpServer server;
  server.Put("/x", "content");
  server.SetFault("*", ParseFault("503*2"));
  EXPECT_EQ(Curl({"-f", server.Url() + "/x"}).exit_code, 22);
  EXPECT_EQ(Curl({"-f", server.Url() + "/x"}).exit_code, 22);
  EXPECT_EQ(Curl({"-f", server.Url() + "/x"}).standard_output, "content");
}

TEST(ParseFaultTest, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"", "cut", "cut:", "cut:x", "endless:3", "404*0", "404*", "nonsense"}) {
    EXPECT_THROW(ParseFault(text), UsageError) << text;
  }
  EXPECT_EQ(ParseFault("cut:12*3").at, 12U);
  EXPECT_EQ(ParseFault("cut:12*3").times, 3U);
}

}  // namespace
}  // namespace nachbau::kit
