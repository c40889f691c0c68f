// What a sandbox records of the files and programs of its processes, and where the files came from.
#include "builder/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "model/trace_queries.h"
#include "store/store.h"
#include "tests/builder/as_user.h"
#include "tests/builder/tiny_root.h"

namespace nachbau::builder {
namespace {

using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

class TraceTest : public EachUser {};
INSTANTIATE_TEST_SUITE_P(EachUser, TraceTest, testing::Values(Who::kRoot, Who::kUser, Who::kUserWithoutIds), WhoName);

Trace TraceOf(const TinyRoot& root, const std::vector<std::string>& arguments) {
  SandboxRequest request = root.Request(arguments);
  request.trace = true;
  Ran ran = builder::Run(request);
  EXPECT_EQ(ran.result.exit_code, 0) << ran.output;
  if (!ran.result.trace) throw Error(Msg("no trace"));
  EXPECT_EQ(ran.result.trace->incomplete, "");
  return *std::move(ran.result.trace);
}

std::uint32_t FileOf(const Trace& trace, const std::string& path) {
  for (std::uint32_t i = 0; i < trace.files.size(); ++i) {
    if (trace.files[i].path == path) return i;
  }
  throw Error(Msg("{} is not in the trace", path));
}

std::vector<std::string> Paths(const Trace& trace, const std::vector<std::uint32_t>& files) {
  std::vector<std::string> paths;
  for (const std::uint32_t file : files) paths.push_back(trace.files[file].path);
  return paths;
}

// What happened to a path, in order: "create", "rename /tmp/c" …
std::vector<std::string> Story(const Trace& trace, const std::string& path) {
  std::vector<std::string> story;
  for (const TraceEvent& event : trace.events) {
    const bool pipe = event.action == TraceAction::kPipeRead || event.action == TraceAction::kPipeWrite;
    if (pipe || trace.files[event.file].path != path) continue;
    std::string text(Name(event.action));
    if (event.action == TraceAction::kRename || event.action == TraceAction::kLink) {
      text += " " + trace.files[event.other].path;
    }
    story.push_back(text);
  }
  return story;
}

TEST_P(TraceTest, TellsWhatHappenedToEachFile) {
  Run([] {
    TinyRoot root(FindIdMap());
    const Trace trace = TraceOf(root, {"use-files"});
    using Strings = std::vector<std::string>;
    EXPECT_EQ(Story(trace, "/tmp/b"), (Strings{"create", "rename /tmp/c"}));
    EXPECT_EQ(Story(trace, "/tmp/c"), (Strings{"link /tmp/d"}));
    EXPECT_EQ(Story(trace, "/tmp/d"), (Strings{"read", "write", "remove"}));  // opened by the name /tmp/s
    EXPECT_EQ(Story(trace, "/tmp/s"), (Strings{"symlink"}));
    // Changed twice by one process, without anything between: told once.
    EXPECT_EQ(Story(trace, "/tmp/two"), (Strings{"create", "read"}));
    EXPECT_EQ(Story(trace, "/tmp/three"), (Strings{"create"}));
    EXPECT_THROW(FileOf(trace, "/missing"), Error);
  });
}

TEST_P(TraceTest, TellsWhichProgramsRan) {
  Run([] {
    TinyRoot root(FindIdMap());
    const Trace trace = TraceOf(root, {"use-files"});
    ASSERT_EQ(trace.processes.size(), 4U);
    std::vector<std::vector<std::string>> commands;
    for (const TraceProcess& process : trace.processes) {
      ASSERT_EQ(process.programs.size(), 1U);
      EXPECT_EQ(trace.files[process.programs[0].file].path, "/bin/inside");
      commands.push_back(process.programs[0].arguments);
    }
    EXPECT_EQ(commands[0], (std::vector<std::string>{"/bin/inside", "use-files"}));
    EXPECT_EQ(commands[1], (std::vector<std::string>{"inside", "exit", "0"}));  // by posix_spawn, which is vfork
    EXPECT_FALSE(trace.processes[0].parent);
    for (std::uint32_t child = 1; child < 4; ++child) EXPECT_EQ(trace.processes[child].parent, 0U) << child;
  });
}

TEST_P(TraceTest, GoesBackThroughPipesRenamesAndLinks) {
  Run([] {
    TinyRoot root(FindIdMap());
    const Trace trace = TraceOf(root, {"use-files"});
    const TraceQueries queries(trace);
    EXPECT_THAT(Paths(trace, queries.InputsOf(FileOf(trace, "/tmp/c"))), Contains("/layered/a"));
    EXPECT_THAT(Paths(trace, queries.InputsOf(FileOf(trace, "/tmp/piped"))), Contains("/layered/a"));
    EXPECT_EQ(queries.ReadersOf(FileOf(trace, "/tmp/two")), std::vector<std::uint32_t>{0});
    EXPECT_EQ(queries.WritersOf(FileOf(trace, "/tmp/three")), std::vector<std::uint32_t>{0});
  });
}

TEST_P(TraceTest, LosesNothingOfManyAtOnce) {
  Run([] {
    TinyRoot root(FindIdMap());
    const Trace trace = TraceOf(root, {"use-files-at-once"});
    const TraceQueries queries(trace);
    EXPECT_EQ(trace.processes.size(), 17U);
    EXPECT_EQ(queries.ReadersOf(FileOf(trace, "/layered/a")).size(), 17U);
    for (int i = 0; i < 16; ++i) {
      EXPECT_EQ(queries.WritersOf(FileOf(trace, "/tmp/thread" + std::to_string(i))), std::vector<std::uint32_t>{0});
      const std::vector<std::uint32_t> writers = queries.WritersOf(FileOf(trace, "/tmp/process" + std::to_string(i)));
      ASSERT_EQ(writers.size(), 1U);
      EXPECT_EQ(trace.processes[writers[0]].programs.at(0).arguments, (std::vector<std::string>{"inside", "look"}));
    }
  });
}

TEST_P(TraceTest, ALimitEndsABuildThatIsWatchedAsOneThatIsNot) {
  Run([] {
    TinyRoot root(FindIdMap());
    SandboxRequest request = root.Request({"sleep"});
    request.trace = true;
    request.limits.seconds = 1;
    const Ran ran = builder::Run(request);
    EXPECT_EQ(ran.result.end, SandboxEnd::kTimedOut);
    ASSERT_TRUE(ran.result.trace);
    EXPECT_EQ(ran.result.trace->processes.size(), 1U);
  });
}

TEST(DescribeFiles, KnowsWhereEachFileCameFrom) {
  TinyRoot root;
  SandboxRequest request = root.Request({"write", "/var/tmp/made", "text"});
  WriteFileAtomically(root.path() / "layer" / "build" / "source" / "hello.dsc", "signed");
  WriteFileAtomically(root.path() / "lower" / "var" / "lib" / "dpkg" / "info" / "tools.list", "/.\n/usr/bin/tool\n");
  WriteFileAtomically(root.path() / "lower" / "usr" / "bin" / "tool", "tool");
  WriteFileAtomically(root.path() / "lower" / "etc" / "ld.so.cache", "cache");
  WriteFileAtomically(root.path() / "upper" / "build" / "reproducible-path" / "hello-1" / "out", "built");
  Trace trace;
  trace.source = "hello";
  trace.build_path = "/build/reproducible-path/hello-1";
  for (const char* path : {"/build/source/hello.dsc", "/usr/bin/tool", "/etc/ld.so.cache",
                           "/build/reproducible-path/hello-1/out", "/proc/meminfo", "/etc/hosts", "/nowhere"}) {
    TraceFile file;
    file.path = path;
    trace.files.push_back(file);
  }
  trace.processes.push_back({{}, {{0, {"sh"}, 0}}});
  trace.events = {{0, TraceAction::kRead, 6, 0}, {0, TraceAction::kCreate, 3, 0}};
  DescribeFiles(trace, request.id_map, request.upper, request.lower, {"/etc/hosts"});
  std::vector<std::string> seen;
  for (const TraceFile& file : trace.files) seen.push_back(std::string(Name(file.origin)) + " " + file.package);
  EXPECT_EQ(seen, (std::vector<std::string>{"source ", "package tools", "prepared ", "built ", "kernel ", "sandbox ",
                                            "unknown "}));
  EXPECT_EQ(trace.files[1].digest, Sha256("tool"));
  EXPECT_EQ(trace.files[3].digest, Sha256("built"));
  EXPECT_FALSE(trace.files[6].digest);
}

}  // namespace
}  // namespace nachbau::builder
