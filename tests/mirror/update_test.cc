#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "mirror/acquisition.h"
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

  // Everything that an update leaves behind besides objects, and where those came from.
  std::map<std::string, std::string> State() const {
    std::map<std::string, std::string> files;
    if (!std::filesystem::exists(config_.state_directory)) return files;
    for (const auto& file : ListFiles(config_.state_directory)) {
      if (file.native().starts_with("acquisitions/")) continue;
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

// --- snapshots

TEST_F(UpdateTest, WhatIsUnchangedCostsOneRequestAndNoSnapshot) {
  Publish();
  Update();
  now_ += 3600;
  UpdateReport report;
  const Snapshot again = mirror::Update(config_, store_, FixedClock(now_), progress_, &report);
  EXPECT_TRUE(report.unchanged);
  EXPECT_EQ(report.requests, 1u);
  const auto held = HeldSnapshots(config_);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0].snapshot.time, now_ - 3600);
  EXPECT_EQ(held[0].snapshot.confirmed, now_);
  EXPECT_EQ(again.time, now_ - 3600);
}

TEST_F(UpdateTest, KeepsEverySnapshotAndFindsTheOneOfAMoment) {
  Publish();
  const Snapshot first = Update();
  const std::string old_packages = debian_.Compressed(kPackages);
  now_ += 10 * 86400;
  debian_.AddPackage("more", "1", "bytes of more");
  debian_.date = "Wed, 10 Jun 2020 11:00:00 UTC";
  Publish();
  const Snapshot second = Update();
  EXPECT_NE(second.time, first.time);
  const std::size_t requests = server_.Requests().size();
  config_.at = first.time + 86400;
  const Snapshot then = Update();
  EXPECT_EQ(then.time, first.time);
  EXPECT_EQ(then.releases, first.releases);
  EXPECT_EQ(store_.Read(then.indexes.at(0).proof.sha256, 1 << 20), old_packages);
  config_.at = second.time;
  EXPECT_EQ(Update().time, second.time);
  config_.at = first.time - 1;
  EXPECT_EQ(UpdateError<MissingError>(), "no snapshot of 2020-06-01T23:59:59Z or before is held; the oldest one is of "
                                         "2020-06-02T00:00:00Z");
  EXPECT_EQ(server_.Requests().size(), requests);  // nothing is contacted
}

TEST_F(UpdateTest, ArchivesWithATimeInTheirUrlAreFetchedAsOfThen) {
  debian_.path = "/dated/20200603T120000Z/debian";
  debian_.valid_until = "Mon, 08 Jun 2020 11:00:00 UTC";
  Publish();
  apt_.Write("etc/apt/sources.list.d/dated.sources",
             "Types: deb\nURIs: " + server_.Url() + "/dated/{timestamp}/debian\nSuites: stable\nComponents: main\n"
             "Signed-By: /usr/share/keyrings/debian.gpg\n");
  apt_.Write("etc/apt/sources.list", "# only dated ones\n");
  now_ = ParseTime("2026-11-25T12:00:00Z", "test");  // long after Valid-Until
  EXPECT_THAT(UpdateError<MissingError>(), HasSubstr("has a time in its URL; takes part with --at alone"));
  config_.at = ParseTime("2020-06-03T12:00:00Z", "test");
  const Snapshot then = Update();
  EXPECT_EQ(then.as_of, config_.at);
  ASSERT_EQ(then.releases.size(), 1u);
  EXPECT_EQ(then.releases[0].uri, server_.Url() + debian_.path);
  EXPECT_EQ(then.releases[0].as_of, config_.at);
  EXPECT_THAT(then.releases[0].overrides, IsEmpty());
  const auto held = HeldSnapshots(config_);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0].snapshot.as_of, config_.at);
  EXPECT_FALSE(ArchiveState(config_.state_directory).NewestSnapshot());  // nothing of now
  config_.offline = true;
  *config_.at += 86400;
  EXPECT_EQ(Update().releases, then.releases);  // held of that moment or before
  config_.offline = false;
  config_.at = ParseTime("2020-06-09T12:00:00Z", "test");
  debian_.path = "/dated/20200609T120000Z/debian";
  Publish();
  EXPECT_THAT(UpdateError(), HasSubstr("was valid until 2020-06-08T11:00:00Z and has expired"));
  config_.at = ParseTime("2020-05-30T12:00:00Z", "test");
  debian_.path = "/dated/20200530T120000Z/debian";
  Publish();
  EXPECT_THAT(UpdateError(), HasSubstr("no good signature"));  // made later than the moment asked for
}

TEST_F(UpdateTest, AnArchiveThatChangesInBetweenIsReadAnew) {
  Publish();
  // The Release file of before, the index of after: so a mirror looks in the middle of its own update.
  SignedArchive next = debian_;
  next.AddPackage("more", "1", "bytes of more");
  next.date = "Mon, 01 Jun 2020 12:00:00 UTC";
  for (const auto& [name, plain] : next.indexes) server_.Put("/debian/dists/stable/" + name + ".xz", next.Compressed(name));
  const std::string release = gpg_.ClearSign(next.ReleaseText(), {key_}, {.time = "20200601T120000"});
  server_.SetFault("*Packages.xz", ParseFault("503*2"));  // asked for again after a while, so that there is time
  UpdateReport report;
  std::jthread mirror_of_theirs([&] {
    while (server_.CountRequests("/debian/dists/stable/main/binary-amd64/Packages.xz") == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    server_.Put(debian_.InReleasePath(), release);
  });
  const Snapshot snapshot = mirror::Update(config_, store_, FixedClock(now_), progress_, &report);
  EXPECT_GE(report.restarts, 1u);
  EXPECT_EQ(snapshot.releases.at(0).date, ParseTime("2020-06-01T12:00:00Z", "test"));
  EXPECT_EQ(store_.Read(snapshot.indexes.at(0).proof.sha256, 1 << 20), next.Compressed(kPackages));
}

TEST_F(UpdateTest, WritesDownWhereEachObjectCameFrom) {
  Publish();
  const Snapshot snapshot = Update();
  Update();  // nothing new, nothing to write
  std::map<std::string, Acquisition> records;
  std::size_t count = 0;
  AcquisitionLog(config_.state_directory).ForEach([&](const Acquisition& one) {
    records[one.name] = one;
    ++count;
  });
  EXPECT_EQ(count, 4u);
  const ReleaseProof& release = snapshot.releases[0];
  const Acquisition& in_release = records["stable/InRelease"];
  EXPECT_EQ(in_release.sha256, release.in_release);
  EXPECT_EQ(in_release.proof, Proof::kSignature);
  EXPECT_THAT(in_release.proven_by, ElementsAre(release.keyring));
  EXPECT_EQ(in_release.time, now_);
  EXPECT_EQ(in_release.from, server_.Url() + debian_.InReleasePath());
  EXPECT_THAT(records["stable/main/source/Sources.xz"].proven_by, ElementsAre(release.in_release));
  EXPECT_EQ(records["keyring"].proof, Proof::kConfigured);
}

// --- ages, pins, slowness

TEST_F(UpdateTest, WarnsOfOldReleaseFilesAndRefusesThemBeyondTheirAge) {
  Publish();
  const auto update_at = [&](const std::string& time) {
    now_ = ParseTime(time, "test");
    return UpdateError();
  };
  EXPECT_EQ(update_at("2025-06-01T11:00:00Z"), "no error");  // no Valid-Until, no limit
  config_.max_age_days = {{"", 10}};
  UpdateReport report;
  EXPECT_EQ(update_at("2020-06-06T11:00:00Z"), "no error");
  now_ = ParseTime("2020-06-07T11:00:01Z", "test");
  mirror::Update(config_, store_, FixedClock(now_), progress_, &report);
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_EQ(Render(report.warnings[0]), Shown(debian_) + ": the Release file is 6 days old, of 10 that are allowed");
  EXPECT_EQ(update_at("2020-06-12T11:00:00Z"),
            Shown(debian_) + ": the Release file is of 2020-06-01T11:00:00Z, 11 days old; 10 are allowed");
  config_.max_age_days = {{"", 10}, {"stable", 20}};
  EXPECT_EQ(update_at("2020-06-12T11:00:00Z"), "no error");
  config_.max_age_days[Shown(debian_)] = 5;
  EXPECT_THAT(update_at("2020-06-12T11:00:00Z"), HasSubstr("5 are allowed"));
  config_.allow_expired = true;
  EXPECT_THAT(Update().releases.at(0).overrides, ElementsAre("max-age"));
}

TEST_F(UpdateTest, TellsOfPackagesThatWentBack) {
  debian_.AddPackage("other", "2", "bytes");
  debian_.AddPackage("gone", "2", "bytes");
  Publish();
  Update();
  debian_.indexes.clear();
  debian_.AddPackage("hello", "1~rc1", "bytes of hello");
  debian_.AddPackage("other", "2.1", "bytes");
  debian_.date = "Mon, 01 Jun 2020 12:00:00 UTC";
  debian_.Publish(server_, gpg_, {key_}, "20200601T120000");
  now_ += 3600;
  UpdateReport report;
  mirror::Update(config_, store_, FixedClock(now_), progress_, &report);
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_EQ(Render(report.warnings[0]),
            "1 packages have a lower version than in the snapshot before, among them hello 1 -> 1~rc1");
}

TEST_F(UpdateTest, OnlyPinnedKeysCountWhateverAptTrusts) {
  const std::string next = gpg_.MakeKey("next");
  apt_.Write("usr/share/keyrings/debian.gpg", gpg_.Export({key_, next}));
  const auto update_signed_by = [&](const std::vector<std::string>& keys) {
    debian_.Publish(server_, gpg_, keys);
    return UpdateError();
  };
  EXPECT_EQ(update_signed_by({next}), "no error");  // no pins
  config_.pinned_keys.keys = {{key_, "", {}, 0, ""}};
  EXPECT_EQ(update_signed_by({key_}), "no error");
  EXPECT_EQ(update_signed_by({key_, next}), "no error");  // rotation: both sign for a while
  EXPECT_THAT(Update().releases.at(0).signers, ElementsAre(key_));
  EXPECT_EQ(update_signed_by({next}), Shown(debian_) +
                                          ": signed by 0 of the keys that this workspace has pinned, 1 must have signed; "
                                          "signed also by " + next + ", which apt trusts and this workspace has not pinned");
  config_.pinned_keys.keys = {{key_, "", {"other"}, 0, ""}, {next, "", {}, 0, ""}};
  EXPECT_EQ(update_signed_by({next}), "no error");
  EXPECT_THAT(update_signed_by({key_}), HasSubstr("signed also by " + key_));  // pinned for another suite
}

TEST_F(UpdateTest, SeveralOfThePinnedKeysMayHaveToSign) {
  const std::string second = gpg_.MakeKey("second");
  apt_.Write("usr/share/keyrings/debian.gpg", gpg_.Export({key_, second}));
  config_.pinned_keys.keys = {{key_, "", {}, 0, ""}, {second, "", {}, 0, ""}};
  config_.pinned_keys.signatures = 2;
  Publish();
  EXPECT_EQ(UpdateError(), Shown(debian_) + ": signed by 1 of the keys that this workspace has pinned, 2 must have signed");
  debian_.Publish(server_, gpg_, {key_, second});
  EXPECT_EQ(Update().releases.at(0).signers.size(), 2u);
}

TEST_F(UpdateTest, HeldSnapshotsOfAKeyThatIsNoLongerPinnedAreRefused) {
  Publish();
  Update();
  config_.pinned_keys.keys = {{std::string(40, 'A'), "", {}, 0, ""}};
  config_.offline = true;
  EXPECT_THAT(UpdateError(), HasSubstr("signed also by " + key_));
}

TEST_F(UpdateTest, AReleaseFileThatTricklesInIsNotWaitedFor) {
  Publish();
  Update();
  config_.release_seconds = 1;
  server_.SetFault("*InRelease", ParseFault("slow:2000"));
  debian_.fields = "Description: " + std::string(50000, 'x') + "\n";
  Publish();
  EXPECT_THAT(UpdateError<NetworkError>(), HasSubstr("InRelease"));
}

TEST_F(UpdateTest, RefusesRevokedAndExpiredKeys) {
  const std::string brief = gpg_.MakeKey("brief", {.lifetime = "1y"}), lost = gpg_.MakeKey("lost");
  debian_.Publish(server_, gpg_, {lost});
  gpg_.Revoke(lost);
  apt_.Write("usr/share/keyrings/debian.gpg", gpg_.Export({lost, brief}));
  EXPECT_THAT(UpdateError(), HasSubstr("made by a key that was revoked"));
  debian_.Publish(server_, gpg_, {brief});
  EXPECT_EQ(UpdateError(), "no error");
  now_ = ParseTime("2021-06-01T00:00:00Z", "test");
  EXPECT_THAT(UpdateError(), HasSubstr("made by a key that has expired"));
}

}  // namespace
}  // namespace nachbau::mirror
