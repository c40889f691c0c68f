#include <gmock/gmock.h>

#include "base/error.h"
#include "base/file.h"
#include "mirror/mirror.h"

namespace nachbau::mirror {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ResolveBuildInfoTest : public testing::Test {
 protected:
  static std::string Binary(const std::string& name, const std::string& version, const std::string& source = "",
                            const std::string& salt = "") {
    return "Package: " + name + "\nVersion: " + version + "\nArchitecture: amd64\n" +
           (source.empty() ? "" : "Source: " + source + "\n") + "Filename: pool/" + name + "_" + version +
           "_amd64.deb\nSize: 5\nSHA256: " + Sha256(salt + name + version).Hex() + "\n\n";
  }
  static std::string Source(const std::string& name, const std::string& version) {
    return "Package: " + name + "\nVersion: " + version + "\nDirectory: pool\nChecksums-Sha256:\n " +
           Sha256(name + version + "dsc").Hex() + " 10 " + name + "_" + version + ".dsc\n\n";
  }
  Snapshot SnapshotOf(const std::string& suite, const std::string& packages, const std::string& sources) {
    Snapshot snapshot;
    ReleaseProof release;
    release.uri = "http://archive.example.org/debian";
    release.suite = suite;
    release.in_release = Sha256(suite);
    snapshot.releases = {release};
    snapshot.indexes = {{{0, "main/binary-amd64/Packages", store_.Put(packages).sha256}, "main", "amd64"},
                        {{0, "main/source/Sources", store_.Put(sources).sha256}, "main", "source"}};
    return snapshot;
  }
  BuildInfoResult Resolve(const std::vector<Snapshot>& snapshots) {
    std::size_t given = 0;
    return ResolveBuildInfo(
        request_,
        [&]() -> std::optional<Snapshot> {
          if (given == snapshots.size()) return std::nullopt;
          return snapshots[given++];
        },
        config_, store_, 1700000000, progress_);
  }
  static std::vector<std::string> Names(const Lock& lock, InputRole role) {
    std::vector<std::string> names;
    for (const LockedFile& file : lock.WithRole(role)) names.push_back(file.file_name);
    return names;
  }

  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "build-info-test-"};
  Store store_{directory_.path() / "store"};
  MirrorConfig config_;
  SilentProgress progress_;
  BuildInfoRequest request_{
      .text = "Format: 1.0\nSource: hello\nBinary: hello hello-extra\nArchitecture: amd64\nVersion: 1.0-1\n"
              "Checksums-Sha256:\n " + Sha256("hello1.0-1").Hex() + " 5 hello_1.0-1_amd64.deb\n " +
              Sha256("extra").Hex() + " 7 hello-extra_1.0-1_amd64.deb\n"
              "Build-Architecture: amd64\nBuild-Path: /build/x/hello-1.0\n"
              "Installed-Build-Depends:\n dpkg-dev (= 1.21),\n gcc (= 12),\n libc6 (= 2.36)\n"
              "Environment:\n DEB_BUILD_OPTIONS=\"parallel=4\"\n DEB_BUILD_PROFILES=\"nodoc nocheck\"\n",
      .name = "hello.buildinfo",
      .keyrings = {},
      .with_environment_sources = true,
      .profile = kMatchProfile};
  const std::string newer_ = Binary("dpkg-dev", "1.22", "dpkg") + Binary("gcc", "12", "gcc-12 (12.1)") +
                             Binary("libc6", "2.37", "glibc") + Binary("fakeroot", "2") + Binary("hello", "1.0-1");
  const std::string older_ = Binary("dpkg-dev", "1.21", "dpkg") + Binary("gcc", "11", "gcc-11") +
                             Binary("libc6", "2.36", "glibc") + Binary("fakeroot", "1") + Binary("libfakeroot", "1", "fakeroot");
};

TEST_F(ResolveBuildInfoTest, TakesEachPackageFromTheSnapshotThatHasIt) {
  const BuildInfoResult result =
      Resolve({SnapshotOf("new", newer_, Source("hello", "1.0-2") + Source("gcc-12", "12.1")),
               SnapshotOf("old", older_, Source("hello", "1.0-1") + Source("dpkg", "1.21") + Source("fakeroot", "1")),
               SnapshotOf("oldest", "", "")});
  EXPECT_THAT(result.missing, IsEmpty());
  EXPECT_EQ(result.snapshots, 2u);  // no more are asked for than needed
  const Lock& lock = result.lock;
  EXPECT_THAT(Names(lock, InputRole::kEnvironment),
              ElementsAre("dpkg-dev_1.21_amd64.deb", "fakeroot_1_amd64.deb", "gcc_12_amd64.deb", "libc6_2.36_amd64.deb",
                          "libfakeroot_1_amd64.deb"));
  EXPECT_THAT(Names(lock, InputRole::kSource), ElementsAre("hello_1.0-1.dsc"));
  EXPECT_THAT(Names(lock, InputRole::kEnvironmentSource),
              ElementsAre("dpkg_1.21.dsc", "fakeroot_1.dsc", "gcc-12_12.1.dsc"));
  EXPECT_THAT(lock.missing_sources, ElementsAre("glibc 2.36"));
  for (const LockedFile& file : lock.files) {
    if (!file.Indexed()) continue;
    const std::string suite = lock.releases.at(lock.indexes.at(file.index).release).suite;
    EXPECT_EQ(suite, file.source == "gcc-12" || file.role == InputRole::kReference ? "new" : "old")
        << file.file_name;
  }
  EXPECT_EQ(LockFromJson(ToJson(lock), "lock").files, lock.files);
}

TEST_F(ResolveBuildInfoTest, ReferencesAreWhatTheFileNamesInAnIndexOrNot) {
  const Lock lock = Resolve({SnapshotOf("new", newer_ + older_ + Binary("gcc", "12"), Source("hello", "1.0-1"))}).lock;
  const auto references = lock.WithRole(InputRole::kReference);
  ASSERT_EQ(references.size(), 2u);
  EXPECT_TRUE(references[0].Indexed());
  EXPECT_EQ(references[0].path, "pool/hello_1.0-1_amd64.deb");
  EXPECT_FALSE(references[1].Indexed());
  EXPECT_EQ(references[1].sha256, Sha256("extra"));
  EXPECT_EQ(references[1].size, 7u);
  EXPECT_THAT(lock.binaries, ElementsAre("hello", "hello-extra"));
}

TEST_F(ResolveBuildInfoTest, AnotherFileOfTheSameVersionIsNoReference) {
  const Lock lock = Resolve({SnapshotOf("new", older_ + Binary("gcc", "12") + Binary("hello", "1.0-1", "", "other"),
                                        Source("hello", "1.0-1"))})
                        .lock;
  for (const LockedFile& file : lock.WithRole(InputRole::kReference)) EXPECT_FALSE(file.Indexed()) << file.file_name;
}

TEST_F(ResolveBuildInfoTest, NamesWhatIsInNoSnapshot) {
  const BuildInfoResult result = Resolve({SnapshotOf("new", newer_, "")});
  EXPECT_THAT(result.missing, ElementsAre("source hello 1.0-1", "dpkg-dev 1.21", "libc6 2.36"));
  EXPECT_EQ(result.snapshots, 1u);
}

TEST_F(ResolveBuildInfoTest, TheRecipeIsTheFilesOwn) {
  const Lock lock = Resolve({SnapshotOf("new", older_ + Binary("gcc", "12"), Source("hello", "1.0-1"))}).lock;
  EXPECT_EQ(lock.recipe.build_path, "/build/x/hello-1.0");
  EXPECT_EQ(lock.recipe.parts, BuildParts::kArchitecture);
  EXPECT_THAT(lock.recipe.build_profiles, ElementsAre("nocheck", "nodoc"));
  EXPECT_EQ(lock.recipe.environment->at("DEB_BUILD_OPTIONS"), "parallel=4");
  EXPECT_EQ(lock.build_info->signature, BuildInfoSignature::kUnsigned);
  EXPECT_EQ(store_.Read(lock.build_info->sha256, 1 << 20), request_.text);
}

TEST_F(ResolveBuildInfoTest, CheckFindsALockThatSaysSomethingElse) {
  Lock lock = Resolve({SnapshotOf("new", older_ + Binary("gcc", "12"), Source("hello", "1.0-1"))}).lock;
  const auto outcome = [&] {
    const auto findings = CheckBuildInfo(lock, [&](const Sha256Digest& sha256) -> std::optional<std::string> {
      if (!store_.Has(sha256)) return std::nullopt;
      return store_.Read(sha256, 1 << 20);
    });
    return findings.size() == 1 ? findings[0].outcome : FindingOutcome::kPass;
  };
  EXPECT_EQ(outcome(), FindingOutcome::kUnknown);  // unsigned
  const Lock good = lock;
  lock.files.front().sha256 = Sha256("evil");  // the source: the indexes prove that
  EXPECT_EQ(outcome(), FindingOutcome::kUnknown);
  for (LockedFile& file : lock.files) {
    if (file.role == InputRole::kReference) file.sha256 = Sha256("evil");
  }
  EXPECT_EQ(outcome(), FindingOutcome::kFail);
  lock = good;
  lock.recipe.build_path = "/build/y/hello-1.0";
  EXPECT_EQ(outcome(), FindingOutcome::kFail);
  lock = good;
  lock.build_info->signature = BuildInfoSignature::kGood;
  lock.build_info->signers = {"AB"};
  lock.build_info->keyring = Sha256("not held");
  EXPECT_EQ(outcome(), FindingOutcome::kUnknown);
}

TEST_F(ResolveBuildInfoTest, RefusesAnotherArchitecture) {
  config_.architecture = "arm64";
  EXPECT_THROW(Resolve({}), UsageError);
}

}  // namespace
}  // namespace nachbau::mirror
