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
    EXPECT_EQ(MakeDebianRecipe(LockOf("p", version), 2).build_path,
              std::string("/build/reproducible-path/") + directory);
  }
}

TEST(DebianRecipe, RefusesWhatAShellCouldMisread) {
  for (const char* version : {"1'; rm -rf /", "1 2", "", "1:", "1/../2", "$(x)", "1\n2"}) {
    EXPECT_THROW(MakeDebianRecipe(LockOf("p", version), 1), ParseError) << version;
  }
  for (const char* source : {"p'", "../p", "", "p q", "p\nq"}) {
    EXPECT_THROW(MakeDebianRecipe(LockOf(source, "1"), 1), ParseError) << source;
  }
  for (const char* dsc : {"a'b.dsc", "../x.dsc", "-x.dsc", "a b.dsc"}) {
    Lock lock = LockOf("p", "1");
    lock.files[0].file_name = dsc;
    EXPECT_THROW(MakeDebianRecipe(lock, 1), ParseError) << dsc;
  }
}

TEST(DebianRecipe, NeedsOneDsc) {
  Lock lock = LockOf("p", "1");
  lock.files.push_back(lock.files[0]);
  lock.files[1].file_name = "p_2.dsc";
  EXPECT_THROW(MakeDebianRecipe(lock, 1), ParseError);
  lock.files.clear();
  EXPECT_THROW(MakeDebianRecipe(lock, 1), MissingError);
}

TEST(DebianRecipe, RunsTestsOnlyWhenAsked) {
  Lock lock = LockOf("p", "1");
  const Recipe without = MakeDebianRecipe(lock, 3);
  EXPECT_EQ(without.environment.at("DEB_BUILD_OPTIONS"), "nocheck parallel=3");
  EXPECT_THAT(without.script, HasSubstr(" -Pnocheck"));
  lock.recipe.build_profiles.clear();
  const Recipe with = MakeDebianRecipe(lock, 3);
  EXPECT_EQ(with.environment.at("DEB_BUILD_OPTIONS"), "parallel=3");
  EXPECT_EQ(with.script.find("nocheck"), std::string::npos);
}

TEST(DebianRecipe, PassesBuildProfilesAndParts) {
  Lock lock = LockOf("p", "1");
  EXPECT_EQ(MakeDebianRecipe(lock, 1).command,
            (std::vector<std::string>{"dpkg-buildpackage", "-us", "-uc", "-b", "-Pnocheck"}));
  lock.recipe.build_profiles = {"nocheck", "nodoc", "pkg.p.small"};
  lock.recipe.parts = BuildParts::kArchitecture;
  const Recipe small = MakeDebianRecipe(lock, 1);
  EXPECT_EQ(small.command,
            (std::vector<std::string>{"dpkg-buildpackage", "-us", "-uc", "-B", "-Pnocheck,nodoc,pkg.p.small"}));
  EXPECT_EQ(small.environment.at("DEB_BUILD_OPTIONS"), "nocheck nodoc parallel=1");
  lock.recipe.parts = BuildParts::kIndependent;
  EXPECT_EQ(MakeDebianRecipe(lock, 1).command.at(3), "-A");
  lock.recipe.build_profiles = {"a;b"};
  EXPECT_THROW(MakeDebianRecipe(lock, 1), ParseError);
}

TEST(DebianRecipe, PutsTheEntryOfABinNmuBeforeTheChangelog) {
  Lock lock = LockOf("p", "1-1");
  lock.recipe.binary_version = "1-1+b2";
  EXPECT_THROW(MakeDebianRecipe(lock, 1), MissingError);
  lock.recipe.changelog_entry = "p (1-1+b2) sid; urgency=low, binary-only=yes\n\n -- x <x@example.org>  y\n";
  const Recipe recipe = MakeDebianRecipe(lock, 1);
  EXPECT_EQ(recipe.files.at("build/nachbau-changelog-entry"), lock.recipe.changelog_entry + "\n");
  EXPECT_THAT(recipe.script, HasSubstr("cat /build/nachbau-changelog-entry debian/changelog >"));
  EXPECT_EQ(recipe.build_path, "/build/reproducible-path/p-1");
}

TEST(DebianRecipe, NamesAProgramOfTheRoot) {
  const Recipe recipe = MakeDebianRecipe(LockOf("p", "1"), 1);
  EXPECT_EQ(recipe.command.front(), "dpkg-buildpackage");
  EXPECT_THAT(recipe.script, HasSubstr("dpkg-source --no-check -x /build/source/'p_1.dsc' '/build/reproducible-path/p-1'\n"));
  EXPECT_EQ(recipe.environment.count("SOURCE_DATE_EPOCH"), 0U);  // dpkg-buildpackage takes it from the changelog
}

}  // namespace
}  // namespace nachbau::builder
