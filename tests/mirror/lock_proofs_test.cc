#include "mirror/lock_proofs.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/file.h"
#include "mirror/acquisition.h"
#include "mirror/mirror.h"
#include "tests/mirror/signed_archive.h"

namespace nachbau::mirror {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A lock that another machine made of an archive, and an empty mirror with an apt configuration of its own.
class LockProofsTest : public testing::Test {
 protected:
  LockProofsTest() {
    archive_.AddPackage("hello", "1", "bytes of hello");
    archive_.fields = "Acquire-By-Hash: yes\n";
    Publish();
    apt_.Write("usr/share/keyrings/debian.gpg", gpg_.Export({key_}));
    apt_.Write("etc/apt/sources.list", "deb [signed-by=/usr/share/keyrings/debian.gpg] " + server_.Url() + "/debian stable main\n");
    config_.apt_root = apt_.path();
    config_.architecture = "amd64";
    config_.state_directory = directory_.path() / "state";
    config_.clock = &clock_;
    MirrorConfig elsewhere = config_;
    elsewhere.state_directory = directory_.path() / "state-elsewhere";
    const Snapshot snapshot = Update(elsewhere, elsewhere_, clock_, progress_);
    lock_.source = "hello";
    lock_.version = "1";
    lock_.releases = snapshot.releases;
    for (const SnapshotIndex& index : snapshot.indexes) lock_.indexes.push_back(index.proof);
    AddFile("hello_1_amd64.deb", "amd64", 0, "bytes of hello");
    AddFile("hello_1.dsc", "source", 1, "dsc of hello");
  }

  void AddFile(const std::string& name, const std::string& architecture, std::uint32_t index, const std::string& bytes) {
    LockedFile file;
    file.package = file.source = "hello";
    file.version = file.source_version = "1";
    file.architecture = architecture;
    file.file_name = name;
    file.path = "pool/" + name;
    file.index = index;
    file.size = bytes.size();
    file.sha256 = Sha256(bytes);
    lock_.files.push_back(file);
  }

  void Publish() {
    archive_.Publish(server_, gpg_, {key_});
    for (const auto& [path, text] : archive_.indexes) {
      const std::string bytes = archive_.Compressed(path);
      server_.Put("/debian/dists/stable/" + path.substr(0, path.rfind('/')) + "/by-hash/SHA256/" + Sha256(bytes).Hex(), bytes);
    }
  }
  // As an evidence folder has them.
  void WriteProofs() const {
    for (const ReleaseProof& release : lock_.releases) {
      for (const Sha256Digest& proof : {release.in_release, release.keyring}) {
        WriteFileAtomically(folder_ / proof.Hex(), elsewhere_.Read(proof, 1 << 20));
      }
    }
  }
  // The archive goes on: another Release file, other indexes; what was there stays by its hash.
  void MoveOn() {
    archive_.date = "Tue, 02 Jun 2020 11:00:00 UTC";
    archive_.AddPackage("later", "1", "bytes of later");
    Publish();
  }
  std::vector<std::string> Gather() { return GatherProofs(lock_, folder_, config_, store_, progress_); }
  std::string GatherError() {
    try {
      Gather();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  kit::HttpServer server_;
  Gpg gpg_;
  std::string key_ = gpg_.MakeKey("archive");
  SignedArchive archive_;
  AptRoot apt_;
  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "lock-proofs-test-"};
  Store elsewhere_{directory_.path() / "store-elsewhere"};
  Store store_{directory_.path() / "store"};
  std::filesystem::path folder_ = directory_.path() / "proofs";
  FixedClock clock_{ParseTime("2020-06-03T00:00:00Z", "test")};
  MirrorConfig config_;
  SilentProgress progress_;
  Lock lock_;
};

TEST_F(LockProofsTest, TakesAllFromTheArchivesWhileTheyStand) {
  EXPECT_THAT(Gather(), IsEmpty());
  EXPECT_THAT(CheckProofs(lock_, store_), IsEmpty());
  std::vector<std::string> proofs;
  AcquisitionLog(config_.state_directory).ForEach([&](const Acquisition& acquisition) {
    proofs.push_back(acquisition.name + " " + std::string(Name(acquisition.proof)));
  });
  EXPECT_THAT(proofs, testing::UnorderedElementsAre("keyring configured", "InRelease signature",
                                                    "main/binary-amd64/Packages.xz release", "main/source/Sources.xz release"));
  const std::size_t requests = server_.Requests().size();
  EXPECT_THAT(Gather(), IsEmpty());
  EXPECT_EQ(server_.Requests().size(), requests);
}

TEST_F(LockProofsTest, TakesReleaseFilesFromTheFolderAndIndexesByTheirHash) {
  WriteProofs();
  MoveOn();
  EXPECT_THAT(Gather(), IsEmpty());
  EXPECT_THAT(CheckProofs(lock_, store_), IsEmpty());
}

TEST_F(LockProofsTest, AsksThisMachinesArchivesForThoseOfALockThatNamesOthers) {
  lock_.releases[0].uri = "http://127.0.0.1:1/out-of-reach";
  EXPECT_THAT(Gather(), IsEmpty());
  EXPECT_THAT(CheckProofs(lock_, store_), IsEmpty());
}

TEST_F(LockProofsTest, SaysWhatCannotBeHad) {
  MoveOn();
  EXPECT_THAT(Gather(), ElementsAre("the Release file of " + server_.Url() + "/debian stable"));
  WriteProofs();
  server_.Remove("/debian/dists/stable/main/source/by-hash/SHA256/" + lock_.indexes.back().sha256.Hex());
  EXPECT_THAT(Gather(), ElementsAre(HasSubstr("stable/main/source/Sources.xz (")));
  EXPECT_THAT(CheckProofs(lock_, store_), Contains(HasSubstr("main/source/Sources.xz: not in the store")));
}

TEST_F(LockProofsTest, ContactsNobodyOffline) {
  WriteProofs();
  config_.offline = true;
  const std::size_t requests = server_.Requests().size();
  EXPECT_EQ(Gather().size(), lock_.indexes.size());
  EXPECT_EQ(server_.Requests().size(), requests);
}

TEST_F(LockProofsTest, BelievesNoKeyringThatTheLockBringsItself) {
  WriteProofs();
  apt_.Write("usr/share/keyrings/debian.gpg", gpg_.Export({gpg_.MakeKey("another")}));
  EXPECT_THAT(GatherError(), HasSubstr("signed by none of the keys trusted here"));
  EXPECT_FALSE(store_.Has(lock_.releases[0].keyring));
  EXPECT_FALSE(store_.Has(lock_.releases[0].in_release));
}

TEST_F(LockProofsTest, WantsPinnedKeysWhereKeysArePinned) {
  WriteProofs();
  ArchiveKey pinned;
  pinned.fingerprint = gpg_.MakeKey("another");
  config_.pinned_keys.keys = {pinned};
  EXPECT_THAT(GatherError(), HasSubstr("signed by none of the keys trusted here"));
}

TEST_F(LockProofsTest, NamesADamagedProof) {
  WriteProofs();
  const std::filesystem::path file = folder_ / lock_.releases[0].in_release.Hex();
  WriteFileAtomically(file, ReadFile(file) + " ");
  EXPECT_THAT(GatherError(), HasSubstr(file.native()));
}

}  // namespace
}  // namespace nachbau::mirror
