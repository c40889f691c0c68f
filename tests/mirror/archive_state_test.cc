#include "mirror/archive_state.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/file.h"

namespace nachbau::mirror {
namespace {

using testing::StartsWith;

class ArchiveStateTest : public testing::Test {
 protected:
  static UnixSeconds At(const std::string& time) { return ParseTime(time, "test"); }
  static Snapshot SnapshotOf(const std::string& release_date, const std::string& time) {
    Snapshot snapshot;
    snapshot.time = At(time);
    ReleaseProof release;
    release.uri = "http://example.org/debian";
    release.suite = "stable";
    release.origin = "Example";
    release.codename = "one";
    release.date = At(release_date);
    release.in_release = Sha256(release_date);
    release.signers = {"AA"};
    snapshot.releases.push_back(release);
    snapshot.indexes.push_back({{0, "main/source/Sources.xz", Sha256("sources")}, "main", "source"});
    snapshot.left_out = {"http://example.org/other stable: origin Other"};
    return snapshot;
  }
  std::optional<SeenRelease> Seen() const { return state_.Find("http://example.org/debian", "stable"); }

  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "state-test-"};
  ArchiveState state_{directory_.path() / "state"};
};

TEST_F(ArchiveStateTest, NothingWasSeenAtFirst) {
  EXPECT_FALSE(Seen().has_value());
  EXPECT_FALSE(state_.NewestSnapshot().has_value());
}

TEST_F(ArchiveStateTest, RemembersWhatWasAccepted) {
  const Snapshot snapshot = SnapshotOf("2020-06-01T11:00:00Z", "2020-06-02T00:00:00Z");
  state_.Accept(snapshot);
  ASSERT_TRUE(Seen().has_value());
  EXPECT_EQ(Seen()->date, At("2020-06-01T11:00:00Z"));
  EXPECT_EQ(Seen()->origin, "Example");
  EXPECT_EQ(Seen()->in_release, snapshot.releases[0].in_release);
  EXPECT_FALSE(state_.Find("http://example.org/debian", "testing").has_value());
  EXPECT_FALSE(state_.Find("http://example.org/debian/", "stable").has_value());
  const auto newest = state_.NewestSnapshot();
  ASSERT_TRUE(newest.has_value());
  EXPECT_EQ(newest->time, snapshot.time);
  EXPECT_EQ(newest->releases, snapshot.releases);
  EXPECT_EQ(newest->left_out, snapshot.left_out);
  ASSERT_EQ(newest->indexes.size(), 1u);
  EXPECT_EQ(newest->indexes[0].proof, snapshot.indexes[0].proof);
  EXPECT_EQ(newest->indexes[0].component, "main");
  EXPECT_EQ(newest->indexes[0].architecture, "source");
}

TEST_F(ArchiveStateTest, TheNewestSnapshotIsTheLatestInTime) {
  state_.Accept(SnapshotOf("2020-06-01T11:00:00Z", "2020-10-02T00:00:00Z"));
  state_.Accept(SnapshotOf("2020-06-01T11:00:00Z", "2020-09-02T00:00:00Z"));
  EXPECT_EQ(state_.NewestSnapshot()->time, At("2020-10-02T00:00:00Z"));
}

TEST_F(ArchiveStateTest, OnlyAnOverrideTakesTheMarkBack) {
  state_.Accept(SnapshotOf("2020-06-03T11:00:00Z", "2020-06-04T00:00:00Z"));
  Snapshot older = SnapshotOf("2020-06-01T11:00:00Z", "2020-06-04T00:00:01Z");  // begun earlier by another process
  state_.Accept(older);
  EXPECT_EQ(Seen()->date, At("2020-06-03T11:00:00Z"));
  older.releases[0].overrides = {"rollback"};
  state_.Accept(older);
  EXPECT_EQ(Seen()->date, At("2020-06-01T11:00:00Z"));
}

TEST_F(ArchiveStateTest, DamagedSnapshotsAreParseErrorsWithAPlace) {
  state_.Accept(SnapshotOf("2020-06-01T11:00:00Z", "2020-06-02T00:00:00Z"));
  const auto files = ListFiles(directory_.path() / "state/snapshots");
  ASSERT_EQ(files.size(), 1u);
  const std::string good = ReadFile(directory_.path() / "state/snapshots" / files[0]);
  const auto error_after = [&](const std::string& from, const std::string& to) -> std::string {
    std::string text = good;
    const std::size_t at = text.find(from);
    if (at == text.npos) return "not in the text: " + from;
    try {
      ParseSnapshot(text.replace(at, from.size(), to), "file");
    } catch (const ParseError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_after("\"main\"", "\"main\""), "no error");
  EXPECT_THAT(error_after("\"main\"", "7"), StartsWith("file/indexes/0/component: "));
  EXPECT_THAT(error_after("\"component\"", "\"x\""), StartsWith("file/indexes/0"));
  EXPECT_THAT(error_after("\"indexes\": [", "\"indexes\": [3,"), StartsWith("file/indexes/0"));
  EXPECT_THAT(error_after("\"indexes\": [", "\"indexes\": [[],"), StartsWith("file/indexes/0"));
  EXPECT_THAT(error_after("\"release\": 0", "\"release\": 1"), StartsWith("file"));
  EXPECT_THAT(error_after("nachbau-snapshot/1", "nachbau-snapshot/2"), StartsWith("file/format: "));
  EXPECT_THAT(error_after("2020-06-02T", "2020-06-32T"), StartsWith("file/time: "));
  EXPECT_THAT(error_after("\"leftOut\"", "\"leftOver\""), StartsWith("file"));
}

}  // namespace
}  // namespace nachbau::mirror
