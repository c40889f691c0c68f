#include "model/build_record.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/model/strictness.h"

namespace nachbau {
namespace {

BuildRecord MakeRecord() {
  BuildRecord record;
  record.source = "hello";
  record.version = "2.0-1";
  record.architecture = "amd64";
  record.lock = Sha256("lock");
  record.root = Sha256("root");
  record.command = {"dpkg-buildpackage", "-us", "-uc", "-b"};
  record.environment = {{"LC_ALL", "C.UTF-8"}, {"TZ", "UTC"}};
  record.build_path = "/build/reproducible-path/hello-2.0";
  record.variations = {"umask", "user"};
  record.sandbox = {{"network-namespace", true, "loopback only"}, {"seccomp", false, "refused: \"why\""}};
  record.kernel = "Linux 6.1";
  record.builder = "nachbau 0.1.0";
  record.outcome = BuildOutcome::kBuilt;
  record.exit_code = 0;
  record.started = 1746868584;
  record.duration_ms = 1234;
  record.cpu_ms = 2345;
  record.peak_memory = 1ULL << 33;
  record.outputs = {{"hello_2.0-1_amd64.deb", HashBytes("deb")}};
  record.log = {"build.log.zst", HashBytes("log")};
  return record;
}

TEST(BuildRecordTest, RoundTrips) {
  const BuildRecord record = MakeRecord();
  const BuildRecord read = BuildRecordFromJson(ExpectGolden("build.json", ToJson(record)), "doc");
  EXPECT_EQ(ToJson(read), ToJson(record));
  EXPECT_EQ(read.outputs, record.outputs);
  EXPECT_EQ(read.sandbox, record.sandbox);
  EXPECT_EQ(read.environment, record.environment);
}

TEST(BuildRecordTest, EveryOutcomeRoundTrips) {
  for (const BuildOutcome outcome : {BuildOutcome::kFailed, BuildOutcome::kBuilt, BuildOutcome::kTimedOut,
                                     BuildOutcome::kOverLimit, BuildOutcome::kCancelled}) {
    BuildRecord record = MakeRecord();
    record.outcome = outcome;
    EXPECT_EQ(BuildRecordFromJson(ToJson(record), "doc").outcome, outcome) << Name(outcome);
  }
  EXPECT_EQ(BuildRecord().outcome, BuildOutcome::kFailed);  // what nobody filled in is no success
}

TEST(BuildRecordTest, RefusesWhateverIsNotARecord) {
  ExpectAllRefused(SpoilEverywhere(ToJson(MakeRecord()), {}, {"/environment"}),
                   [](const Json& json) { BuildRecordFromJson(json, "doc"); });
}

TEST(BuildRecordTest, RefusesValuesOutOfTheirRange) {
  const std::pair<const char*, Json> kCases[] = {{"/format", "nachbau-build/0"},
                                                 {"/outcome", "Built"},
                                                 {"/exitCode", 4294967296},  // would read as 0
                                                 {"/exitCode", -4294967296},
                                                 {"/durationMs", -1},
                                                 {"/outputs/0/size", -1},
                                                 {"/outputs/0/sha512", "ab"},
                                                 {"/started", "2025-05-10"}};
  for (const auto& [pointer, value] : kCases) {
    Json json = ToJson(MakeRecord());
    json[Json::json_pointer(pointer)] = value;
    EXPECT_THROW(BuildRecordFromJson(json, "doc"), ParseError) << pointer << " " << value;
  }
}

}  // namespace
}  // namespace nachbau
