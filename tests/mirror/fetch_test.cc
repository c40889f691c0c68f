#include <gmock/gmock.h>

#include "base/error.h"
#include "base/file.h"
#include "mirror/acquisition.h"
#include "mirror/mirror.h"
#include "mirror/retry.h"
#include "tests/mirror/signed_archive.h"

namespace nachbau::mirror {
namespace {

using kit::ParseFault;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class FetchTest : public testing::Test {
 protected:
  FetchTest() {
    config_.apt_root = apt_.path();
    ReleaseProof release;
    release.uri = server_.Url() + "/debian";
    lock_.releases.push_back(release);
    lock_.indexes.push_back({0, "main/binary-amd64/Packages", Sha256("index")});
  }

  // Served and locked.
  LockedFile& Add(const std::string& name, const std::string& bytes) {
    server_.Put("/debian/pool/" + name, bytes);
    LockedFile file;
    file.file_name = name;
    file.path = "pool/" + name;
    file.size = bytes.size();
    file.sha256 = Sha256(bytes);
    lock_.files.push_back(file);
    return lock_.files.back();
  }
  FetchResult Fetch() { return mirror::Fetch(lock_, config_, store_, progress_); }
  // "name: reason" of each file that is missing.
  std::vector<std::string> Missing() {
    std::vector<std::string> missing;
    for (const MissingFile& file : Fetch().missing) missing.push_back(file.file.file_name + ": " + file.reason);
    return missing;
  }
  // Files of the store that are no objects: what a broken-off download would leave.
  std::vector<std::string> Leftovers() {
    std::vector<std::string> files;
    for (const auto& file : ListFiles(directory_.path() / "store")) {
      if (file.native().find("tmp") != std::string::npos) files.push_back(file.native());
    }
    return files;
  }
  void ExpectUnharmed() {
    EXPECT_THAT(store_.List(), IsEmpty());
    EXPECT_THAT(store_.Verify(progress_).damages, IsEmpty());
    EXPECT_THAT(Leftovers(), IsEmpty());
  }
  std::vector<std::string> Ranges(const std::string& path) {
    std::vector<std::string> ranges;
    for (const auto& request : server_.Requests()) {
      if (request.path == path) ranges.push_back(request.range);
    }
    return ranges;
  }

  kit::HttpServer server_;
  AptRoot apt_;
  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "fetch-test-"};
  Store store_{directory_.path() / "store"};
  MirrorConfig config_;
  SilentProgress progress_;
  Lock lock_;
  const std::string bytes_ = std::string(200000, 'a') + std::string(100000, 'b');
};

TEST_F(FetchTest, AsksThisMachinesArchivesBeforeThoseOfALockFromElsewhere) {
  Gpg gpg;
  Add("a.deb", bytes_);
  Add("b.deb", "only elsewhere");
  server_.Remove("/debian/pool/b.deb");
  server_.Put("/elsewhere/pool/b.deb", "only elsewhere");
  lock_.releases[0].uri = server_.Url() + "/elsewhere";
  apt_.Write("etc/apt/sources.list", "deb " + server_.Url() + "/debian stable main\ndeb " + server_.Url() + "/debian other main\n");
  apt_.Write("etc/apt/trusted.gpg.d/some.gpg", gpg.Export({gpg.MakeKey("archive")}));
  EXPECT_THAT(Missing(), IsEmpty());
  EXPECT_EQ(server_.CountRequests("/debian/pool/a.deb"), 1U);
  EXPECT_EQ(server_.CountRequests("/elsewhere/pool/a.deb"), 0U);
  EXPECT_EQ(server_.CountRequests("/elsewhere/pool/b.deb"), 1U);
}

TEST_F(FetchTest, FetchesWhatIsNotHeld) {
  Add("one.deb", "bytes of one");
  Add("two~1+b1:x.deb", bytes_);
  store_.Put("bytes of three");
  Add("three.deb", "bytes of three");
  const FetchResult result = Fetch();
  EXPECT_EQ(result.files_fetched, 2u);
  EXPECT_EQ(result.files_present, 1u);
  EXPECT_EQ(result.bytes_fetched, 12u + bytes_.size());
  EXPECT_THAT(result.missing, IsEmpty());
  EXPECT_EQ(store_.Read(Sha256(bytes_), 1 << 20), bytes_);
  EXPECT_EQ(lock_.files[0].sha512, HashBytes("bytes of one").sha512);
  EXPECT_EQ(lock_.files[2].sha512, HashBytes("bytes of three").sha512);
  EXPECT_EQ(server_.CountRequests("/debian/pool/three.deb"), 0u);
  EXPECT_EQ(Fetch().files_present, 3u);
  EXPECT_EQ(server_.Requests().size(), 2u);
}

TEST_F(FetchTest, WritesDownWhereFilesCameFrom) {
  const FixedClock clock(1700000000);
  config_.clock = &clock;
  config_.state_directory = directory_.path() / "state";
  lock_.releases[0].in_release = Sha256("release");
  const LockedFile file = Add("a.deb", bytes_);
  Fetch();
  Fetch();  // held by then: nothing came
  std::vector<Acquisition> records;
  AcquisitionLog(config_.state_directory).ForEach([&](const Acquisition& one) { records.push_back(one); });
  const Acquisition expected{file.sha256, bytes_.size(), "a.deb", 1700000000, server_.Url() + "/debian/pool/a.deb",
                             Proof::kIndex, {Sha256("index"), Sha256("release")}};
  EXPECT_THAT(records, ElementsAre(expected));
}

TEST_F(FetchTest, AnObjectOfSeveralEntriesIsFetchedOnce) {
  Add("one.deb", "same bytes");
  Add("two.deb", "same bytes");
  const FetchResult result = Fetch();
  EXPECT_EQ(result.files_fetched, 1u);
  EXPECT_THAT(result.missing, IsEmpty());
  EXPECT_TRUE(lock_.files[0].sha512 && lock_.files[1].sha512);
}

TEST_F(FetchTest, EveryEntryOfAMissingObjectSaysWhy) {
  Add("one.deb", "same bytes");
  Add("two.deb", "same bytes");
  server_.SetFault("*", ParseFault("404"));
  EXPECT_THAT(Missing(), ElementsAre("one.deb: HTTP status 404", "two.deb: HTTP status 404"));
}

TEST_F(FetchTest, ListsFilesThatAreNotThere) {
  Add("here.deb", "here");
  Add("gone.deb", "gone");
  server_.Remove("/debian/pool/gone.deb");
  const FetchResult result = Fetch();
  EXPECT_EQ(result.files_fetched, 1u);
  ASSERT_THAT(result.missing, SizeIs(1));
  EXPECT_EQ(result.missing[0].file.file_name, "gone.deb");
  EXPECT_EQ(result.missing[0].url, server_.Url() + "/debian/pool/gone.deb");
  EXPECT_EQ(result.missing[0].reason, "HTTP status 404");
  EXPECT_EQ(server_.CountRequests("/debian/pool/gone.deb"), 1u);
  EXPECT_FALSE(lock_.files[1].sha512.has_value());
}

TEST_F(FetchTest, RefusesOtherBytes) {
  Add("one.deb", bytes_);
  server_.SetFault("*", ParseFault("wrong:250000"));
  const auto missing = Missing();
  ASSERT_THAT(missing, SizeIs(1));
  EXPECT_THAT(missing[0], HasSubstr("expected " + Sha256(bytes_).Hex() + ", found "));
  EXPECT_EQ(server_.Requests().size(), 2u);  // a second try from the start, no third
  ExpectUnharmed();
}

TEST_F(FetchTest, OtherBytesOnceAreMadeGood) {
  Add("one.deb", bytes_);
  server_.SetFault("*", ParseFault("wrong:5*1"));
  EXPECT_THAT(Missing(), IsEmpty());
  EXPECT_THAT(Ranges("/debian/pool/one.deb"), ElementsAre("", ""));
}

TEST_F(FetchTest, RefusesFilesThatAreTooLong) {
  Add("one.deb", "bytes");
  server_.Put("/debian/pool/one.deb", "bytes and more");
  EXPECT_THAT(Missing(), ElementsAre("one.deb: more than the expected 5 bytes"));
  EXPECT_EQ(server_.Requests().size(), 1u);
  ExpectUnharmed();
}

TEST_F(FetchTest, RefusesEndlessFiles) {
  Add("one.deb", bytes_);
  server_.SetFault("*", ParseFault("endless"));
  EXPECT_THAT(Missing(), ElementsAre("one.deb: more than the expected 300000 bytes"));
  ExpectUnharmed();
}

TEST_F(FetchTest, RefusesFilesThatAreTooShort) {
  Add("one.deb", bytes_);
  server_.SetFault("*", ParseFault("truncated:1000"));
  EXPECT_THAT(Missing(), ElementsAre("one.deb: only 1000 of 300000 bytes came"));
  ExpectUnharmed();
}

TEST_F(FetchTest, RefusesEmptyFiles) {
  Add("one.deb", bytes_);
  server_.Put("/debian/pool/one.deb", "");
  EXPECT_THAT(Missing(), ElementsAre("one.deb: only 0 of 300000 bytes came"));
  ExpectUnharmed();
}

TEST_F(FetchTest, ContinuesWhereTheConnectionWasCut) {
  Add("one.deb", bytes_);
  server_.SetFault("*", ParseFault("cut:120000*1"));
  EXPECT_THAT(Missing(), IsEmpty());
  const auto ranges = Ranges("/debian/pool/one.deb");
  ASSERT_THAT(ranges, SizeIs(2));
  EXPECT_EQ(ranges[0], "");
  EXPECT_EQ(ranges[1], "bytes=120000-");
  EXPECT_EQ(store_.Read(Sha256(bytes_), 1 << 20), bytes_);
}

TEST_F(FetchTest, StartsOverWhereTheServerCannotContinue) {
  Add("one.deb", bytes_);
  server_.SetFault("*", ParseFault("cut:120000*1"));
  server_.SetFault("*", ParseFault("norange"));
  EXPECT_THAT(Missing(), IsEmpty());
  EXPECT_EQ(Ranges("/debian/pool/one.deb").size(), 2u);
  EXPECT_EQ(store_.Read(Sha256(bytes_), 1 << 20), bytes_);
}

TEST_F(FetchTest, ABeginningThatWasWrongIsNotContinuedForever) {
  // The first piece was of another file: the whole does not fit, and is fetched anew.
  Add("one.deb", bytes_);
  server_.SetFault("*", ParseFault("cut:120000*1"));
  server_.SetFault("*", ParseFault("wrong:200000*1"));
  EXPECT_THAT(Missing(), IsEmpty());
  EXPECT_THAT(Ranges("/debian/pool/one.deb"), ElementsAre("", "bytes=120000-", ""));
}

TEST_F(FetchTest, AsksABusyServerAgain) {
  Add("one.deb", "bytes");
  server_.SetFault("*", ParseFault("503*2"));
  EXPECT_THAT(Missing(), IsEmpty());
  EXPECT_EQ(server_.Requests().size(), 3u);
}

TEST_F(FetchTest, GivesUpOnRedirectsThatGoRound) {
  Add("one.deb", "bytes");
  server_.SetFault("*", ParseFault("redirect:" + server_.Url() + "/debian/pool/one.deb"));
  EXPECT_THAT(Missing(), SizeIs(1));
  ExpectUnharmed();
}

TEST_F(FetchTest, FollowsRedirects) {
  Add("one.deb", "bytes");
  server_.Put("/elsewhere", "bytes");
  server_.SetFault("/debian/*", ParseFault("redirect:" + server_.Url() + "/elsewhere"));
  EXPECT_THAT(Missing(), IsEmpty());
}

TEST_F(FetchTest, ASizeThatTheIndexGotWrongIsToldOf) {
  Add("one.deb", "bytes").size = 4;
  store_.Put("bytes");
  EXPECT_THAT(Missing(), ElementsAre("one.deb: the index names another size than the object has"));
}

TEST_F(FetchTest, OfflineContactsNothing) {
  Add("one.deb", "one");
  store_.Put("two");
  Add("two.deb", "two");
  config_.offline = true;
  EXPECT_THAT(Missing(), ElementsAre("one.deb: not held, and --offline forbids fetching it"));
  EXPECT_THAT(server_.Requests(), IsEmpty());
}

TEST_F(FetchTest, CancellingEndsIt) {
  Add("one.deb", "bytes");
  const std::atomic<bool> cancelled = true;
  config_.cancelled = &cancelled;
  EXPECT_THROW(Fetch(), CancelledError);
  ExpectUnharmed();
}

TEST(WorthAnotherTryTest, RefusalsAreFinal) {
  const auto worth = [](long status) { return WorthAnotherTry(NetworkError("http://example.org/", status, Msg("x"))); };
  for (const long status : {0L, 408L, 429L, 500L, 502L, 503L, 504L}) EXPECT_TRUE(worth(status)) << status;
  for (const long status : {200L, 206L, 302L, 400L, 401L, 403L, 404L, 410L, 416L})
    EXPECT_FALSE(worth(status)) << status;
}

}  // namespace
}  // namespace nachbau::mirror
