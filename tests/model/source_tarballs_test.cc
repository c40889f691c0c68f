#include "model/source_tarballs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nachbau {
namespace {

Lock WithSources(const std::vector<std::string>& names) {
  Lock lock;
  for (const std::string& name : names) {
    LockedFile file;
    file.file_name = name;
    lock.files.push_back(std::move(file));
  }
  return lock;
}

std::vector<std::string> Listed(const Lock& lock) {
  std::vector<std::string> listed;
  for (const SourceTarball& tarball : SourceTarballs(lock)) {
    listed.push_back(std::to_string(static_cast<int>(tarball.kind)) + " " + tarball.component + " " + tarball.file.file_name);
  }
  return listed;
}

TEST(SourceTarballsTest, AreInTheOrderInWhichTheyAreLaidOverEachOther) {
  EXPECT_THAT(Listed(WithSources({"x_1-1.debian.tar.xz", "x_1-1.dsc", "x_1.orig-b.tar.gz", "x_1.orig-a.tar.xz",
                                  "x_1.orig.tar.gz", "x_1.orig.tar.gz.asc"})),
              testing::ElementsAre("0  x_1.orig.tar.gz", "1 a x_1.orig-a.tar.xz", "1 b x_1.orig-b.tar.gz",
                                   "2  x_1-1.debian.tar.xz"));
  EXPECT_THAT(Listed(WithSources({"x_1-1.diff.gz", "x_1.orig.tar.gz"})),
              testing::ElementsAre("0  x_1.orig.tar.gz", "3  x_1-1.diff.gz"));
  EXPECT_THAT(Listed(WithSources({"native_2.tar.xz"})), testing::ElementsAre("0  native_2.tar.xz"));
}

TEST(SourceTarballsTest, OfAScriptAreUpstreamWhateverTheirName) {
  Lock lock = WithSources({"x-2.tgz"});
  lock.recipe.kind = RecipeKind::kScript;
  EXPECT_THAT(Listed(lock), testing::ElementsAre("0  x-2.tgz"));
}

// dpkg-source(1): a directory alone at the top is the root of the source, whatever its name.
TEST(TarballTopTest, TakesAwayADirectoryThatIsAlone) {
  const SourceTarball upstream, component{TarballKind::kComponent, "a", {}}, debian{TarballKind::kDebian, {}, {}};
  TarballTop alone;
  alone.See("x-1", true);
  alone.See("x-1/src/main.c", false);
  EXPECT_EQ(alone.PlaceOf(upstream, "x-1/src/main.c"), "src/main.c");
  EXPECT_EQ(alone.PlaceOf(component, "x-1/src/main.c"), "a/src/main.c");
  EXPECT_EQ(alone.PlaceOf(debian, "debian/rules"), "debian/rules");
  TarballTop two = alone;
  two.See("y/z", false);
  EXPECT_EQ(two.PlaceOf(upstream, "x-1/src/main.c"), "x-1/src/main.c");
  alone.See("README", false);
  EXPECT_EQ(alone.PlaceOf(upstream, "x-1/src/main.c"), "x-1/src/main.c");
}

}  // namespace
}  // namespace nachbau
