#include "mirror/resolver.h"

#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "store/store.h"
#include "tests/mirror/small_archive.h"

namespace nachbau::mirror {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Archive = SmallArchive;

class ResolveTest : public testing::Test {
 protected:
  Lock Resolve(const std::vector<Archive>& archives, const ResolveRequest& request) {
    config_.architecture = "amd64";
    config_.state_directory = directory_.path() / "state";
    return mirror::Resolve(request, MakeSnapshot(archives, store_), config_, store_, progress_);
  }
  Lock Resolve(const std::vector<Archive>& archives, const std::string& source) {
    ResolveRequest request;
    request.source = source;
    return Resolve(archives, request);
  }

  static std::vector<std::string> Names(const Lock& lock, InputRole role) {
    std::vector<std::string> names;
    for (const LockedFile& file : lock.WithRole(role)) {
      names.push_back(role == InputRole::kEnvironment ? file.package + " " + file.version : file.file_name);
    }
    return names;
  }
  // The environment without Base().
  static std::vector<std::string> Extra(const Lock& lock) {
    auto names = Names(lock, InputRole::kEnvironment);
    const std::set<std::string> base = {"base-files 12", "build-essential 12.9", "gcc 4:12.2", "libc6 2.36"};
    std::erase_if(names, [&](const std::string& name) { return base.contains(name); });
    return names;
  }
  static std::string Depends(const std::string& list) { return "Build-Depends: " + list + "\n"; }

  template <typename Function>
  static std::string MissingOf(const Function& function) {
    try {
      function();
    } catch (const MissingError& error) {
      return error.what();
    }
    return "no MissingError";
  }

  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "resolver-test-"};
  Store store_{directory_.path() / "store"};
  MirrorConfig config_;
  SilentProgress progress_;
};

TEST_F(ResolveTest, InstallsEssentialBuildEssentialAndWhatTheyDependOn) {
  Archive archive = Archive().Base().Source("hello", "1").Binary("other", "1").Binary("apt", "2");
  const Lock lock = Resolve({archive}, "hello");
  EXPECT_THAT(Names(lock, InputRole::kEnvironment),
              ElementsAre("base-files 12", "build-essential 12.9", "gcc 4:12.2", "libc6 2.36"));
  EXPECT_EQ(lock.source, "hello");
  EXPECT_EQ(lock.version, "1");
  EXPECT_EQ(lock.architecture, "amd64");
  EXPECT_THAT(Names(lock, InputRole::kSource), ElementsAre("hello_1.dsc", "hello_1.tar.xz"));
  EXPECT_THAT(lock.missing_sources, IsEmpty());
}

TEST_F(ResolveTest, InstallsFakerootWhereItIsOffered) {
  Archive archive = Archive().Base().Source("hello", "1").Binary("fakeroot", "1.31", "Depends: libfakeroot\n");
  archive.Binary("libfakeroot", "1.31", "Source: fakeroot\n").Source("fakeroot", "1.31");
  EXPECT_THAT(Extra(Resolve({archive}, "hello")), ElementsAre("fakeroot 1.31", "libfakeroot 1.31"));
}

TEST_F(ResolveTest, RecordsWhereEachFileStands) {
  Archive archive = Archive().Base().Source("hello", "1", "Package-List:\n hello deb x optional arch=any\n");
  archive.Binary("hello", "1");
  const Lock lock = Resolve({archive}, "hello");
  const LockedFile gcc = lock.WithRole(InputRole::kEnvironment).at(2);
  EXPECT_EQ(gcc.package, "gcc");
  EXPECT_EQ(gcc.source, "gcc-defaults");
  EXPECT_EQ(gcc.source_version, "1.203");
  EXPECT_EQ(gcc.path, "pool/gcc_4:12.2_amd64.deb");
  EXPECT_EQ(gcc.file_name, "gcc_4:12.2_amd64.deb");
  EXPECT_EQ(gcc.size, 100u);
  EXPECT_EQ(gcc.sha256, Sha256("gcc4:12.2"));
  EXPECT_EQ(lock.indexes.at(gcc.index).path, "main/binary-amd64/Packages");
  const LockedFile dsc = lock.WithRole(InputRole::kSource).at(0);
  EXPECT_EQ(dsc.path, "pool/hello/hello_1.dsc");
  EXPECT_EQ(dsc.architecture, "source");
  EXPECT_EQ(dsc.sha256, Sha256("hello1dsc"));
  EXPECT_EQ(lock.indexes.at(dsc.index).path, "main/source/Sources");
  EXPECT_EQ(LockFromJson(ToJson(lock), "lock").files, lock.files);
}

TEST_F(ResolveTest, TakesTheFirstAlternativeThatIsForThisArchitecture) {
  Archive archive = Archive().Base().Binary("a", "1").Binary("b", "1").Binary("c", "1");
  archive.Source("one", "1", Depends("a | b")).Source("two", "1", Depends("a [arm64] | b | c"));
  archive.Source("three", "1", Depends("gone | a"));
  EXPECT_THAT(Extra(Resolve({archive}, "one")), ElementsAre("a 1"));
  EXPECT_THAT(Extra(Resolve({archive}, "two")), ElementsAre("b 1"));
  // As on a build daemon: whether "gone" exists must not decide what a build sees.
  EXPECT_THAT(MissingOf([&] { Resolve({archive}, "three"); }), HasSubstr("needs gone, which no archive offers"));
}

TEST_F(ResolveTest, LeavesOutTestDependenciesUnlessTestsAreWanted) {
  Archive archive = Archive().Base().Binary("pytest", "1").Binary("nodoc", "1");
  archive.Source("hello", "1", Depends("pytest <!nocheck>, nodoc <nodoc>") +
                                   "Package-List:\n hello deb x optional arch=any\n"
                                   " hello-tests deb x optional arch=all profile=!nocheck\n");
  ResolveRequest request;
  request.source = "hello";
  EXPECT_THAT(Extra(Resolve({archive}, request)), IsEmpty());
  EXPECT_THAT(Resolve({archive}, request).binaries, ElementsAre("hello"));
  request.with_tests = true;
  EXPECT_THAT(Extra(Resolve({archive}, request)), ElementsAre("pytest 1"));
  EXPECT_THAT(Resolve({archive}, request).binaries, ElementsAre("hello", "hello-tests"));
}

TEST_F(ResolveTest, TakesArchAndIndepDependenciesOfThisArchitecture) {
  Archive archive = Archive().Base().Binary("a", "1").Binary("b", "1").Binary("c", "1").Binary("d", "1", "Multi-Arch: allowed\n");
  archive.Source("hello", "1", Depends("a [linux-any], gone [!linux-any]") +
                                   "Build-Depends-Arch: b:native\nBuild-Depends-Indep: c, d:any\n");
  EXPECT_THAT(Extra(Resolve({archive}, "hello")), ElementsAre("a 1", "b 1", "c 1", "d 1"));
}

TEST_F(ResolveTest, BuildProfilesDecideAboutDependenciesAndPackages) {
  Archive archive = Archive().Base().Binary("texlive", "1").Binary("small", "1");
  archive.Source("hello", "1",
                 Depends("texlive <!nodoc>, small <nodoc>") +
                     "Package-List:\n hello deb x optional arch=any\n"
                     " hello-doc deb x optional arch=all profile=!nodoc\n");
  archive.Binary("hello", "1").Binary("hello-doc", "1", "Source: hello\n", "all");
  ResolveRequest request;
  request.source = "hello";
  EXPECT_THAT(Extra(Resolve({archive}, request)), ElementsAre("texlive 1"));
  EXPECT_THAT(Names(Resolve({archive}, request), InputRole::kReference), testing::SizeIs(2));
  request.build_profiles = {"nodoc"};
  const Lock lock = Resolve({archive}, request);
  EXPECT_THAT(Extra(lock), ElementsAre("small 1"));
  EXPECT_THAT(lock.binaries, ElementsAre("hello"));
  EXPECT_THAT(Names(lock, InputRole::kReference), ElementsAre("hello_1_amd64.deb"));
  EXPECT_THAT(lock.recipe.build_profiles, ElementsAre("nocheck", "nodoc"));
  request.build_profiles = {"no doc"};
  EXPECT_THROW(Resolve({archive}, request), UsageError);
  request.build_profiles = {"nocheck"};
  request.with_tests = true;
  EXPECT_THROW(Resolve({archive}, request), UsageError);
}

TEST_F(ResolveTest, PartsDecideAboutDependenciesPackagesAndReferences) {
  Archive archive = Archive().Base().Binary("a", "1").Binary("b", "1").Binary("c", "1");
  archive.Source("hello", "1",
                 Depends("a") +
                     "Build-Depends-Arch: b\nBuild-Depends-Indep: c\n"
                     "Package-List:\n hello deb x optional arch=any\n hello-doc deb x optional arch=all\n");
  archive.Binary("hello", "1").Binary("hello-doc", "1", "Source: hello\n", "all");
  ResolveRequest request;
  request.source = "hello";
  request.parts = BuildParts::kArchitecture;
  const Lock any = Resolve({archive}, request);
  EXPECT_THAT(Extra(any), ElementsAre("a 1", "b 1"));
  EXPECT_THAT(any.binaries, ElementsAre("hello"));
  EXPECT_THAT(Names(any, InputRole::kReference), ElementsAre("hello_1_amd64.deb"));
  request.parts = BuildParts::kIndependent;
  const Lock all = Resolve({archive}, request);
  EXPECT_THAT(Extra(all), ElementsAre("a 1", "c 1"));
  EXPECT_THAT(all.binaries, ElementsAre("hello-doc"));
  EXPECT_THAT(Names(all, InputRole::kReference), ElementsAre("hello-doc_1_all.deb"));
  EXPECT_EQ(LockFromJson(ToJson(all), "lock").recipe, all.recipe);
}

TEST_F(ResolveTest, RebuildsWithoutChangesAreBuiltAsSuch) {
  Archive archive = Archive().Base().Binary("b", "1").Binary("c", "1");
  archive.Source("hello", "1",
                 "Build-Depends-Arch: b\nBuild-Depends-Indep: c\n"
                 "Package-List:\n hello deb x optional arch=any\n hello-doc deb x optional arch=all\n");
  archive.Binary("hello", "1+b3", "Source: hello (1)\n").Binary("hello-doc", "1", "Source: hello\n", "all");
  ResolveRequest request;
  request.source = "hello";
  const Lock lock = Resolve({archive}, request);
  EXPECT_EQ(lock.version, "1");
  EXPECT_EQ(lock.recipe.binary_version, "1+b3");
  EXPECT_EQ(lock.recipe.changelog_entry, "");  // the package that has it is not here yet
  EXPECT_EQ(lock.recipe.parts, BuildParts::kArchitecture);
  EXPECT_THAT(lock.binaries, ElementsAre("hello"));
  EXPECT_THAT(Extra(lock), ElementsAre("b 1"));
  EXPECT_THAT(Names(lock, InputRole::kReference), ElementsAre("hello_1+b3_amd64.deb"));
  request.parts = BuildParts::kIndependent;
  const Lock all = Resolve({archive}, request);
  EXPECT_EQ(all.recipe.binary_version, "");
  EXPECT_THAT(Names(all, InputRole::kReference), ElementsAre("hello-doc_1_all.deb"));
}

TEST_F(ResolveTest, LeavesRecommendsOut) {
  Archive archive = Archive().Base().Binary("a", "1", "Recommends: b\nSuggests: c\n").Binary("b", "1").Binary("c", "1");
  archive.Source("hello", "1", Depends("a"));
  EXPECT_THAT(Extra(Resolve({archive}, "hello")), ElementsAre("a 1"));
}

TEST_F(ResolveTest, FindsProvidersOfVirtualPackages) {
  Archive archive = Archive().Base().Binary("debhelper", "13", "Provides: debhelper-compat (= 13), dh\n");
  archive.Source("hello", "1", Depends("debhelper-compat (= 13)")).Source("old", "1", Depends("debhelper-compat (= 12)"));
  EXPECT_THAT(Extra(Resolve({archive}, "hello")), ElementsAre("debhelper 13"));
  EXPECT_THAT(MissingOf([&] { Resolve({archive}, "old"); }),
              HasSubstr("source package old 1 needs debhelper-compat (= 12), but the archives offer only debhelper 13 "
                        "(provides debhelper-compat 13)"));
}

TEST_F(ResolveTest, NamesTheChainToWhatIsMissing) {
  Archive archive = Archive().Base().Binary("libfoo-dev", "1", "Depends: libfoo1 (= 1)\n");
  archive.Binary("libfoo1", "1", "Depends: libbar1 (>= 2) | libbaz\n").Binary("libbar1", "1.9");
  archive.Source("hello", "1", Depends("libfoo-dev")).Source("direct", "1", Depends("no-such-package (>= 2)"));
  EXPECT_EQ(MissingOf([&] { Resolve({archive}, "hello"); }),
            "the build dependencies cannot be satisfied: source package hello 1 → libfoo-dev → libfoo1 needs "
            "libbar1 (>= 2) | libbaz, but the archives offer only libbar1 1.9");
  EXPECT_EQ(MissingOf([&] { Resolve({archive}, "direct"); }),
            "the build dependencies cannot be satisfied: source package direct 1 needs no-such-package (>= 2), which "
            "no archive offers");
}

TEST_F(ResolveTest, ChoosesAnotherAlternativeInsideTheEnvironmentWhenTheFirstIsBroken) {
  Archive archive = Archive().Base().Binary("tool", "1", "Depends: broken | works\n");
  archive.Binary("broken", "1", "Depends: gone\n").Binary("works", "1").Source("hello", "1", Depends("tool"));
  EXPECT_THAT(Extra(Resolve({archive}, "hello")), ElementsAre("tool 1", "works 1"));
}

TEST_F(ResolveTest, NamesWhatConflicts) {
  Archive archive = Archive().Base().Binary("a", "1", "Depends: liba\n").Binary("liba", "1", "Conflicts: b\n").Binary("b", "1");
  archive.Source("hello", "1", Depends("a, b")).Source("proud", "1", "Build-Conflicts: gcc\n");
  archive.Source("fine", "1", "Build-Conflicts: b, liba (>> 1)\n" + Depends("a"));
  EXPECT_EQ(MissingOf([&] { Resolve({archive}, "hello"); }),
            "the build dependencies cannot be satisfied: liba conflicts with b 1, but both are needed: source package "
            "hello 1 → a → liba; and source package hello 1 → b");
  EXPECT_THAT(MissingOf([&] { Resolve({archive}, "proud"); }),
              HasSubstr("source package proud 1 conflicts with gcc 4:12.2"));
  EXPECT_THAT(Extra(Resolve({archive}, "fine")), ElementsAre("a 1", "liba 1"));
}

TEST_F(ResolveTest, HonoursBuildConflictsWhenAnAlternativeIsLeft) {
  Archive archive = Archive().Base().Binary("tool", "1", "Depends: a | b\n").Binary("a", "1").Binary("b", "1");
  archive.Source("hello", "1", Depends("tool") + "Build-Conflicts: a\n");
  EXPECT_THAT(Extra(Resolve({archive}, "hello")), ElementsAre("b 1", "tool 1"));
}

TEST_F(ResolveTest, TakesReferencesOfExactlyThisSourceVersion) {
  Archive archive = Archive().Base().Source("hello", "1-1", "Package-List:\n hello deb x optional arch=any\n");
  archive.Binary("hello", "2-1", "Source: hello (1-1)\n").Binary("hello-data", "2", "Source: hello (1-1)\n", "all");
  archive.Binary("libhello1", "1-1", "Source: hello\n").Binary("old", "1-0", "Source: hello\n");
  archive.Binary("hello-helper", "1-1", "Source: helper\n");
  const Lock lock = Resolve({archive}, "hello");
  EXPECT_THAT(Names(lock, InputRole::kReference),
              ElementsAre("hello_2-1_amd64.deb", "hello-data_2_all.deb", "libhello1_1-1_amd64.deb"));
  EXPECT_EQ(lock.WithRole(InputRole::kReference).at(0).source_version, "1-1");
}

TEST_F(ResolveTest, KeepsSourcesOfTheEnvironmentOnceAndSaysWhichAreMissing) {
  Archive archive = Archive().Base().Source("hello", "1", Depends("liba1, liba-dev, lonely"));
  archive.Binary("liba1", "1+b1", "Source: aa (1)\n").Binary("liba-dev", "1", "Source: aa\n").Source("aa", "1").Source("aa", "2");
  archive.Binary("lonely", "3", "Source: alone (2.9)\n").Source("alone", "3");
  Lock lock = Resolve({archive}, "hello");
  auto files = Names(lock, InputRole::kEnvironmentSource);
  EXPECT_EQ(std::count(files.begin(), files.end(), "aa_1.dsc"), 1);
  EXPECT_EQ(std::count(files.begin(), files.end(), "aa_2.dsc"), 0);
  EXPECT_EQ(std::count(files.begin(), files.end(), "gcc-defaults_1.203.tar.xz"), 1);
  EXPECT_THAT(lock.missing_sources, ElementsAre("alone 2.9"));
  ResolveRequest request;
  request.source = "hello";
  request.with_environment_sources = false;
  lock = Resolve({archive}, request);
  EXPECT_THAT(Names(lock, InputRole::kEnvironmentSource), IsEmpty());
  EXPECT_THAT(lock.missing_sources, IsEmpty());
}

TEST_F(ResolveTest, PrefersTheFirstOfTwoArchivesWithTheSamePackage) {
  Archive first = Archive().Base().Source("hello", "1", Depends("a, b")).Binary("a", "1").Binary("b", "1");
  Archive second = Archive().Binary("a", "1").Binary("b", "1+deb12u1").Source("hello", "1", Depends("a"));
  const Lock lock = Resolve({first, second}, "hello");
  EXPECT_THAT(Extra(lock), ElementsAre("a 1", "b 1+deb12u1"));
  const auto environment = lock.WithRole(InputRole::kEnvironment);
  EXPECT_EQ(lock.indexes.at(environment.at(0).index).release, 0u);
  for (const LockedFile& file : environment) {
    EXPECT_EQ(lock.indexes.at(file.index).release, file.package == "b" ? 1u : 0u) << file.package;
  }
  EXPECT_EQ(lock.indexes.at(lock.files.at(0).index).release, 0u);
}

TEST_F(ResolveTest, TakesTheFirstArchivesBytesAsReferenceWhenTwoDisagree) {
  Archive first = Archive().Base().Source("hello", "1").Binary("hello", "1");
  Archive second;
  second.content_salt = "other";
  second.Binary("hello", "1");
  const Lock lock = Resolve({first, second}, "hello");
  ASSERT_EQ(lock.WithRole(InputRole::kReference).size(), 1u);
  EXPECT_EQ(lock.WithRole(InputRole::kReference).at(0).sha256, Sha256("hello1"));
}

TEST_F(ResolveTest, LeavesArchivesAloneThatAreNotForAutomaticUse) {
  Archive stable = Archive().Base().Source("hello", "1", Depends("a")).Source("newer", "1", Depends("a (>= 2)")).Binary("a", "1");
  Archive backports = Archive().Binary("a", "2");
  backports.release = "Origin: Test\nSuite: stable-backports\nNotAutomatic: yes\nButAutomaticUpgrades: yes\n";
  EXPECT_THAT(Extra(Resolve({stable, backports}, "hello")), ElementsAre("a 1"));
  EXPECT_THAT(MissingOf([&] { Resolve({stable, backports}, "newer"); }),
              HasSubstr("needs a (>= 2), but the archives offer only a 1, a 2 (low priority)"));
}

TEST_F(ResolveTest, AcceptsABinaryPackagesName) {
  Archive archive = Archive().Base().Source("hello", "1").Binary("libhello1", "1", "Source: hello\n");
  EXPECT_EQ(Resolve({archive}, "libhello1").source, "hello");
  EXPECT_THAT(MissingOf([&] { Resolve({archive}, "helo"); }), HasSubstr("named helo"));
}

TEST_F(ResolveTest, GivesTheSameBytesForTheSameSnapshot) {
  Archive archive = Archive().Base();
  std::string list;
  for (int i = 0; i < 50; ++i) {
    const std::string name = "lib" + std::to_string(i * 7 % 50);
    archive.Binary(name, "1", "Depends: lib" + std::to_string(i) + ", virtual\n").Source(name, "1");
    archive.Binary(name + "-p", "1", "Provides: virtual\n");
    list += (list.empty() ? "" : ", ") + name;
  }
  archive.Source("hello", "1", Depends(list));
  const Lock lock = Resolve({archive}, "hello");
  EXPECT_EQ(lock.WithRole(InputRole::kEnvironment).size(), 55u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(DigestOf(Resolve({archive}, "hello")), DigestOf(lock));
}

TEST_F(ResolveTest, SeveralThreadsMayResolveAtOnce) {
  Archive archive = Archive().Base().Source("one", "1", Depends("a")).Source("two", "1", Depends("b")).Binary("a", "1").Binary("b", "1");
  config_.architecture = "amd64";
  config_.state_directory = directory_.path() / "state";
  const Snapshot snapshot = MakeSnapshot({archive}, store_);
  std::vector<std::string> results(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < results.size(); ++i) {
      threads.emplace_back([&, i] {
        ResolveRequest request;
        request.source = i % 2 == 0 ? "one" : "two";
        results[i] = Extra(mirror::Resolve(request, snapshot, config_, store_, progress_)).at(0);
      });
    }
  }
  EXPECT_THAT(results, ElementsAre("a 1", "b 1", "a 1", "b 1"));
}

TEST_F(ResolveTest, ResolvesForSeveralArchitecturesInOneProcess) {
  Archive archive = Archive().Base().Binary("a", "1").Source("hello", "1", Depends("a, b [arm64], c [amd64]"));
  archive.Binary("b", "1").Binary("c", "1").Binary("d", "1", "", "all");
  Archive other = archive;
  for (std::size_t at = 0; (at = other.packages.find("amd64", at)) != std::string::npos;) {
    other.packages.replace(at, 5, "arm64");
  }
  ResolveRequest request;
  request.source = "hello";
  config_.state_directory = directory_.path() / "state";
  for (int i = 0; i < 2; ++i) {
    config_.architecture = "amd64";
    EXPECT_THAT(Extra(mirror::Resolve(request, MakeSnapshot({archive}, store_), config_, store_, progress_)), ElementsAre("a 1", "c 1"));
    Snapshot snapshot = MakeSnapshot({other}, store_);
    snapshot.indexes.at(0).architecture = config_.architecture = "arm64";
    const Lock lock = mirror::Resolve(request, snapshot, config_, store_, progress_);
    EXPECT_THAT(Extra(lock), ElementsAre("a 1", "b 1"));
    EXPECT_EQ(lock.WithRole(InputRole::kEnvironment).at(0).architecture, "arm64");
  }
}

TEST_F(ResolveTest, IsNotInfluencedByTheMachinesAptConfiguration) {
  Archive archive = Archive().Base().Binary("a", "1", "Recommends: b\n").Binary("b", "1").Source("hello", "1", Depends("a <!nodoc>"));
  const auto conf = directory_.path() / "apt.conf";
  WriteFileAtomically(conf, "APT::Install-Recommends \"true\";\nAPT::Architecture \"arm64\";\nAPT::Solver \"/nowhere\";\n");
  ASSERT_EQ(::setenv("APT_CONFIG", conf.c_str(), 1), 0);
  ASSERT_EQ(::setenv("DEB_BUILD_PROFILES", "nodoc", 1), 0);
  const Lock lock = Resolve({archive}, "hello");
  ::unsetenv("APT_CONFIG");
  ::unsetenv("DEB_BUILD_PROFILES");
  EXPECT_THAT(Extra(lock), ElementsAre("a 1"));
}

TEST_F(ResolveTest, RemovesItsWorkAndWhatKilledRunsLeft) {
  Archive archive = Archive().Base().Source("hello", "1");
  Resolve({archive}, "hello");
  const auto work = directory_.path() / "state" / "resolve";
  EXPECT_TRUE(std::filesystem::is_empty(work));
  WriteFileAtomically(work / "killed" / "apt" / "lists" / "x", "left");
  Resolve({archive}, "hello");
  EXPECT_TRUE(std::filesystem::is_empty(work));
}

TEST_F(ResolveTest, RefusesAFilenameOutsideTheArchive) {
  Archive archive = Archive().Base().Source("hello", "1", Depends("a"));
  archive.Binary("a", "1");
  archive.packages.replace(archive.packages.find("pool/a_1"), 8, "../../a1");
  EXPECT_THROW(Resolve({archive}, "hello"), ParseError);
}

TEST_F(ResolveTest, SaysWhichIndexIsMissingOrDamaged) {
  Archive archive = Archive().Base().Source("hello", "1");
  Snapshot snapshot = MakeSnapshot({archive}, store_);
  config_.architecture = "arm64";
  ResolveRequest request;
  request.source = "hello";
  EXPECT_THAT(MissingOf([&] { mirror::Resolve(request, snapshot, config_, store_, progress_); }),
              HasSubstr("no Packages index for arm64"));
  config_.architecture = "amd64";
  snapshot.indexes.at(0).proof.sha256 = Sha256("not there");
  EXPECT_THROW(mirror::Resolve(request, snapshot, config_, store_, progress_), MissingError);
  snapshot.indexes.at(0).proof.sha256 = store_.Put(std::string("\xFD" "7zXZ\0\0garbage", 14)).sha256;
  EXPECT_THROW(mirror::Resolve(request, snapshot, config_, store_, progress_), ParseError);
}

TEST_F(ResolveTest, StopsWhenCancelled) {
  const std::atomic<bool> cancelled = true;
  config_.cancelled = &cancelled;
  EXPECT_THROW(Resolve({Archive().Base().Source("hello", "1")}, "hello"), CancelledError);
}

TEST_F(ResolveTest, FailsWithoutBuildEssential) {
  EXPECT_THAT(MissingOf([&] { Resolve({Archive().Binary("a", "1").Source("hello", "1")}, "hello"); }),
              HasSubstr("build-essential"));
}

TEST_F(ResolveTest, ChoosesTheOnlyArchitectureOfTheSnapshot) {
  Snapshot snapshot;
  snapshot.indexes = {{{}, "main", "all"}, {{}, "main", "riscv64"}, {{}, "main", "source"}};
  EXPECT_EQ(ChooseArchitecture(MirrorConfig(), snapshot), "riscv64");
  MirrorConfig config;
  config.architecture = "arm64";
  EXPECT_EQ(ChooseArchitecture(config, snapshot), "arm64");
}

TEST_F(ResolveTest, TakesTheArchivesPackagesWhereASourceDoesNotListItsOwn) {
  Archive archive = Archive().Base().Source("old", "1", "Binary: old, old-udeb, old-data\nArchitecture: any all\n");
  archive.Source("none", "1", "Binary: none, none-doc\nArchitecture: any all\n");
  archive.Binary("old", "1").Binary("old-data", "1", "Source: old\n", "all");
  EXPECT_THAT(Resolve({archive}, "old").binaries, ElementsAre("old", "old-data"));
  EXPECT_THAT(Resolve({archive}, "none").binaries, ElementsAre("none", "none-doc"));
}

}  // namespace
}  // namespace nachbau::mirror
