#include "builder/sandbox/id_map.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "builder/sandbox/sandbox.h"
#include "tests/builder/as_user.h"

namespace nachbau::builder {
namespace {

namespace fs = std::filesystem;

TEST(ParseSubordinateIdsTest, SkipsWhatIsNoEntry) {
  const auto all = ParseSubordinateIds(
      "anna:100000:65536\n\n# comment\nbert:x:1\ncarl:1:0\ndora:4294967295:2\n:1:2\nemil:5:6:7\n1001:200000:65536");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].owner, "anna");
  EXPECT_EQ(all[0].range, (IdRange{100000, 65536}));
  EXPECT_EQ(all[1].owner, "1001");
}

TEST(FindRangeTest, TakesNameOrNumberAndNoSmallRange) {
  const auto all = ParseSubordinateIds("anna:1:10\nanna:100000:70000\n1001:200000:65536\n");
  EXPECT_EQ(FindRange(all, "anna", 1000), (IdRange{100000, kIdCount}));
  EXPECT_EQ(FindRange(all, "bert", 1001), (IdRange{200000, kIdCount}));
  EXPECT_EQ(FindRange(all, "", 1002).count, 0U);
  EXPECT_EQ(FindRange(ParseSubordinateIds("anna:0:65536\n"), "anna", 1000).count, 0U) << "host root must not be mapped";
}

TEST(ChooseRootRangeTest, KeepsClearOfListedRangesAndOfTheContainersLimits) {
  const std::vector<IdRange> all = {{0, 4294967295}};
  EXPECT_EQ(ChooseRootRange({}, all), (IdRange{kRootFirstId, kIdCount}));
  EXPECT_EQ(ChooseRootRange({{"x", {kRootFirstId + 65535, 10}}}, all), (IdRange{kRootFirstId + 2 * kIdCount, kIdCount}));
  EXPECT_EQ(ChooseRootRange({}, {{0, 1}, {1, 65536}}), (IdRange{1, kIdCount}));
  EXPECT_EQ(ChooseRootRange({}, {{0, 65536}}).count, 0U) << "would contain root itself";
}

TEST(ParseKernelMapTest, ReadsPaddedColumns) {
  const auto ranges = ParseKernelMap("         0       1000          1\n         1     100000      65536\n");
  EXPECT_THAT(ranges, testing::ElementsAre(IdRange{0, 1}, IdRange{1, 65536}));
}

class InUserNamespaceTest : public EachUser {};

TEST_P(InUserNamespaceTest, IsRootOverMappedIdsOnly) {
  Run([] {
    const IdMap map = FindIdMap();
    InUserNamespace(map, [] {
      if (::getuid() != 0 || ::getgid() != 0 || ::getgroups(0, nullptr) != 0) throw Error(Msg("not root inside"));
      if (::mount("none", "/tmp", "tmpfs", 0, nullptr) != 0) throw SystemError(errno, Msg("mount"));
      WriteFileAtomically("/tmp/nachbau-private", "x");
      for (const uid_t id : {1U, 1000U, 65534U}) {
        if (::chown("/tmp/nachbau-private", id, id) != 0) throw SystemError(errno, Msg("chown"));
      }
      if (::open("/etc/shadow", O_RDONLY | O_CLOEXEC) >= 0) throw Error(Msg("read the host's shadow file"));
    });
    EXPECT_FALSE(fs::exists("/tmp/nachbau-private"));
  });
}

TEST_P(InUserNamespaceTest, ErrorsKeepKindTextAndHints) {
  Run([] {
    const IdMap map = FindIdMap();
    try {
      InUserNamespace(map, [] {
        try {
          throw SystemError(ENOSPC, Msg("write {}", "a\xff"));
        } catch (Error& error) {
          error.AddContext(Msg("unpack {}", "b"));
          error.SetHint(Msg("buy a disk"));
          throw;
        }
      });
      FAIL() << "no exception";
    } catch (const SystemError& error) {
      EXPECT_EQ(error.error_number(), ENOSPC);
      EXPECT_STREQ(error.what(), "unpack b: write a\xef\xbf\xbd: No space left on device");
      ASSERT_EQ(error.hints().size(), 1U);
      EXPECT_EQ(Render(error.hints()[0]), "buy a disk");
    }
    EXPECT_THROW(InUserNamespace(map, [] { throw MissingError(Msg("m")); }), MissingError);
    EXPECT_THROW(InUserNamespace(map, [] { throw CancelledError(); }), CancelledError);
    EXPECT_THROW(InUserNamespace(map, [] { throw IntegrityError("a", "b", "c"); }), IntegrityError);
    try {
      InUserNamespace(map, [] { throw ParseError("file", 7, Msg("bad")); });
      FAIL() << "no exception";
    } catch (const ParseError& error) {
      EXPECT_STREQ(error.what(), "file:7: bad");
    }
    try {
      InUserNamespace(map, [] { ::kill(::getpid(), SIGKILL); });
      FAIL() << "no exception";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "a child process was ended by signal 9");
    }
  });
}

TEST_P(InUserNamespaceTest, RemoveTreeTakesForeignDeepAndClosedDirectories) {
  Run([] {
    const IdMap map = FindIdMap();
    TemporaryDirectory outside(fs::temp_directory_path(), "nachbau-test-");
    TemporaryDirectory area(fs::temp_directory_path(), "nachbau-test-");
    WriteFileAtomically(outside.path() / "keep", "k");
    const fs::path tree = area.path() / "tree";
    MakeOwnedDirectory(map, tree);
    MakeOwnedDirectory(map, tree);
    FileDescriptor top(::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::string keep = outside.path().native();
    InUserNamespace(map, [&] {
      if (::fchdir(top.get()) != 0) throw SystemError(errno, Msg("chdir"));
      if (::symlink(keep.c_str(), "link") != 0) throw SystemError(errno, Msg("symlink"));
      if (::mkdir("closed", 0700) != 0 || ::mkdir("closed/in", 0) != 0) throw SystemError(errno, Msg("mkdir"));
      if (::chown("closed", 1000, 1000) != 0 || ::chmod("closed", 0) != 0) throw SystemError(errno, Msg("chown"));
      for (int i = 0; i < 1000; ++i) std::ofstream("file" + std::to_string(i)) << i;
      for (int i = 0; i < 2500; ++i) {  // far deeper than a path may be long
        if (::mkdir("directory", 0755) != 0 || ::chdir("directory") != 0) throw SystemError(errno, Msg("mkdir"));
      }
    });
    RemoveTree(map, tree);
    EXPECT_FALSE(fs::exists(fs::symlink_status(tree)));
    EXPECT_TRUE(fs::exists(outside.path() / "keep"));
    RemoveTree(map, tree);  // nothing there: no error
  });
}

INSTANTIATE_TEST_SUITE_P(Sandbox, InUserNamespaceTest, testing::Values(Who::kRoot, Who::kUser), WhoName);

}  // namespace
}  // namespace nachbau::builder
