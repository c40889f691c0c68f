#include "builder/work_directory.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/builder/as_user.h"
#include "tests/builder/deb_maker.h"

namespace nachbau::builder {
namespace {

namespace fs = std::filesystem;

std::size_t Directories(const fs::path& parent) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(parent)) count += entry.is_directory() ? 1 : 0;
  return count;
}

class WorkDirectoryTest : public EachUser {};
INSTANTIATE_TEST_SUITE_P(Users, WorkDirectoryTest, testing::Values(Who::kRoot, Who::kUser), WhoName);

TEST_P(WorkDirectoryTest, IsRemovedWithWhatOtherIdsLeftInIt) {
  Run([] {
    const MappedArea area;
    const fs::path parent = area.outside() / "work";
    fs::path path;
    {
      const WorkDirectory work(parent, area.map());
      path = work.path();
      struct stat status {};
      ASSERT_EQ(::stat(path.c_str(), &status), 0);
      EXPECT_EQ(status.st_mode, 0040700U);
      const FileDescriptor directory = OpenDirectory(path);
      InUserNamespace(area.map(), [&] {
        ::fchdir(directory.get());
        ::mkdir("closed", 0);
        ::chown("closed", 1000, 1000);
      });
      EXPECT_TRUE(fs::exists(path / "closed"));
    }
    EXPECT_FALSE(fs::exists(path));
    EXPECT_EQ(Directories(parent), 0U);
  });
}

TEST(WorkDirectory, OfAKilledRunIsSweptAndOfARunningOneIsNot) {
  const MappedArea area;
  const fs::path parent = area.outside() / "work";
  const WorkDirectory running(parent, area.map());
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    const WorkDirectory killed(parent, area.map());
    fs::create_directories(killed.path() / "a/b");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(Directories(parent), 2U);
  const WorkDirectory next(parent, area.map());
  EXPECT_EQ(Directories(parent), 2U);
  EXPECT_TRUE(fs::exists(running.path()));
  EXPECT_TRUE(fs::exists(next.path()));
}

TEST(WorkDirectory, ThatWasKeptStays) {
  const MappedArea area;
  const fs::path parent = area.outside() / "work";
  fs::path kept;
  {
    WorkDirectory work(parent, area.map());
    work.Keep();
    kept = work.path();
  }
  EXPECT_TRUE(fs::exists(kept));
  { const WorkDirectory next(parent, area.map()); }
  EXPECT_TRUE(fs::exists(kept));
  RemoveTree(area.map(), kept);
}

}  // namespace
}  // namespace nachbau::builder
