#include "model/closure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/model/strictness.h"

namespace nachbau {
namespace {

using ::testing::HasSubstr;

Closure MakeClosure() {
  Closure closure;
  closure.product = "hello";
  closure.version = "2.0-1";
  closure.architecture = "amd64";
  ReleaseProof release;
  release.uri = "http://archive.example.org/debian";
  release.suite = "stable";
  release.origin = "Debian";
  release.codename = "one";
  release.date = 1746868584;
  release.in_release = Sha256("in release");
  release.keyring = Sha256("keyring");
  closure.releases = {release};
  closure.indexes = {{0, "main/source/Sources.xz", Sha256("sources")}};
  ClosureFile file;
  file.sha256 = Sha256("a");  // ca97…
  file.size = 18446744073709551615U;
  file.name = "hello_2.0-1.dsc";
  file.package = "hello";
  file.version = "2.0-1";
  file.architecture = "source";
  file.path = "pool/main/h/hello/hello_2.0-1.dsc";
  file.index = 0;
  file.missing = "404 Not Found";
  ClosureFile other;
  other.sha256 = Sha256("file");  // 3b9c…
  other.size = 7;
  other.name = "pack-1";
  other.role = ClosureRole::kPack;
  other.level = 3;
  other.path = "https://git.example.org/hello.git";
  closure.files = {other, file};
  closure.sources = {{"gcc-12", "12.2", 1, "no index offers this version", {}, {}},
                     {"glibc", "2.36", 1, {}, {}, "glibc needs x, which no archive offers"},
                     {"hello", "2.0-1", 0, {}, 190, {}}};
  return closure;
}

TEST(ClosureTest, RoundTrips) {
  const Closure closure = MakeClosure();
  const Closure read = ClosureFromJson(ExpectGolden("closure.json", ToJson(closure)), "doc");
  EXPECT_EQ(ToJson(read), ToJson(closure));
  EXPECT_EQ(read.files, closure.files);
  EXPECT_EQ(read.sources, closure.sources);
  EXPECT_EQ(read.releases, closure.releases);
}

TEST(ClosureTest, RefusesWhateverIsNotAClosure) {
  ExpectAllRefused(SpoilEverywhere(ToJson(MakeClosure()),
                                   {"/files/*/architecture", "/files/*/index", "/files/*/missing", "/sources/*/missing",
                                    "/sources/*/environment", "/sources/*/problem", "/releases/*/validUntil"},
                                   {}),
                   [](const Json& json) { ClosureFromJson(json, "doc"); });
}

std::string Refusal(const Json& json) {
  try {
    ClosureFromJson(json, "doc");
  } catch (const ParseError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ClosureTest, RefusesWhatIsOutOfOrderTwiceOrOfNoIndex) {
  const Json good = ToJson(MakeClosure());
  ASSERT_EQ(Refusal(good), "accepted");
  Json json = good;
  std::swap(json["files"][0], json["files"][1]);
  EXPECT_THAT(Refusal(json), HasSubstr("doc/files: must be sorted by sha256, each file once"));
  json = good;
  json["files"].push_back(json["files"][1]);
  EXPECT_THAT(Refusal(json), HasSubstr("each file once"));
  json = good;
  std::swap(json["sources"][0], json["sources"][1]);
  EXPECT_THAT(Refusal(json), HasSubstr("doc/sources: must be sorted by name and version, each source once"));
  json = good;
  json["files"][1]["index"] = 1;
  EXPECT_THAT(Refusal(json), HasSubstr("doc/files/1/index: must be the position of an entry that exists"));
  json = good;
  json["files"][0]["role"] = "spare";
  EXPECT_THAT(Refusal(json), HasSubstr("doc/files/0/role: must be the role of a file in a closure"));
  json = good;
  json["files"][1]["missing"] = "";
  EXPECT_THAT(Refusal(json), HasSubstr("doc/files/1/missing: must be a text that is not empty, or absent"));
  json = good;
  json["files"][1]["level"] = 4294967295U;
  EXPECT_THAT(Refusal(json), HasSubstr("doc/files/1/level: must be a number below 4294967295"));
}

TEST(ClosureTest, OnlyTheFirstLevelIsNeededAndOnlyWhatIsBuiltFrom) {
  ClosureFile file;
  const auto needed = [&](ClosureRole role, std::uint32_t level) {
    file.role = role;
    file.level = level;
    return file.Needed();
  };
  EXPECT_TRUE(needed(ClosureRole::kSource, 0));
  EXPECT_TRUE(needed(ClosureRole::kEnvironment, 0));
  EXPECT_TRUE(needed(ClosureRole::kPack, 0));
  EXPECT_TRUE(needed(ClosureRole::kTarball, 0));
  EXPECT_FALSE(needed(ClosureRole::kEnvironment, 1));
  EXPECT_FALSE(needed(ClosureRole::kEnvironmentSource, 0));
  EXPECT_FALSE(needed(ClosureRole::kBuiltUsing, 0));
  EXPECT_FALSE(needed(ClosureRole::kReference, 0));
  EXPECT_FALSE(needed(ClosureRole::kSignature, 0));
}

TEST(ClosureTest, ObjectsAreFilesAndWhatProvesThem) {
  std::vector<Sha256Digest> expected = {Sha256("a"), Sha256("file"), Sha256("sources"), Sha256("in release"),
                                        Sha256("keyring")};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(MakeClosure().Objects(), expected);
}

}  // namespace
}  // namespace nachbau
