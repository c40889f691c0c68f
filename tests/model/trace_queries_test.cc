#include "model/trace_queries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace nachbau {
namespace {

using Paths = std::vector<std::string>;
constexpr std::uint32_t kShell = 0, kCompiler = 1, kLinker = 2, kOther = 3;

class TraceQueriesTest : public testing::Test {
 protected:
  TraceQueriesTest() {
    trace_.build_path = "/build/hello";
    trace_.processes.resize(4);
    for (std::uint32_t i = 1; i < 4; ++i) trace_.processes[i].parent = 0;
  }
  std::uint32_t File(const std::string& path) {
    const auto [found, is_new] = files_.emplace(path, files_.size());
    if (is_new) {
      TraceFile file;
      file.path = path;
      trace_.files.push_back(file);
    }
    return found->second;
  }
  void Happens(std::uint32_t process, TraceAction action, const std::string& path, const std::string& other = "") {
    trace_.events.push_back({process, action, File(path), other.empty() ? 0 : File(other)});
  }
  void Pipes(std::uint32_t process, TraceAction action, std::uint32_t number) {
    trace_.events.push_back({process, action, number, 0});
  }
  Paths Names(const std::vector<std::uint32_t>& files) const {
    Paths paths;
    for (const std::uint32_t file : files) paths.push_back(trace_.files[file].path);
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  Paths InputsOf(const std::string& path) { return Names(TraceQueries(trace_).InputsOf(File(path))); }

  Trace trace_;
  std::map<std::string, std::uint32_t> files_;
};

TEST_F(TraceQueriesTest, InputsGoThroughIntermediateFiles) {
  Happens(kCompiler, TraceAction::kRead, "/a.c");
  Happens(kCompiler, TraceAction::kCreate, "/a.o");
  Happens(kOther, TraceAction::kRead, "/unrelated");
  Happens(kOther, TraceAction::kCreate, "/elsewhere");
  Happens(kLinker, TraceAction::kRead, "/a.o");
  Happens(kLinker, TraceAction::kCreate, "/a");
  EXPECT_EQ(InputsOf("/a"), (Paths{"/a.c", "/a.o"}));
}

TEST_F(TraceQueriesTest, InputsGoThroughRenamesAndLinksAndPipes) {
  Happens(kCompiler, TraceAction::kRead, "/a.c");
  Pipes(kCompiler, TraceAction::kPipeWrite, 5);
  Pipes(kOther, TraceAction::kPipeRead, 5);
  Happens(kOther, TraceAction::kCreate, "/a.new");
  Happens(kShell, TraceAction::kRename, "/a.new", "/a.o");
  Happens(kShell, TraceAction::kLink, "/a.o", "/b.o");
  Happens(kLinker, TraceAction::kRead, "/b.o");
  Happens(kLinker, TraceAction::kCreate, "/a");
  EXPECT_EQ(InputsOf("/a"), (Paths{"/a.c", "/a.new", "/a.o", "/b.o"}));
}

TEST_F(TraceQueriesTest, AnEarlierFileOfTheSameNameIsNoInput) {
  Happens(kOther, TraceAction::kRead, "/old.c");
  Happens(kOther, TraceAction::kCreate, "/a.o");
  Happens(kOther, TraceAction::kRemove, "/a.o");
  Happens(kCompiler, TraceAction::kRead, "/new.c");
  Happens(kCompiler, TraceAction::kCreate, "/a.o");
  EXPECT_EQ(InputsOf("/a.o"), (Paths{"/new.c"}));
}

TEST_F(TraceQueriesTest, AFileWrittenTwiceHasTheInputsOfBoth) {
  Happens(kOther, TraceAction::kRead, "/one");
  Happens(kOther, TraceAction::kCreate, "/log");
  Happens(kCompiler, TraceAction::kRead, "/two");
  Happens(kCompiler, TraceAction::kWrite, "/log");
  EXPECT_EQ(InputsOf("/log"), (Paths{"/one", "/two"}));
}

TEST_F(TraceQueriesTest, ACircleEnds) {
  for (int i = 0; i < 3; ++i) {
    Happens(kOther, TraceAction::kRead, "/a");
    Happens(kOther, TraceAction::kWrite, "/b");
    Happens(kCompiler, TraceAction::kRead, "/b");
    Happens(kCompiler, TraceAction::kWrite, "/a");
  }
  EXPECT_EQ(InputsOf("/a"), Paths{"/b"});
}

TEST_F(TraceQueriesTest, UnreadSourcesAreThoseReadByNobodyAfterUnpacking) {
  for (const char* name : {"read", "unread", "patched", "moved"}) {
    trace_.files[File("/build/hello/" + std::string(name))].origin = FileOrigin::kSource;
    Happens(kOther, TraceAction::kCreate, "/build/hello/" + std::string(name));
  }
  Happens(kOther, TraceAction::kRead, "/build/hello/patched");
  const auto unpacked = static_cast<std::uint32_t>(trace_.events.size());
  trace_.processes[0].programs = {{0, {"sh"}, 0}, {0, {"dpkg-buildpackage"}, unpacked}};
  Happens(kCompiler, TraceAction::kRead, "/build/hello/read");
  Happens(kCompiler, TraceAction::kRename, "/build/hello/moved", "/build/hello/other");
  EXPECT_EQ(Names(TraceQueries(trace_).UnreadSources()), (Paths{"/build/hello/patched", "/build/hello/unread"}));
}

TEST_F(TraceQueriesTest, AFileIsFoundByItsPathOrTheEndOfIt) {
  File("/a");
  File("/build/hello/a");
  File("/build/hello/src/b");
  File("/usr/src/b");
  const TraceQueries queries(trace_);
  EXPECT_EQ(Names(queries.FindFiles("/a")), Paths{"/a"});
  EXPECT_EQ(Names(queries.FindFiles("a")), Paths{"/build/hello/a"});
  EXPECT_EQ(Names(queries.FindFiles("b")), (Paths{"/build/hello/src/b", "/usr/src/b"}));
  EXPECT_TRUE(queries.FindFiles("c").empty());
}

TEST_F(TraceQueriesTest, OnlyWhatWasReadIsFromOutsideOrOfTheKernel) {
  trace_.files[File("/proc/meminfo")].origin = FileOrigin::kKernel;
  File("/outside");
  File("/never-read");
  Happens(kOther, TraceAction::kRead, "/proc/meminfo");
  Happens(kOther, TraceAction::kRead, "/outside");
  EXPECT_EQ(Names(TraceQueries(trace_).ReadFromOutside()), Paths{"/outside"});
  EXPECT_EQ(Names(TraceQueries(trace_).ReadFromKernel()), Paths{"/proc/meminfo"});
}

TEST_F(TraceQueriesTest, AProcessRunsItsParentsProgramUntilItStartsOne) {
  trace_.processes[0].programs = {{0, {"sh"}, 0}};
  trace_.processes[1].programs = {{0, {"cc1"}, 5}};
  const TraceQueries queries(trace_);
  EXPECT_EQ(queries.ProgramAt(1, 3)->arguments, Paths{"sh"});
  EXPECT_EQ(queries.ProgramAt(1, 5)->arguments, Paths{"cc1"});
}

}  // namespace
}  // namespace nachbau
