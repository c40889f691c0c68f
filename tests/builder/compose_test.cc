#include "builder/compose.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/error.h"
#include "tests/builder/as_user.h"
#include "tests/builder/deb_maker.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

struct Package {
  std::string name;
  std::string more;  // control fields
  std::vector<TarMember> data;
  std::vector<TarMember> control = {};
};

// Unpacks the packages and composes them in this order into path()/root.
void ComposeAll(const MappedArea& area, const std::vector<Package>& packages, const std::string& root = "root") {
  for (const Package& package : packages) {
    if (fs::exists(area.path() / package.name)) continue;
    area.Unpack(package.name, MakeDeb(Control(package.name, package.more), package.data, package.control));
  }
  area.Inside([&] {
    std::vector<PackageTree> trees;
    for (const Package& package : packages) {
      trees.push_back(ReadPackageTree(FileDescriptor(::open(package.name.c_str(), O_RDONLY | O_DIRECTORY)), package.name));
    }
    fs::create_directory(root);
    Compose(trees, FileDescriptor(::open(root.c_str(), O_RDONLY | O_DIRECTORY)), NewestTime(trees));
  });
}

ino_t Inode(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status.st_ino;
}

class ComposeTest : public EachUser {};
INSTANTIATE_TEST_SUITE_P(Users, ComposeTest, testing::Values(Who::kRoot, Who::kUser), WhoName);

TEST_P(ComposeTest, LinksFilesAndMergesUsr) {
  Run([] {
    const MappedArea area;
    const TarMember sticky{"./var/tmp", "", '5', "", 01777, 0, 0, 1'650'000'000};
    ComposeAll(area, {{"one", "", {Directory("./"), Directory("./bin"), File("./bin/sh", "sh", 0755), Directory("./var"), sticky}},
                      {"two", "", {Directory("./"), Directory("./usr"), Directory("./usr/bin"), Directory("./usr/lib"),
                                   File("./usr/bin/awk", "awk", 04755), Directory("./lib"), Directory("./lib/x"),
                                   Link("./lib/x/l", "../y")}}});
    const fs::path root = area.path() / "root";
    EXPECT_EQ(fs::read_symlink(root / "bin"), "usr/bin");
    EXPECT_EQ(fs::read_symlink(root / "lib64"), "usr/lib64");
    EXPECT_EQ(ReadFile(root / "usr/bin/sh"), "sh");
    EXPECT_EQ(fs::read_symlink(root / "usr/lib/x/l"), "../y");
    EXPECT_EQ(Inode(root / "usr/bin/sh"), Inode(area.path() / "one/data/bin/sh"));
    struct stat status {};
    ASSERT_EQ(::stat((root / "var/tmp").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode, 0041777U);
    EXPECT_EQ(status.st_mtime, 1'650'000'000);
    EXPECT_EQ(status.st_uid, area.Uid(0));
  });
}

TEST(Compose, GivesTheSameTreeEachTime) {
  const MappedArea area;
  const std::vector<Package> packages = {
      {"a", "Replaces: b\n", {Directory("./"), Directory("./etc", 0711), File("./etc/both", "a"), File("./f", "")}},
      {"b", "", {Directory("./"), Directory("./etc", 0755), File("./etc/both", "b"), Directory("./sbin"), File("./sbin/x", "x")}}};
  ComposeAll(area, packages, "first");
  ::sleep(1);  // a time of the machine in the tree would show
  ComposeAll(area, packages, "second");
  auto first = Describe(area.path() / "first");
  EXPECT_EQ(first, Describe(area.path() / "second"));
  EXPECT_THAT(first.at("etc"), HasSubstr("040711"));  // of the first package that has it
  EXPECT_EQ(first.size(), 6U * 2 + 1 + 4);
}

TEST(Compose, LetsTheReplacingPackageWinInAnyOrder) {
  const Package old_one{"old", "", {Directory("./"), File("./f", "old")}};
  const Package new_one{"new", "Replaces: other, old (<< 2)\n", {Directory("./"), File("./f", "new")}};
  for (const auto& order : {std::vector{old_one, new_one}, std::vector{new_one, old_one}}) {
    const MappedArea area;
    ComposeAll(area, order);
    EXPECT_EQ(ReadFile(area.path() / "root/f"), "new");
    EXPECT_EQ(ReadFile(area.path() / "old/data/f"), "old");  // the cached tree is not touched
  }
}

TEST(Compose, TakesEqualFilesOfTwoPackages) {
  const MappedArea area;
  ComposeAll(area, {{"a", "", {File("./f", "same"), Link("./l", "t")}}, {"b", "", {File("./f", "same"), Link("./l", "t")}}});
  EXPECT_EQ(ReadFile(area.path() / "root/f"), "same");
}

TEST(Compose, NamesBothPackagesOfAConflict) {
  struct Case {
    std::vector<TarMember> a, b;
    const char* path;
  };
  const std::vector<Case> cases = {
      {{File("./f", "1")}, {File("./f", "2")}, "/f"},
      {{File("./f", "12")}, {File("./f", "1")}, "/f"},
      {{Link("./f", "1")}, {Link("./f", "2")}, "/f"},
      {{Link("./f", "1")}, {File("./f", "1")}, "/f"},
      {{File("./f", "")}, {Directory("./f")}, "/f"},
      {{Directory("./f")}, {File("./f", "")}, "/f"},
      {{Link("./d", "/tmp")}, {Directory("./d"), File("./d/f", "")}, "/d"},
      {{Directory("./bin"), File("./bin/f", "1")}, {Directory("./usr"), Directory("./usr/bin"), File("./usr/bin/f", "2")}, "/usr/bin/f"},
  };
  for (const Case& one : cases) {
    const MappedArea area;
    try {
      ComposeAll(area, {{"a-one", "", one.a}, {"b-two", "", one.b}});
      ADD_FAILURE() << "no conflict at " << one.path;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()), std::string("the packages a-one and b-two both contain ") + one.path);
    }
  }
}

TEST(ReadPackageTree, KnowsPathsScriptsAndConffiles) {
  const MappedArea area;
  area.Unpack("p", MakeDeb(Control("p", "Multi-Arch: same\n"),
                           {Directory("./"), Directory("./etc"), File("./etc/p.conf", "text\n"), Link("./etc/l", "p.conf")},
                           {File("./conffiles", "/etc/p.conf\nremove-on-upgrade /etc/gone\n/etc/never\n/etc/l\n"),
                            File("./prerm", "#!/bin/sh\n", 0755)}));
  area.Inside([] {
    const PackageTree tree = ReadPackageTree(FileDescriptor(::open("p", O_RDONLY | O_DIRECTORY)), "p");
    NACHBAU_CHECK((tree.package.paths == std::vector<std::string>{"/etc", "/etc/p.conf", "/etc/l"}));
    NACHBAU_CHECK(tree.package.members.at("prerm") == "#!/bin/sh\n");
    // md5sum of "text\n"
    NACHBAU_CHECK((tree.package.conffile_md5 == std::map<std::string, std::string>{{"/etc/p.conf", "e1cbb0c3879af8347246f12c559a86b5"},
                                                                                   {"/etc/never", "newconffile"},
                                                                                   {"/etc/l", "newconffile"}}));
    NACHBAU_CHECK(tree.package.InfoName() == "p:amd64");
  });
}

}  // namespace
}  // namespace nachbau::builder
