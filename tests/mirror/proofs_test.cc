#include <gmock/gmock.h>

#include <functional>

#include "base/error.h"
#include "mirror/mirror.h"
#include "tests/mirror/signed_archive.h"

namespace nachbau::mirror {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kDeb = "bytes of hello";
constexpr const char* kDsc = "dsc of hello";

// A store that holds a small archive, and a lock of it whose every link is good.
class CheckProofsTest : public testing::Test {
 protected:
  CheckProofsTest() {
    archive_.AddPackage("hello", "1", kDeb);
    archive_.AddPackage("other", "2", "bytes of other");
    archive_.valid_until = "Mon, 08 Jun 2020 11:00:00 UTC";
    archive_.indexes["main/binary-amd64/Packages"] +=
        "Package: gcc\nVersion: 4:12\nArchitecture: all\nSource: gcc-defaults (1.2)\nFilename: ./pool/gcc.deb\nSize: "
        "3\nSHA256: " +
        Sha256("gcc").Hex() + "\n";
    message_ = gpg_.ClearSign(archive_.ReleaseText(), {key_}, {.time = "20200601T130000"});  // hours after its date
    ReleaseProof release;
    release.uri = "http://example.org/debian";
    release.suite = "stable";
    release.origin = "Debian";
    release.codename = "one";
    release.date = ParseTime("2020-06-01T11:00:00Z", "test");
    release.valid_until = ParseTime("2020-06-08T11:00:00Z", "test");
    release.in_release = store_.Put(message_).sha256;
    release.keyring = store_.Put(gpg_.Export({key_})).sha256;
    release.signers = {key_};
    lock_.source = "hello";
    lock_.version = "1";
    lock_.releases.push_back(release);
    for (const std::string path : {"main/binary-amd64/Packages", "main/source/Sources"}) {
      lock_.indexes.push_back({0, path + ".xz", store_.Put(archive_.Compressed(path)).sha256});
    }
    lock_.files.push_back(File("hello", "1", "amd64", "hello_1_amd64.deb", 0, kDeb));
    lock_.files.push_back(File("hello", "1", "source", "hello_1.dsc", 1, kDsc));
    lock_.files.push_back(File("gcc", "4:12", "all", "gcc.deb", 0, "gcc"));
    lock_.files.back().source = "gcc-defaults";
    lock_.files.back().source_version = "1.2";
  }

  LockedFile File(const std::string& package, const std::string& version, const std::string& architecture,
                  const std::string& name, std::uint32_t index, const std::string& bytes) {
    const ContentId content = store_.Put(bytes);
    LockedFile file;
    file.package = file.source = package;
    file.version = file.source_version = version;
    file.architecture = architecture;
    file.file_name = name;
    file.path = "pool/" + name;
    file.index = index;
    file.size = content.size;
    file.sha256 = content.sha256;
    file.sha512 = content.sha512;
    return file;
  }

  std::vector<std::string> Broken() const { return CheckProofs(lock_, store_); }
  std::vector<std::string> BrokenAfter(const std::function<void(Lock&)>& change) const {
    Lock changed = lock_;
    change(changed);
    return CheckProofs(changed, store_);
  }
  // Overwrites the bytes of an object behind the store's back.
  void Damage(const Sha256Digest& object) const {
    const std::filesystem::path path = store_.PathOf(object);
    std::string bytes = ReadFile(path);
    bytes[bytes.size() / 2] = static_cast<char>(~bytes[bytes.size() / 2]);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    WriteFileAtomically(path, bytes);
  }
  // A fresh store: one that has not looked at the objects yet.
  std::vector<std::string> BrokenInNewStore() const { return CheckProofs(lock_, Store(directory_.path() / "store")); }

  Gpg gpg_;
  std::string key_ = gpg_.MakeKey("archive");
  SignedArchive archive_;
  std::string message_;
  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "proofs-test-"};
  Store store_{directory_.path() / "store"};
  Lock lock_;
};

TEST_F(CheckProofsTest, FindsNothingWhereAllHolds) { EXPECT_THAT(Broken(), IsEmpty()); }

TEST_F(CheckProofsTest, FilesThatAreNotHeldAreNotWrong) {
  lock_.files[0].sha512.reset();
  std::filesystem::remove(store_.PathOf(lock_.files[0].sha256));
  EXPECT_THAT(BrokenInNewStore(), IsEmpty());
}

TEST_F(CheckProofsTest, NamesDamagedObjects) {
  for (const Sha256Digest& object : {lock_.releases[0].in_release, lock_.releases[0].keyring}) {
    const std::string good = ReadFile(store_.PathOf(object));
    Damage(object);
    EXPECT_THAT(BrokenInNewStore(),
                ElementsAre(AllOf(HasSubstr("http://example.org/debian stable: "), HasSubstr(object.Hex()))));
    WriteFileAtomically(store_.PathOf(object), good);
  }
  Damage(lock_.indexes[0].sha256);
  EXPECT_THAT(BrokenInNewStore(), Contains(HasSubstr("stable/main/binary-amd64/Packages.xz: ")));
}

TEST_F(CheckProofsTest, NamesDamagedFiles) {
  Damage(lock_.files[0].sha256);
  EXPECT_THAT(BrokenInNewStore(), ElementsAre(HasSubstr("hello_1_amd64.deb: ")));
}

TEST_F(CheckProofsTest, NamesObjectsThatAreMissing) {
  EXPECT_THAT(BrokenAfter([](Lock& lock) { lock.releases[0].in_release = Sha256("x"); }),
              ElementsAre("http://example.org/debian stable: InRelease or keyring: not in the store"));
  EXPECT_THAT(BrokenAfter([](Lock& lock) { lock.releases[0].keyring = Sha256("x"); }),
              ElementsAre("http://example.org/debian stable: InRelease or keyring: not in the store"));
  EXPECT_THAT(BrokenAfter([](Lock& lock) { lock.indexes[1].sha256 = Sha256("x"); }),
              ElementsAre("stable/main/source/Sources.xz: not in the Release file like this",
                          "stable/main/source/Sources.xz: not in the store"));
}

TEST_F(CheckProofsTest, FindsAnAlteredInRelease) {
  std::string altered = message_;
  altered.replace(altered.find("Suite: stable"), 13, "Suite: testin");
  EXPECT_THAT(BrokenAfter([&](Lock& lock) { lock.releases[0].in_release = store_.Put(altered).sha256; }),
              ElementsAre(AllOf(HasSubstr("http://example.org/debian stable: "), HasSubstr("does not fit the text"))));
  EXPECT_THAT(BrokenAfter([&](Lock& lock) { lock.releases[0].in_release = store_.Put(archive_.ReleaseText()).sha256; }),
              ElementsAre(HasSubstr("not a clear-signed message")));
}

TEST_F(CheckProofsTest, FindsOtherSigners) {
  const std::string stranger = gpg_.MakeKey("stranger");
  const std::string other = gpg_.ClearSign(archive_.ReleaseText(), {stranger}, {.time = "20200601T130000"});
  EXPECT_THAT(BrokenAfter([&](Lock& lock) { lock.releases[0].in_release = store_.Put(other).sha256; }),
              ElementsAre(HasSubstr("made by a key that is not in the keyring")));
  EXPECT_THAT(BrokenAfter([&](Lock& lock) {
                lock.releases[0].in_release = store_.Put(other).sha256;
                lock.releases[0].keyring = store_.Put(gpg_.Export({stranger})).sha256;
              }),
              ElementsAre("http://example.org/debian stable: signed by other keys than the lock says"));
  EXPECT_THAT(BrokenAfter([&](Lock& lock) { lock.releases[0].signers.clear(); }),
              ElementsAre("http://example.org/debian stable: signed by other keys than the lock says"));
}

TEST_F(CheckProofsTest, FindsWhatTheLockSaysOtherwiseOfARelease) {
  const auto expected =
      ElementsAre("http://example.org/debian stable: the lock says something else than the Release file");
  EXPECT_THAT(BrokenAfter([](Lock& lock) { lock.releases[0].origin = "Other"; }), expected);
  EXPECT_THAT(BrokenAfter([](Lock& lock) { lock.releases[0].codename = "two"; }), expected);
  EXPECT_THAT(BrokenAfter([](Lock& lock) { lock.releases[0].date += 1; }), expected);
  EXPECT_THAT(BrokenAfter([](Lock& lock) { lock.releases[0].valid_until.reset(); }), expected);
}

TEST_F(CheckProofsTest, FindsAlteredIndexes) {
  const auto with_index = [&](std::size_t index, const std::string& from, const std::string& to) {
    const std::string path = index == 0 ? "main/binary-amd64/Packages" : "main/source/Sources";
    std::string text = archive_.indexes.at(path);
    text.replace(text.find(from), from.size(), to);
    return BrokenAfter([&](Lock& lock) { lock.indexes[index].sha256 = store_.Put(CompressXz(text)).sha256; });
  };
  EXPECT_THAT(with_index(0, Sha256(kDeb).Hex(), Sha256("evil").Hex()),
              ElementsAre("hello_1_amd64.deb: not in stable/main/binary-amd64/Packages.xz like this",
                          "stable/main/binary-amd64/Packages.xz: not in the Release file like this"));
  EXPECT_THAT(with_index(1, Sha256(kDsc).Hex(), Sha256("evil").Hex()),
              ElementsAre("hello_1.dsc: not in stable/main/source/Sources.xz like this",
                          "stable/main/source/Sources.xz: not in the Release file like this"));
  // Also a change that touches no file of the lock.
  EXPECT_THAT(with_index(0, "Package: other", "Package: othre"),
              ElementsAre("stable/main/binary-amd64/Packages.xz: not in the Release file like this"));
  EXPECT_THAT(BrokenAfter([](Lock& lock) { lock.indexes[0].path = "main/binary-arm64/Packages.xz"; }),
              Contains("stable/main/binary-arm64/Packages.xz: not in the Release file like this"));
  EXPECT_THAT(BrokenAfter([&](Lock& lock) { lock.indexes[0].sha256 = store_.Put("Package\n").sha256; }),
              Contains(HasSubstr("stable/main/binary-amd64/Packages.xz: ")));
}

TEST_F(CheckProofsTest, FindsEveryAlteredEntryOfABinaryPackage) {
  const std::vector<std::function<void(LockedFile&)>> changes = {
      [](LockedFile& file) { file.package = "other"; },
      [](LockedFile& file) { file.version = "2"; },
      [](LockedFile& file) { file.architecture = "all"; },
      [](LockedFile& file) { file.source = "other"; },
      [](LockedFile& file) { file.source_version = "2"; },
      [](LockedFile& file) { file.path = "pool/other_2_amd64.deb"; },
      [](LockedFile& file) { file.index = 1; },
      [](LockedFile& file) { file.size += 1; },
      [](LockedFile& file) { file.sha256 = Sha256("evil"); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_THAT(BrokenAfter([&](Lock& lock) { changes[i](lock.files[0]); }),
                Contains(HasSubstr("hello_1_amd64.deb: not in stable/")))
        << i;
  }
  EXPECT_THAT(BrokenAfter([&](Lock& lock) { lock.files[2].source_version = "4:12"; }),
              Contains(HasSubstr("gcc.deb: not in")));
  EXPECT_THAT(BrokenAfter([](Lock& lock) { lock.files[0].sha512 = Sha512Digest{}; }),
              ElementsAre("hello_1_amd64.deb: the object has another size or SHA-512 than the lock says"));
}

TEST_F(CheckProofsTest, FindsEveryAlteredEntryOfASource) {
  const std::vector<std::function<void(LockedFile&)>> changes = {
      [](LockedFile& file) { file.package = "other"; },
      [](LockedFile& file) { file.version = "2"; },
      [](LockedFile& file) { file.source = "other"; },
      [](LockedFile& file) { file.source_version = "2"; },
      [](LockedFile& file) { file.path = "elsewhere/hello_1.dsc"; },
      [](LockedFile& file) { file.index = 0; },
      [](LockedFile& file) { file.size += 1; },
      [](LockedFile& file) { file.sha256 = Sha256("evil"); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_THAT(BrokenAfter([&](Lock& lock) { changes[i](lock.files[1]); }),
                Contains(HasSubstr("hello_1.dsc: not in stable/")))
        << i;
  }
}

// Of a folder that holds InRelease files and keyrings under their digests.
class CheckProofsInTest : public CheckProofsTest {
 protected:
  CheckProofsInTest() {
    for (const Sha256Digest& object : {lock_.releases[0].in_release, lock_.releases[0].keyring}) {
      WriteFileAtomically(folder_ / object.Hex(), store_.Read(object, 1 << 20));
    }
  }
  Finding Check() const {
    const auto findings = CheckProofsIn(lock_, folder_);
    EXPECT_EQ(findings.size(), 1u);
    return findings.at(0);
  }
  std::filesystem::path folder_ = directory_.path() / "proofs";
};

TEST_F(CheckProofsInTest, PassesWhereAllHolds) {
  const Finding finding = Check();
  EXPECT_EQ(finding.outcome, FindingOutcome::kPass);
  EXPECT_EQ(Render(finding.reason),
            "2 indexes are proven by 1 signed Release files; the 3 files are proven by the indexes, "
            "which the mirror holds");
}

TEST_F(CheckProofsInTest, FailsForAlteredFiles) {
  const std::filesystem::path file = folder_ / lock_.releases[0].in_release.Hex();
  WriteFileAtomically(file, message_ + "\n");
  EXPECT_EQ(Check().outcome, FindingOutcome::kFail);
  EXPECT_THAT(Render(Check().reason), HasSubstr("proofs/" + lock_.releases[0].in_release.Hex()));
}

TEST_F(CheckProofsInTest, FailsForAnAlteredLock) {
  lock_.indexes[0].sha256 = Sha256("evil");
  EXPECT_EQ(Check().outcome, FindingOutcome::kFail);
  EXPECT_THAT(Render(Check().reason),
              HasSubstr("stable/main/binary-amd64/Packages.xz: not in the Release file like this"));
}

TEST_F(CheckProofsInTest, WhatIsNotHereIsUnknown) {
  std::filesystem::remove(folder_ / lock_.releases[0].keyring.Hex());
  EXPECT_EQ(Check().outcome, FindingOutcome::kUnknown);
  lock_.indexes.clear();
  lock_.files.clear();
  lock_.releases.clear();
  EXPECT_EQ(Check().outcome, FindingOutcome::kUnknown);
}

}  // namespace
}  // namespace nachbau::mirror
