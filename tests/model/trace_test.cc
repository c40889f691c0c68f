#include "model/trace.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/model/strictness.h"

namespace nachbau {
namespace {

Trace MakeTrace() {
  Trace trace;
  trace.source = "hello";
  trace.version = "2.0-1";
  trace.architecture = "amd64";
  trace.lock = Sha256("lock");
  trace.build_path = "/build/reproducible-path/hello-2.0";
  trace.incomplete = "the observer ended early";
  trace.files = {{"/usr/bin/gcc", FileOrigin::kPackage, "gcc-12", Sha256("gcc")},
                 {"/build/reproducible-path/hello-2.0/hello.c", FileOrigin::kSource, "", Sha256("c")},
                 {"/build/reproducible-path/hello-2.0/hello", FileOrigin::kBuilt, "", {}}};
  trace.processes = {{{}, {{0, {"gcc", "hello.c"}, 0}}}, {0, {}}};
  trace.events = {{0, TraceAction::kRead, 1, 0},
                  {1, TraceAction::kPipeWrite, 7, 0},
                  {1, TraceAction::kCreate, 2, 0},
                  {1, TraceAction::kRename, 2, 1}};
  return trace;
}

void Read(const Json& json) { TraceFromJson(json, "doc"); }

TEST(TraceDocument, RoundTrips) {
  const Trace read = TraceFromJson(ExpectGolden("trace.json", ToJson(MakeTrace())), "doc");
  EXPECT_EQ(ToJson(read), ToJson(MakeTrace()));
  EXPECT_EQ(read.processes[1].parent, 0U);
  EXPECT_EQ(read.events[3].other, 1U);
}

TEST(TraceDocument, RefusesWhateverIsNotExactlyIt) {
  ExpectAllRefused(SpoilEverywhere(ToJson(MakeTrace()), {"/files/*/package", "/files/*/sha256", "/processes/*/parent"}, {}),
                   Read);
}

TEST(TraceDocument, RefusesAnIndexBeyondItsList) {
  const Json good = ToJson(MakeTrace());
  for (const auto& [pointer, value] : std::vector<std::pair<const char*, Json>>{
           {"/events/0/0", 2}, {"/events/0/1", 9}, {"/events/0/2", 3}, {"/events/3/3", 3}, {"/events/0/0", -1},
           {"/events/0", {0, 0, 1, 1}}, {"/events/3", {1, 3, 2}}, {"/processes/0/programs/0/file", 3},
           {"/processes/0/programs/0/time", 5}, {"/processes/1/parent", 1}, {"/files/0/path", "usr/bin/gcc"}}) {
    Json bad = good;
    bad[Json::json_pointer(pointer)] = value;
    EXPECT_THROW(Read(bad), ParseError) << pointer << " " << value;
  }
}

TEST(TraceDocument, TellsNamesThatAreNoTextByTheNumbersOfTheirBytes) {
  Trace trace = MakeTrace();
  trace.files[1].path = "/\xff\n";
  trace.processes[0].programs[0].arguments = {"\xc3", "two\nlines"};
  const Trace read = TraceFromJson(ParseJson(FormatCanonical(ToJson(trace)), "doc"), "doc");
  EXPECT_EQ(read.files[1].path, "/\\xff\\x0a");
  EXPECT_EQ(read.processes[0].programs[0].arguments, (std::vector<std::string>{"\\xc3", "two\nlines"}));
}

}  // namespace
}  // namespace nachbau
