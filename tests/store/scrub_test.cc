#include "store/scrub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "store/places.h"
#include "store/repair.h"
#include "tests/support/http_server.h"

namespace nachbau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr UnixSeconds kNow = 1'800'000'000;
constexpr std::int64_t kDay = 86'400;

class ScrubTest : public ::testing::Test {
 protected:
  std::filesystem::path PathOf(const Sha256Digest& digest) const { return store_places::ObjectPath(root_, digest); }
  void Flip(const Sha256Digest& digest) const {
    std::string bytes = ReadFile(PathOf(digest));
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    ::chmod(PathOf(digest).c_str(), 0644);
    std::ofstream(PathOf(digest), std::ios::binary | std::ios::trunc) << bytes;
  }
  ScrubResult Run(ScrubRequest request = {}, UnixSeconds now = kNow) {
    const FixedClock clock(now);
    request.clock = &clock;
    Store store(root_);
    return Scrub(store, request, progress_);
  }
  std::vector<Repaired> RepairFrom(const std::vector<LostObject>& lost, const std::vector<std::string>& peers) {
    const auto fetcher = MakeFetcher({}, nullptr);
    Store store(root_);
    return Repair(store, lost, peers, *fetcher, nullptr, progress_);
  }

  TemporaryDirectory temporary_{"/var/tmp", "nachbau-scrub-"};  // a disk: O_DIRECT
  std::filesystem::path root_ = temporary_.path() / "store";
  SilentProgress progress_;
};

TEST_F(ScrubTest, FindsTheFlippedBitAndQuarantinesTheObject) {
  const Sha256Digest good = Store(root_).Put("good").sha256;
  const Sha256Digest bad = Store(root_).Put(std::string(3'000'001, 'x')).sha256;
  Flip(bad);
  const ScrubResult result = Run();
  EXPECT_EQ(result.objects, 2U);
  EXPECT_EQ(result.bytes, 3'000'005U);
  ASSERT_THAT(result.damages, SizeIs(1));
  EXPECT_EQ(result.damages[0].sha256, bad);
  EXPECT_THAT(result.damages[0].detail, StartsWith("content has sha256 "));
  EXPECT_FALSE(std::filesystem::exists(PathOf(bad)));
  EXPECT_TRUE(std::filesystem::exists(root_ / result.damages[0].quarantined));
  EXPECT_FALSE(Store(root_).Has(bad));
  EXPECT_TRUE(Store(root_).Has(good));
  EXPECT_THAT(result.vanished, ElementsAre(bad));  // until it is repaired
}

TEST_F(ScrubTest, ReadsEveryLengthRight) {
  Store store(root_);
  for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 1'048'575U, 1'048'576U, 1'048'577U, 2'097'152U}) {
    store.Put(std::string(size, 'a'));
  }
  for (const bool from_disk : {true, false}) {
    ScrubRequest request;
    request.from_disk = from_disk;
    const ScrubResult result = Run(request);
    EXPECT_EQ(result.objects, 9U);
    EXPECT_THAT(result.damages, IsEmpty());
  }
}

TEST_F(ScrubTest, LeavesStrangersWhereTheyAre) {
  { const Store make(root_); }
  std::ofstream(root_ / "objects" / "stranger") << "x";
  const ScrubResult result = Run();
  ASSERT_THAT(result.damages, SizeIs(1));
  EXPECT_EQ(result.damages[0].detail, "not the name of an object");
  EXPECT_TRUE(std::filesystem::exists(root_ / "objects" / "stranger"));
}

TEST_F(ScrubTest, QuarantinesALinkInPlaceOfAnObject) {
  const Sha256Digest digest = Store(root_).Put("bytes").sha256;
  std::filesystem::remove(PathOf(digest));
  std::filesystem::create_symlink("/etc/passwd", PathOf(digest));
  const ScrubResult result = Run();
  ASSERT_THAT(result.damages, SizeIs(1));
  EXPECT_EQ(result.damages[0].detail, "not a regular file");
  EXPECT_TRUE(std::filesystem::is_symlink(root_ / result.damages[0].quarantined));
}

TEST_F(ScrubTest, RemembersWhatWasCheckedAndWhen) {
  const Sha256Digest digest = Store(root_).Put("bytes").sha256;
  EXPECT_EQ(Run({}, kNow).oldest, kNow);
  Store(root_).Put("younger");
  ScrubRequest request;
  request.older_than = kDay;
  const ScrubResult second = Run(request, kNow + 100);
  EXPECT_EQ(second.objects, 1U);  // the younger one alone
  EXPECT_EQ(second.recent, 1U);
  EXPECT_EQ(second.oldest, kNow);
  EXPECT_EQ(Run(request, kNow + kDay + 50).objects, 1U);  // now the first is due again
  Flip(digest);
  EXPECT_THAT(Run(request, kNow + kDay + 60).damages, IsEmpty());  // checked a moment ago
  EXPECT_THAT(Run({}, kNow + kDay + 60).damages, SizeIs(1));
}

TEST_F(ScrubTest, GoesOnWhereTimeWasUp) {
  Store store(root_);
  for (int i = 0; i < 40; ++i) store.Put(std::string(100'000, static_cast<char>('a' + i % 26)) + std::to_string(i));
  ScrubRequest slow;
  slow.rate = 1'000'000;  // bytes per second: four seconds for all
  slow.max_seconds = 1;
  const ScrubResult first = Run(slow, kNow);
  EXPECT_GT(first.left, 0U);
  EXPECT_GT(first.objects, 0U);
  EXPECT_EQ(first.objects + first.left, 40U);
  EXPECT_EQ(first.oldest, std::nullopt);
  ScrubRequest rest;
  rest.older_than = kDay;
  EXPECT_EQ(Run(rest, kNow + 10).objects, first.left);
}

TEST_F(ScrubTest, NoticesAFileThatSomebodyRemoved) {
  const Sha256Digest digest = Store(root_).Put("bytes").sha256;
  std::filesystem::remove(PathOf(digest));
  EXPECT_THAT(Run().vanished, ElementsAre(digest));
}

TEST_F(ScrubTest, KilledItGoesOnAndForgetsLittle) {
  {
    Store store(root_);
    for (int i = 0; i < 600; ++i) store.Put("object " + std::to_string(i));
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (;;) Run({}, kNow);
  }
  ::usleep(300'000);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_THAT(Store(root_).Verify(progress_).damages, IsEmpty());
  EXPECT_EQ(Run({}, kNow + 1).objects, 600U);
}

TEST_F(ScrubTest, RepairsFromADirectoryAUrlOrTheArchiveWhicheverHasGoodBytes) {
  const std::filesystem::path peer = temporary_.path() / "peer";
  const Sha256Digest from_path = Store(peer).Put("from a path").sha256;
  const std::filesystem::path served = temporary_.path() / "served";
  const Sha256Digest from_url = Store(served).Put("from a URL").sha256;
  kit::HttpServer server(served);
  server.Put("/pool/x.deb", "from the archive");
  const Sha256Digest from_archive = Sha256("from the archive");
  const std::vector<LostObject> lost = {
      {from_path, 11, {}}, {from_url, 0, {}}, {from_archive, 16, {server.Url() + "/gone.deb", server.Url() + "/pool/x.deb"}}};
  const auto repaired = RepairFrom(lost, {peer.native(), server.Url() + "/"});
  ASSERT_THAT(repaired, SizeIs(3));
  EXPECT_EQ(repaired[0].from, peer.native());
  EXPECT_THAT(repaired[1].from, StartsWith(server.Url() + "/objects/"));
  EXPECT_EQ(repaired[2].from, server.Url() + "/pool/x.deb");
  EXPECT_THAT(repaired[2].failures, SizeIs(3));  // both peers, and the first URL
  Store store(root_);
  EXPECT_EQ(store.Read(from_path, 100), "from a path");
  EXPECT_EQ(store.Read(from_url, 100), "from a URL");
  EXPECT_EQ(store.Read(from_archive, 100), "from the archive");
}

TEST_F(ScrubTest, BelievesNoPeer) {
  const std::filesystem::path peer = temporary_.path() / "peer";
  const Sha256Digest wanted = Store(peer).Put("good bytes").sha256;
  const std::filesystem::path place = store_places::ObjectPath(peer, wanted);
  ::chmod(place.c_str(), 0644);
  std::ofstream(place, std::ios::trunc) << "evil bytes";
  kit::HttpServer server;
  server.Put("/objects/" + wanted.Hex().substr(0, 2) + "/" + wanted.Hex().substr(2), "good bytes, and much more than that");
  const auto repaired = RepairFrom({{wanted, 10, {}}}, {peer.native(), server.Url()});
  EXPECT_EQ(repaired.at(0).from, "");
  ASSERT_THAT(repaired[0].failures, SizeIs(2));
  EXPECT_THAT(repaired[0].failures[0], HasSubstr("sha256: expected " + wanted.Hex()));
  EXPECT_THAT(Store(root_).List(), IsEmpty());
}

TEST_F(ScrubTest, FollowsNoLinkOfAPeer) {
  const std::filesystem::path peer = temporary_.path() / "peer";
  const Sha256Digest wanted = Store(peer).Put("secret").sha256;
  const std::filesystem::path outside = temporary_.path() / "outside";
  std::filesystem::rename(store_places::ObjectPath(peer, wanted), outside);
  std::filesystem::create_symlink(outside, store_places::ObjectPath(peer, wanted));
  EXPECT_EQ(RepairFrom({{wanted, 0, {}}}, {peer.native()}).at(0).from, "");
}

}  // namespace
}  // namespace nachbau
