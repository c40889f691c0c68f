#include "builder/recipe_debian.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;

Lock LockOf(const std::string& source, const std::string& version) {
  Lock lock;
  lock.source = source;
  lock.version = version;
  LockedFile dsc;
  dsc.role = InputRole::kSource;
  dsc.file_name = "p_1.dsc";
  lock.files = {dsc};
  return lock;
}

TEST(DebianRecipe, BuildsInThePathWithoutEpochAndRevision) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"2.90-4~deb12u2", "p-2.90"}, {"1:9.2p1-2+deb12u10", "p-9.2p1"}, {"1.0", "p-1.0"}, {"3:1-2-3", "p-1-2"},
      {"1.0~rc1+dfsg-1", "p-1.0~rc1+dfsg"}};
  for (const auto& [version, directory] : cases) {
    EXPECT_EQ(MakeDebianRecipe(LockOf("p", version), 2, false).build_path, std::string("/build/reproducible-path/") + directory);
  }
}

TEST(DebianRecipe, RefusesWhatAShellCouldMisread) {
  for (const char* version : {"1'; rm -rf /", "1 2", "", "1:", "1/../2", "$(x)", "1\n2"}) {
    EXPECT_THROW(MakeDebianRecipe(LockOf("p", version), 1, false), ParseError) << version;
  }
  for (const char* source : {"p'", "../p", "", "p q", "p\nq"}) {
    EXPECT_THROW(MakeDebianRecipe(LockOf(source, "1"), 1, false), ParseError) << source;
  }
  for (const char* dsc : {"a'b.dsc", "../x.dsc", "-x.dsc", "a b.dsc"}) {
    Lock lock = LockOf("p", "1");
    lock.files[0].file_name = dsc;
    EXPECT_THROW(MakeDebianRecipe(lock, 1, false), ParseError) << dsc;
  }
}

TEST(DebianRecipe, NeedsOneDsc) {
  Lock lock = LockOf("p", "1");
  lock.files.push_back(lock.files[0]);
  lock.files[1].file_name = "p_2.dsc";
  EXPECT_THROW(MakeDebianRecipe(lock, 1, false), ParseError);
  lock.files.clear();
  EXPECT_THROW(MakeDebianRecipe(lock, 1, false), MissingError);
}

TEST(DebianRecipe, RunsTestsOnlyWhenAsked) {
  const DebianRecipe without = MakeDebianRecipe(LockOf("p", "1"), 3, false);
  EXPECT_EQ(without.environment.at("DEB_BUILD_OPTIONS"), "nocheck parallel=3");
  EXPECT_THAT(without.script, HasSubstr(" -Pnocheck"));
  const DebianRecipe with = MakeDebianRecipe(LockOf("p", "1"), 3, true);
  EXPECT_EQ(with.environment.at("DEB_BUILD_OPTIONS"), "parallel=3");
  EXPECT_EQ(with.script.find("nocheck"), std::string::npos);
}

TEST(DebianRecipe, NamesAProgramOfTheRoot) {
  const DebianRecipe recipe = MakeDebianRecipe(LockOf("p", "1"), 1, false);
  EXPECT_EQ(recipe.command.front(), "dpkg-buildpackage");
  EXPECT_THAT(recipe.script, HasSubstr("dpkg-source --no-check -x /build/source/'p_1.dsc' '/build/reproducible-path/p-1'\n"));
  EXPECT_EQ(recipe.environment.count("SOURCE_DATE_EPOCH"), 0U);  // dpkg-buildpackage takes it from the changelog
}

}  // namespace
}  // namespace nachbau::builder
