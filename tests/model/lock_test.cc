#include "model/lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/model/strictness.h"

namespace nachbau {
namespace {

Lock MakeLock() {
  Lock lock;
  lock.source = "hello";
  lock.version = "1:2.0-1";
  lock.architecture = "amd64";
  lock.binaries = {"hello", "hello-doc"};
  lock.missing_sources = {"gcc-12 12.2.0-14"};
  ReleaseProof release;
  release.uri = "http://archive.example.org/debian";
  release.suite = "bookworm";
  release.origin = "Debian";
  release.codename = "bookworm";
  release.date = 1746868584;
  release.in_release = Sha256("in release");
  release.keyring = Sha256("keyring");
  release.signers = {"0123456789ABCDEF0123456789ABCDEF01234567"};
  lock.releases.push_back(release);
  release.valid_until = 1747473384;
  release.overrides = {"valid-until"};
  lock.releases.push_back(release);
  lock.indexes = {{0, "main/source/Sources.xz", Sha256("sources")}, {1, "main/binary-amd64/Packages.xz", Sha256("packages")}};
  LockedFile file;
  for (const InputRole role :
       {InputRole::kSource, InputRole::kEnvironment, InputRole::kEnvironmentSource, InputRole::kReference}) {
    file.role = role;
    file.package = "hello";
    file.version = "1:2.0-1";
    file.architecture = "source";
    file.source = "hello";
    file.source_version = "1:2.0-1";
    file.path = "pool/main/h/hello/hello_2.0-1.dsc";
    file.file_name = "hello_2.0-1.dsc";
    file.index = role == InputRole::kSource ? 0 : 1;
    file.size = 18446744073709551615U;
    file.sha256 = Sha256("file");
    lock.files.push_back(file);
    file.sha512 = HashBytes("file").sha512;
  }
  return lock;
}

TEST(LockTest, RoundTrips) {
  const Lock lock = MakeLock();
  const Lock read = LockFromJson(ExpectGolden("lock.json", ToJson(lock)), "doc");
  EXPECT_EQ(ToJson(read), ToJson(lock));
  EXPECT_EQ(read.releases, lock.releases);
  EXPECT_EQ(read.indexes, lock.indexes);
  EXPECT_EQ(read.files, lock.files);
  EXPECT_EQ(DigestOf(read), DigestOf(lock));
}

// python3 -c 'import hashlib, json; d = json.load(open("tests/golden/model/lock.json"));
//   print(hashlib.sha256(json.dumps(d, sort_keys=True, separators=(",", ":")).encode()).hexdigest())'
TEST(LockTest, DigestIsThatOfTheCanonicalForm) {
  EXPECT_EQ(DigestOf(MakeLock()).Hex(), "38b8f88e67c8dc82c588c0ac5dd4f95c77c91ad8b1319accc699bbe126822d29");
}

TEST(LockTest, EveryChangeChangesTheDigest) {
  Lock lock = MakeLock();
  lock.files[2].size -= 1;
  EXPECT_NE(DigestOf(lock), DigestOf(MakeLock()));
}

TEST(LockTest, RefusesWhateverIsNotALock) {
  ExpectAllRefused(SpoilEverywhere(ToJson(MakeLock()), {"/releases/*/validUntil", "/files/*/sha512"}, {}),
                   [](const Json& json) { LockFromJson(json, "doc"); });
}

TEST(LockTest, RefusesChainsThatLeadNowhere) {
  const std::pair<const char*, const char*> kCases[] = {
      {"/files/0/index", "doc/files/0/index: must be the position of an entry that exists"},
      {"/indexes/1/release", "doc/indexes/1/release: must be the position of an entry that exists"}};
  for (const auto& [pointer, message] : kCases) {
    Json json = ToJson(MakeLock());
    json[Json::json_pointer(pointer)] = 2U;
    try {
      LockFromJson(json, "doc");
      ADD_FAILURE() << pointer;
    } catch (const ParseError& error) {
      EXPECT_STREQ(error.what(), message);
    }
  }
}

TEST(LockTest, RefusesOtherWordsAndFormats) {
  const std::pair<const char*, Json> kCases[] = {{"/format", "nachbau-lock/2"},       {"/files/0/role", "Source"},
                                                 {"/files/0/sha256", "00"},           {"/releases/0/date", "yesterday"},
                                                 {"/releases/0/inRelease", "sha256:"}, {"/files/0/size", -1}};
  for (const auto& [pointer, value] : kCases) {
    Json json = ToJson(MakeLock());
    json[Json::json_pointer(pointer)] = value;
    EXPECT_THROW(LockFromJson(json, "doc"), ParseError) << pointer;
  }
}

TEST(LockTest, SelectsByRoleInOrder) {
  EXPECT_EQ(MakeLock().WithRole(InputRole::kReference).size(), 1U);
  EXPECT_EQ(MakeLock().WithRole(InputRole::kReference)[0].role, InputRole::kReference);
}

}  // namespace
}  // namespace nachbau
