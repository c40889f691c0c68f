#include <gmock/gmock.h>

#include "base/error.h"
#include "mirror/archive_state.h"
#include "mirror/mirror.h"
#include "tests/mirror/signed_archive.h"

namespace nachbau::mirror {
namespace {

using kit::ParseFault;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kPackages = "main/binary-amd64/Packages";

class UpdateTest : public testing::Test {
 protected:
  UpdateTest() {
    debian_.AddPackage("hello", "1", "bytes of hello");
    apt_.Write("usr/share/keyrings/debian.gpg", gpg_.Export({key_}));
    apt_.Write("etc/apt/sources.list", Source(debian_));
    config_.apt_root = apt_.path();
    config_.architecture = "amd64";
    config_.state_directory = directory_.path() / "state";
  }

  std::string Source(const SignedArchive& archive) const {
    return "deb [signed-by=/usr/share/keyrings/debian.gpg] " + server_.Url() + archive.path + " " + archive.suite +
           " main\n";
  }
  std::string Shown(const SignedArchive& archive) const { return server_.Url() + archive.path + " " + archive.suite; }
  void Publish() { debian_.Publish(server_, gpg_, {key_}); }

  Snapshot Update() { return mirror::Update(config_, store_, FixedClock(now_), progress_); }
  template <typename Exception = Error>
  std::string UpdateError() {
    try {
      Update();
    } catch (const Exception& error) {
      return error.what();
    }
    return "no error";
  }

  // Everything that an update leaves behind besides objects.
  std::map<std::string, std::string> State() const {
    std::map<std::string, std::string> files;
    if (!std::filesystem::exists(config_.state_directory)) return files;
    for (const auto& file : ListFiles(config_.state_directory)) {
      files[file.native()] = ReadFile(config_.state_directory / file);
    }
    return files;
  }

  kit::HttpServer server_;
  Gpg gpg_;
  std::string key_ = gpg_.MakeKey("archive");
  SignedArchive debian_;
  AptRoot apt_;
  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "update-test-"};
  Store store_{directory_.path() / "store"};
  MirrorConfig config_;
  SilentProgress progress_;
  UnixSeconds now_ = ParseTime("2020-06-02T00:00:00Z", "test");
};

TEST_F(UpdateTest, TakesSignedIndexesIntoTheStore) {
  debian_.valid_until = "Mon, 08 Jun 2020 11:00:00 UTC";
  Publish();
  const Snapshot snapshot = Update();
  EXPECT_EQ(snapshot.time, now_);
  EXPECT_THAT(snapshot.left_out, IsEmpty());
  ASSERT_EQ(snapshot.releases.size(), 1u);
  const ReleaseProof& release = snapshot.releases[0];
  EXPECT_EQ(release.uri, server_.Url() + "/debian");
  EXPECT_EQ(release.suite, "stable");
  EXPECT_EQ(release.origin, "Debian");
  EXPECT_EQ(release.codename, "one");
  EXPECT_EQ(release.date, ParseTime("2020-06-01T11:00:00Z", "test"));
  EXPECT_EQ(release.valid_until, ParseTime("2020-06-08T11:00:00Z", "test"));
  EXPECT_THAT(release.signers, ElementsAre(key_));
  EXPECT_THAT(release.overrides, IsEmpty());
  EXPECT_THAT(store_.Read(release.in_release, 1 << 20), HasSubstr("BEGIN PGP SIGNED MESSAGE"));
  EXPECT_EQ(store_.Read(release.keyring, 1 << 20), gpg_.Export({key_}));
  ASSERT_EQ(snapshot.indexes.size(), 2u);
  EXPECT_EQ(snapshot.indexes[0].proof.path, "main/binary-amd64/Packages.xz");
  EXPECT_EQ(snapshot.indexes[0].architecture, "amd64");
  EXPECT_EQ(snapshot.indexes[0].component, "main");
  EXPECT_EQ(snapshot.indexes[1].proof.path, "main/source/Sources.xz");
  EXPECT_EQ(snapshot.indexes[1].architecture, "source");
  EXPECT_EQ(store_.Read(snapshot.indexes[0].proof.sha256, 1 << 20), debian_.Compressed(kPackages));
}

TEST_F(UpdateTest, KeepsTheSnapshotForOfflineUse) {
  Publish();
  config_.offline = true;
  EXPECT_EQ(UpdateError<MissingError>(), "no snapshot of the archives is held yet");
  config_.offline = false;
  const Snapshot made = Update();
  config_.offline = true;
  const std::size_t requests = server_.Requests().size();
  const Snapshot held = Update();
  EXPECT_EQ(server_.Requests().size(), requests);
  EXPECT_EQ(held.time, made.time);
  EXPECT_EQ(held.releases, made.releases);
  ASSERT_EQ(held.indexes.size(), 2u);
  EXPECT_EQ(held.indexes[1].proof, made.indexes[1].proof);
  EXPECT_EQ(held.indexes[1].architecture, "source");
}

TEST_F(UpdateTest, FetchesIndexesByHashWhereOffered) {
  debian_.fields = "Acquire-By-Hash: yes\n";
  Publish();
  const std::string by_hash = "/debian/dists/stable/main/binary-amd64/by-hash/SHA256/";
  const std::string packages = debian_.Compressed(kPackages);
  server_.Put(by_hash + Sha256(packages).Hex(), packages);
  server_.Put("/debian/dists/stable/main/binary-amd64/Packages.xz", "already the next one");
  Update();
  EXPECT_EQ(server_.CountRequests(by_hash + Sha256(packages).Hex()), 1u);
  EXPECT_TRUE(store_.Has(Sha256(packages)));
  // Sources.xz is not there by hash: its plain name does.
  EXPECT_EQ(server_.CountRequests("/debian/dists/stable/main/source/Sources.xz"), 1u);
}

TEST_F(UpdateTest, DoesNotFetchWhatItHolds) {
  Publish();
  Update();
  Update();
  EXPECT_EQ(server_.CountRequests("/debian/dists/stable/main/source/Sources.xz"), 1u);
  EXPECT_EQ(server_.CountRequests(debian_.InReleasePath()), 2u);
}

TEST_F(UpdateTest, RefusesAnIndexThatIsNotTheSignedOne) {
  Publish();
  const std::string url = server_.Url() + "/debian/dists/stable/main/binary-amd64/Packages.xz";
  const std::string packages = debian_.Compressed(kPackages);
  server_.SetFault("*Packages.xz", ParseFault("wrong:3"));
  EXPECT_THAT(UpdateError<IntegrityError>(), AllOf(HasSubstr(url), HasSubstr(Sha256(packages).Hex())));
  server_.ClearFaults();
  server_.SetFault("*Packages.xz", ParseFault("truncated:10"));
  EXPECT_EQ(UpdateError<IntegrityError>(), url + ": size: expected " + std::to_string(packages.size()) + ", found 10");
  server_.ClearFaults();
  server_.Put("/debian/dists/stable/main/binary-amd64/Packages.xz", packages + "more");
  EXPECT_EQ(UpdateError<NetworkError>(),
            url + ": more than the expected " + std::to_string(packages.size()) + " bytes");
  server_.SetFault("*Packages.xz", ParseFault("404"));
  EXPECT_EQ(UpdateError<NetworkError>(), url + ": HTTP status 404");
  EXPECT_FALSE(store_.Has(Sha256(packages)));
  EXPECT_THAT(State(), IsEmpty());
}

TEST_F(UpdateTest, AsksABusyServerAgain) {
  Publish();
  server_.SetFault("*InRelease", ParseFault("503*1"));
  server_.SetFault("*Packages.xz", ParseFault("cut:10*1"));
  EXPECT_EQ(UpdateError(), "no error");
}

TEST_F(UpdateTest, TheTextOfAnIndexMustBeTheSignedOneToo) {
  // Packages.xz is listed as it is served, but is another text than Packages is said to be.
  const std::string packages = CompressXz("Package: evil\n");
  debian_.others["main/binary-amd64/Packages"] = "Package: good\n";
  debian_.others["main/binary-amd64/Packages.xz"] = packages;
  debian_.indexes.erase(kPackages);
  Publish();
  const auto refused = AllOf(HasSubstr("Packages.xz decompressed: sha256"), HasSubstr(Sha256("Package: good\n").Hex()));
  EXPECT_THAT(UpdateError<IntegrityError>(), refused);
  EXPECT_THAT(UpdateError<IntegrityError>(), refused);  // also now that the store holds the object
  EXPECT_THAT(State(), IsEmpty());
}

TEST_F(UpdateTest, AnIndexThatExpandsBeyondItsSignedSizeIsRefused) {
  debian_.others["main/binary-amd64/Packages"] = "Package: good\n";
  debian_.others["main/binary-amd64/Packages.xz"] = CompressXz(std::string(1 << 20, '\n'));
  debian_.indexes.erase(kPackages);
  Publish();
  EXPECT_THAT(UpdateError<ParseError>(), HasSubstr("Packages.xz"));
  EXPECT_THAT(State(), IsEmpty());
}

// Every refusal of a Release file: its own message, and the state as before.
TEST_F(UpdateTest, RefusesUnsignedInRelease) {
  Publish();
  Update();
  const auto state = State();
  debian_.Publish(server_, gpg_, {});
  EXPECT_EQ(UpdateError<ParseError>(), server_.Url() + debian_.InReleasePath() + ":1: not a clear-signed message");
  EXPECT_EQ(State(), state);
}

TEST_F(UpdateTest, RefusesInReleaseOfAnotherKey) {
  Publish();
  Update();
  const auto state = State();
  debian_.Publish(server_, gpg_, {gpg_.MakeKey("stranger")});
  EXPECT_EQ(UpdateError(),
            server_.Url() + debian_.InReleasePath() + ": no good signature: made by a key that is not in the keyring");
  EXPECT_EQ(State(), state);
}

TEST_F(UpdateTest, RefusesAnAlteredInRelease) {
  Publish();
  const std::size_t at = gpg_.ClearSign(debian_.ReleaseText(), {key_}, {.time = "20200601T110000"}).find("Suite");
  server_.SetFault("*InRelease", ParseFault("wrong:" + std::to_string(at)));
  EXPECT_THAT(UpdateError(), HasSubstr(": bad signature: " + key_ + ": does not fit the text"));
  EXPECT_THAT(State(), IsEmpty());
}

TEST_F(UpdateTest, RefusesExpiredReleaseFilesUnlessAllowed) {
  debian_.valid_until = "Mon, 08 Jun 2020 11:00:00 UTC";
  Publish();
  Update();
  const auto state = State();
  now_ = ParseTime("2020-06-08T11:00:01Z", "test");
  EXPECT_EQ(UpdateError(), Shown(debian_) + ": the Release file was valid until 2020-06-08T11:00:00Z and has expired");
  EXPECT_EQ(State(), state);
  config_.allow_expired = true;
  EXPECT_THAT(Update().releases.at(0).overrides, ElementsAre("valid-until"));
  now_ = ParseTime("2020-06-08T11:00:00Z", "test");
  EXPECT_THAT(Update().releases.at(0).overrides, IsEmpty());
}

TEST_F(UpdateTest, RefusesOlderReleaseFilesThanSeenUnlessAllowed) {
  Publish();
  Update();
  const auto state = State();
  debian_.date = "Sun, 31 May 2020 11:00:00 UTC";
  Publish();
  now_ += 3600;
  EXPECT_EQ(UpdateError(), Shown(debian_) +
                               ": the Release file is of 2020-05-31T11:00:00Z, older than the one of "
                               "2020-06-01T11:00:00Z seen before");
  EXPECT_EQ(State(), state);
  config_.allow_rollback = true;
  EXPECT_THAT(Update().releases.at(0).overrides, ElementsAre("rollback"));
  EXPECT_EQ(ArchiveState(config_.state_directory).Find(server_.Url() + "/debian", "stable")->date,
            ParseTime("2020-05-31T11:00:00Z", "test"));
}

TEST_F(UpdateTest, RefusesReleaseFilesFromTheFuture) {
  debian_.date = "Tue, 02 Jun 2020 00:05:01 UTC";
  Publish();
  EXPECT_EQ(UpdateError(), Shown(debian_) + ": the Release file is dated in the future: 2020-06-02T00:05:01Z");
}

TEST_F(UpdateTest, RefusesTheReleaseFileOfAnotherSuite) {
  SignedArchive other = debian_;
  other.suite = "testing";
  other.codename = "two";
  other.Publish(server_, gpg_, {key_});
  Publish();
  server_.Put(debian_.InReleasePath(), gpg_.ClearSign(other.ReleaseText(), {key_}, {.time = "20200601T110000"}));
  EXPECT_EQ(UpdateError(), Shown(debian_) + ": the Release file is of another suite: testing (two)");
  apt_.Write("etc/apt/sources.list",
             "deb [signed-by=/usr/share/keyrings/debian.gpg] " + server_.Url() + "/debian one main\n");
  debian_.suite = "one";
  Publish();
  EXPECT_EQ(UpdateError(), "no error");  // by codename too
}

TEST_F(UpdateTest, OneRefusedArchiveOfOursRefusesAll) {
  SignedArchive security = debian_;
  security.path = "/security";
  security.Publish(server_, gpg_, {gpg_.MakeKey("stranger")});
  Publish();
  apt_.Write("etc/apt/sources.list", Source(debian_) + Source(security));
  EXPECT_THAT(UpdateError(), HasSubstr("/security/dists/stable/InRelease: no good signature"));
  EXPECT_THAT(State(), IsEmpty());
}

TEST_F(UpdateTest, OtherPeoplesArchivesDoNotDisturb) {
  Publish();
  SignedArchive foreign = debian_;
  foreign.origin = "Somebody";
  std::string sources = Source(debian_);
  const auto add = [&](const std::string& path) {
    foreign.path = path;
    sources += Source(foreign);
  };
  add("/gone");
  add("/well-signed");
  foreign.Publish(server_, gpg_, {key_});
  add("/wrong-key");
  foreign.Publish(server_, gpg_, {gpg_.MakeKey("stranger")});
  add("/unsigned");
  foreign.Publish(server_, gpg_, {});
  add("/other-suite");
  foreign.codename = foreign.suite = "else";
  foreign.Publish(server_, gpg_, {key_});
  server_.Put("/other-suite/dists/stable/InRelease",
              gpg_.ClearSign(foreign.ReleaseText(), {key_}, {.time = "20200601T110000"}));
  sources += "deb http://127.0.0.1:1/unreachable stable main\n";
  apt_.Write("etc/apt/sources.list", sources);
  const Snapshot snapshot = Update();
  EXPECT_EQ(snapshot.releases.size(), 1u);
  EXPECT_THAT(snapshot.left_out,
              ElementsAre(HasSubstr("HTTP status 404"), server_.Url() + "/well-signed stable: origin Somebody",
                          HasSubstr("/wrong-key/dists/stable/InRelease: no good signature"),
                          HasSubstr("/unsigned/dists/stable/InRelease:1: not a clear-signed message"),
                          HasSubstr("origin Somebody"), StartsWith("http://127.0.0.1:1/unreachable stable: ")));
}

TEST_F(UpdateTest, WhatTookPartBeforeMayNotStayAway) {
  SignedArchive security = debian_;
  security.path = "/security";
  security.Publish(server_, gpg_, {key_});
  Publish();
  apt_.Write("etc/apt/sources.list", Source(debian_) + Source(security));
  EXPECT_EQ(Update().releases.size(), 2u);
  const auto state = State();
  server_.SetFault("/security/*", ParseFault("404"));
  EXPECT_EQ(UpdateError<NetworkError>(), server_.Url() + "/security/dists/stable/InRelease: HTTP status 404");
  server_.ClearFaults();
  security.origin = "Somebody";
  security.Publish(server_, gpg_, {gpg_.MakeKey("stranger")});
  EXPECT_THAT(UpdateError(), HasSubstr("no good signature"));
  security.Publish(server_, gpg_, {key_});
  EXPECT_EQ(UpdateError(),
            Shown(security) + ": the Release file was of origin Debian before and is of origin Somebody now");
  EXPECT_EQ(State(), state);
  apt_.Write("etc/apt/sources.list", Source(debian_) + "deb [signed-by=/nowhere.gpg] " + Shown(security) + " main\n");
  EXPECT_EQ(UpdateError(), Shown(security) + ": open /nowhere.gpg: No such file or directory");
}

TEST_F(UpdateTest, TakesOnlySignaturesOfTheKeysThatSignedByNames) {
  const std::string other = gpg_.MakeKey("other"), subkey = gpg_.AddSubkey(key_);
  apt_.Write("etc/apt/trusted.gpg", gpg_.Export({other, key_}));
  const auto update_with = [&](const std::string& signed_by, const std::string& signer) {
    apt_.Write("etc/apt/sources.list", "deb [signed-by=" + signed_by + "] " + Shown(debian_) + " main\n");
    debian_.Publish(server_, gpg_, {signer});
    return UpdateError();
  };
  const std::string refused = "InRelease: no good signature: ";
  EXPECT_EQ(update_with(key_, key_ + "!"), "no error");
  EXPECT_EQ(update_with(key_, subkey + "!"), "no error");
  EXPECT_THAT(update_with(key_ + "!", subkey + "!"),
              HasSubstr(refused + key_ + ": made by a key that Signed-By does not name"));
  EXPECT_THAT(update_with(key_, other), HasSubstr(refused + "made by a key that is not in the keyring"));
  EXPECT_EQ(update_with(key_ + "," + other, other), "no error");
}

TEST_F(UpdateTest, LeavesOutWhatCannotBeVerified) {
  Publish();
  apt_.Write("etc/apt/sources.list", Source(debian_) + "deb [trusted=yes] http://example.org/debian stable main\n");
  EXPECT_THAT(
      Update().left_out,
      ElementsAre("http://example.org/debian stable: marked 'trusted=yes', which would switch verification off"));
}

TEST_F(UpdateTest, SaysWhyNoArchiveCanBeUsed) {
  Publish();
  config_.origins = {"Example", "Other"};
  EXPECT_EQ(UpdateError<MissingError>(),
            "no archive of origin Example, Other can be used: " + Shown(debian_) + ": origin Debian");
  apt_.Write("etc/apt/sources.list", "# nothing\n");
  EXPECT_EQ(UpdateError<MissingError>(), "no archive of origin Example, Other can be used: none is configured");
}

TEST_F(UpdateTest, ADamagedStateIsAnErrorThatNamesTheFile) {
  Publish();
  Update();
  std::filesystem::path seen, snapshot;
  for (const auto& [name, text] : State())
    (name.starts_with("seen/") ? seen : snapshot) = config_.state_directory / name;
  const std::string good = ReadFile(seen);
  for (const std::string text : {"", "{", "[]", "{\"uri\": 1}", "{\"unknown\": \"x\"}"}) {
    WriteFileAtomically(seen, text);
    EXPECT_THAT(UpdateError<ParseError>(), StartsWith(seen.native())) << text;
  }
  WriteFileAtomically(seen, good);
  for (const std::string text : {"", "null", "{\"format\":\"nachbau-snapshot/1\"}"}) {
    WriteFileAtomically(snapshot, text);
    config_.offline = true;
    EXPECT_THAT(UpdateError<ParseError>(), StartsWith(snapshot.native())) << text;
    config_.offline = false;
    EXPECT_EQ(UpdateError(), "no error");  // makes it anew
  }
}

TEST_F(UpdateTest, CancellingEndsIt) {
  Publish();
  const std::atomic<bool> cancelled = true;
  config_.cancelled = &cancelled;
  EXPECT_EQ(UpdateError<CancelledError>(), "cancelled");
  EXPECT_THAT(State(), IsEmpty());
}

}  // namespace
}  // namespace nachbau::mirror
