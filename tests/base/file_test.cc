#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"

namespace nachbau {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  std::filesystem::path At(const std::string& name) const { return directory_.path() / name; }
  const TemporaryDirectory directory_{"/tmp", "file-test-"};
};

TEST_F(FileTest, WritesWholeFilesWithTheirModeAndMakesParents) {
  WriteFileAtomically(At("a/b/c"), "one", 0600);
  WriteFileAtomically(At("a/b/c"), "two", 0640, Durability::kNone);
  EXPECT_EQ(ReadFile(At("a/b/c")), "two");
  EXPECT_EQ(std::filesystem::status(At("a/b/c")).permissions(), std::filesystem::perms(0640));
  EXPECT_THAT(ListFiles(directory_.path()), ElementsAre("a/b/c"));
}

TEST_F(FileTest, LeavesNothingWhenAWriteFails) {
  MakeDirectories(At("target"));
  WriteFileAtomically(At("target/inside"), "x");
  EXPECT_THROW(WriteFileAtomically(At("target"), "bytes"), SystemError);
  EXPECT_THAT(ListFiles(directory_.path()), ElementsAre("target/inside"));
}

// A reader sees one of the contents, never a part.
TEST_F(FileTest, ReadersNeverSeeAPart) {
  const std::string first(100'000, 'a'), second(200'000, 'b');
  WriteFileAtomically(At("x"), first, 0644, Durability::kNone);
  std::jthread writer([&](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      WriteFileAtomically(At("x"), i % 2 == 0 ? second : first, 0644, Durability::kNone);
    }
  });
  for (int i = 0; i < 200; ++i) {
    const std::string seen = ReadFile(At("x"));
    ASSERT_TRUE(seen == first || seen == second) << seen.size();
  }
}

TEST_F(FileTest, ReadsOnlyWithinItsLimit) {
  WriteFileAtomically(At("x"), "12345");
  EXPECT_EQ(ReadFile(At("x"), 5), "12345");
  EXPECT_THROW(ReadFile(At("x"), 4), ParseError);
  EXPECT_THROW(ReadFile(At("none")), SystemError);
  EXPECT_FALSE(OpenForReadingIfExists(At("none")).has_value());
  EXPECT_FALSE(OpenForReadingIfExists(At("x/below-a-file")).has_value());
  EXPECT_TRUE(OpenForReadingIfExists(At("x")).has_value());
  std::string pieces;
  ReadPieces(OpenForReading(At("x")), "x", [&](std::string_view piece) { pieces += piece; });
  EXPECT_EQ(pieces, "12345");
}

TEST_F(FileTest, NeverLeavesTheDirectory) {
  WriteFileAtomically(At("inside/file"), "x");
  WriteFileAtomically(At("outside"), "secret");
  std::filesystem::create_symlink(At("outside"), At("inside/absolute"));
  std::filesystem::create_symlink("../outside", At("inside/relative"));
  std::filesystem::create_directory_symlink("..", At("inside/up"));
  std::filesystem::create_symlink("file", At("inside/harmless"));
  const FileDescriptor inside = OpenDirectory(At("inside"));
  EXPECT_EQ(ReadDescriptor(OpenBeneath(inside, "file", O_RDONLY), "file"), "x");
  for (const char* path : {"../outside", "absolute", "relative", "up/outside", "harmless", "/etc/hostname", "./../outside",
                           "inside/../../outside"}) {
    EXPECT_THROW(OpenBeneath(inside, path, O_RDONLY), SystemError) << path;
    EXPECT_THROW(OpenBeneath(inside, path, O_WRONLY | O_TRUNC), SystemError) << path;
  }
  EXPECT_EQ(ReadFile(At("outside")), "secret");
  WriteAll(OpenBeneath(inside, "new", O_WRONLY | O_CREAT | O_EXCL, 0600), "made", "new");
  EXPECT_EQ(ReadFile(At("inside/new")), "made");
}

TEST_F(FileTest, NamesTheFileInItsErrors) {
  try {
    OpenForReading(At("none"));
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_EQ(error.error_number(), ENOENT);
    EXPECT_THAT(error.what(), HasSubstr("/none: No such file or directory"));
  }
}

TEST_F(FileTest, MakesDirectoriesAndRefusesFilesInTheWay) {
  MakeDirectories(At("a/b/c"));
  MakeDirectories(At("a/b/c"));
  EXPECT_TRUE(std::filesystem::is_directory(At("a/b/c")));
  WriteFileAtomically(At("file"), "");
  EXPECT_THROW(MakeDirectories(At("file/below")), SystemError);
  EXPECT_THROW(MakeDirectories(At("file")), SystemError);
}

TEST_F(FileTest, ListsLinksWithoutFollowing) {
  WriteFileAtomically(At("b"), "");
  WriteFileAtomically(At("a/x"), "");
  std::filesystem::create_directory_symlink("/etc", At("c"));
  EXPECT_THAT(ListFiles(directory_.path()), ElementsAre("a/x", "b", "c"));
  EXPECT_THROW(ListFiles(At("none")), SystemError);
}

TEST_F(FileTest, LocksExcludeAndShare) {
  const auto exclusive = FileLock::TryLock(At("lock"), FileLock::Mode::kExclusive);
  ASSERT_TRUE(exclusive.has_value());
  EXPECT_FALSE(FileLock::TryLock(At("lock"), FileLock::Mode::kShared).has_value());
  {
    const FileLock shared(At("other"), FileLock::Mode::kShared);
    EXPECT_TRUE(FileLock::TryLock(At("other"), FileLock::Mode::kShared).has_value());
    EXPECT_FALSE(FileLock::TryLock(At("other"), FileLock::Mode::kExclusive).has_value());
  }
  EXPECT_TRUE(FileLock::TryLock(At("other"), FileLock::Mode::kExclusive).has_value());
}

TEST(TemporaryDirectoryTest, TakesItsContentAlong) {
  std::filesystem::path path;
  {
    const TemporaryDirectory directory("/tmp/file-test-parent", "x-");
    path = directory.path();
    WriteFileAtomically(path / "a/b", "c");
    EXPECT_TRUE(path.filename().native().starts_with("x-"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  std::filesystem::remove("/tmp/file-test-parent");
}

TEST(IsSafeFileNameTest, KnowsWhatCanHurt) {
  for (const std::string& name : {std::string("a"), std::string("..."), std::string("a b"), std::string("-x"),
                                  std::string("\xc3\xa4"), std::string(255, 'a')}) {
    EXPECT_TRUE(IsSafeFileName(name)) << name;
  }
  for (const std::string& name : {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("/"),
                                  std::string("a\n"), std::string("\x7f"), std::string("a\0b", 3), std::string(256, 'a')}) {
    EXPECT_FALSE(IsSafeFileName(name)) << name;
  }
}

}  // namespace
}  // namespace nachbau
