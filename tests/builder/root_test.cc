#include "builder/root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "base/clock.h"
#include "base/error.h"
#include "tests/builder/as_user.h"
#include "tests/builder/deb_maker.h"
#include "tests/builder/host_tools.h"
#include "tests/builder/workshop.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

// Uses what Debian's packages use: preinst, configuration files, triggers, logs, the name of the script's package.
std::string LivelyDeb() {
  return MakeDeb(Control("lively", "Pre-Depends: host-tools\n"),
                 {Directory("./"), Directory("./bin"), Directory("./etc"), File("./bin/lively", "program", 0755),
                  File("./etc/lively.conf", "setting\n")},
                 {File("./conffiles", "/etc/lively.conf\n"), File("./triggers", "interest lively-trigger\n"),
                  File("./preinst", Script("test \"$1\" = install\necho \"$DPKG_MAINTSCRIPT_PACKAGE\" > /etc/preinst\n"), 0755),
                  File("./postinst", Script("case $1 in\n"
                                            "  triggered) echo \"$2\" >> /etc/triggered ;;\n"
                                            "  configure) test -e /etc/preinst; date > /var/log/lively.log\n"
                                            "    test -f /etc/resolv.conf; test ! -s /etc/resolv.conf; test \"$DEBIAN_FRONTEND\" = noninteractive\n"
                                            "    echo \"$SOURCE_DATE_EPOCH\" > /etc/epoch\n"
                                            "    /usr/sbin/policy-rc.d && exit 1; test $? = 101 ;;\nesac\n"), 0755)});
}

std::string PokingDeb() {
  return MakeDeb(Control("poking", "Depends: lively\n"), {Directory("./")},
                 {File("./triggers", "activate lively-trigger\n"), File("./postinst", Script("exit 0\n"), 0755)});
}

class Roots : public EachUser {};
INSTANTIATE_TEST_SUITE_P(Users, Roots, testing::Values(Who::kRoot, Who::kUser), WhoName);

TEST_P(Roots, AreConfiguredByTheRealDpkg) {
  Run([] {
    Workshop shop;
    shop.Add("lively", LivelyDeb());
    shop.Add("poking", PokingDeb());
    const RootLayers made = shop.Make();
    EXPECT_FALSE(made.prepared.from_cache);
    EXPECT_EQ(made.prepared.packages, 3U);
    ASSERT_EQ(made.lower.size(), 2U);
    const fs::path configured = made.lower[0], base = made.lower[1];
    const std::string status = ReadFile(configured / "var/lib/dpkg/status");
    EXPECT_THAT(status, Not(HasSubstr("unpacked")));
    EXPECT_THAT(status, HasSubstr("Package: lively\nStatus: install ok installed\n"));
    EXPECT_EQ(ReadFile(base / "usr/bin/lively"), "program");
    EXPECT_EQ(ReadFile(configured / "etc/preinst"), "lively\n");
    EXPECT_EQ(ReadFile(configured / "etc/epoch"), "1700000000\n");
    EXPECT_THAT(ReadFile(configured / "etc/passwd"), HasSubstr("\nbuilder:x:1000:1000:"));
    EXPECT_EQ(ReadFile(configured / "etc/resolv.conf"), "");
    for (const char* gone : {"var/log/lively.log", "var/log/dpkg.log", "usr/sbin/policy-rc.d", ".nachbau-configure",
                             "var/lib/dpkg/status-old"}) {
      EXPECT_FALSE(fs::exists(configured / gone)) << gone;
    }
    EXPECT_FALSE(fs::exists(configured.parent_path() / "work"));

    const RootLayers again = shop.Make();
    EXPECT_TRUE(again.prepared.from_cache);
    EXPECT_EQ(again.prepared.digest, made.prepared.digest);
    EXPECT_EQ(again.lower, made.lower);
  });
}

TEST(Root, IsTheSameTreeEachTime) {
  Workshop shop;
  shop.Add("lively", LivelyDeb());
  shop.Add("poking", PokingDeb());
  const RootLayers first = shop.Make();
  ::sleep(1);  // a clock in the tree would show
  shop.UseCache("other");
  const RootLayers second = shop.Make();
  EXPECT_FALSE(second.prepared.from_cache);
  EXPECT_EQ(first.prepared.digest, second.prepared.digest);
  for (std::size_t layer = 0; layer < 2; ++layer) {
    const auto tree = Describe(first.lower[layer]);
    EXPECT_GT(tree.size(), 20U);
    EXPECT_EQ(tree, Describe(second.lower[layer]));
  }
}

TEST(Root, HasADigestOfItsPackages) {
  Workshop shop;
  const Sha256Digest without = shop.Make().prepared.digest;
  shop.Add("lively", LivelyDeb());
  EXPECT_NE(shop.Make().prepared.digest, without);
}

TEST(Root, ThatCannotBeConfiguredTellsWhatTheScriptSaid) {
  Workshop shop;
  shop.Add("broken", MakeDeb(Control("broken"), {Directory("./")},
                             {File("./postinst", Script("echo I have no mouth\nexit 7\n"), 0755)}));
  try {
    shop.Make();
    ADD_FAILURE() << "was made";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("I have no mouth"));
    EXPECT_THAT(error.what(), HasSubstr("maintainer scripts"));
  }
  EXPECT_THAT(shop.Unfinished(), testing::IsEmpty());
  EXPECT_THROW(shop.Make(), Error);  // and is not taken from the cache
}

TEST(Root, OfAScriptThatFillsTheDiskIsRefused) {
  Workshop shop;
  shop.config().disk_limit = 4 << 20;
  shop.Add("greedy", MakeDeb(Control("greedy"), {Directory("./")},
                             {File("./postinst", Script("while :; do cat /bin/*; done > /flood\n"), 0755)}));
  try {
    shop.Make();
    ADD_FAILURE() << "was made";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("disk"));
  }
  EXPECT_THAT(shop.Unfinished(), testing::IsEmpty());
}

TEST(Root, ThatLeavesAPackageHalfDoneIsRefused) {
  Workshop shop;
  shop.Add("needy", MakeDeb(Control("needy", "Depends: absent\n"), {Directory("./")}));
  EXPECT_THROW(shop.Make(), Error);
}

TEST(Root, OfAHostilePackageNamesItAndIsNotMade) {
  Workshop shop;
  shop.Add("hostile", MakeDeb(Control("hostile"), {Link("./l", "/tmp"), File("./l/f", "")}));
  try {
    shop.Make();
    ADD_FAILURE() << "was made";
  } catch (const ParseError& error) {
    EXPECT_THAT(error.what(), HasSubstr("hostile_1.0-1_amd64.deb"));
  }
  EXPECT_TRUE(fs::is_empty(shop.Cache() / "roots"));
}

TEST(Root, NeedsItsPackagesInTheStore) {
  Workshop shop;
  shop.lock().files[0].sha256 = Sha256("never stored");
  EXPECT_THROW(shop.Make(), MissingError);
  shop.lock().files.clear();
  EXPECT_THROW(shop.Make(), MissingError);
}

TEST(Root, IsNotMadeWhenCancelled) {
  Workshop shop;
  const std::atomic<bool> cancelled{true};
  shop.config().cancelled = &cancelled;
  EXPECT_THROW(shop.Make(), CancelledError);
  EXPECT_TRUE(fs::is_empty(shop.Cache() / "roots"));
}

TEST(Root, IsMadeByManyAtOnce) {
  Workshop shop;
  shop.Add("lively", LivelyDeb());
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    if (i == 2) shop.Add("poking", PokingDeb());  // another root of mostly the same packages
    children.push_back(MakeInChild(shop));
  }
  for (const pid_t child : children) {
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_TRUE(shop.Make().prepared.from_cache);
}

TEST(Root, IsMadeAfterRunsThatWereKilled) {
  Workshop shop;
  shop.Add("essence", MakeDeb(Control("essence", "Essential: yes\nDepends: host-tools\n"), {Directory("./")}));
  shop.Add("lively", LivelyDeb());
  std::minstd_rand random(static_cast<unsigned>(::getpid()));
  for (int i = 0; i < 6; ++i) {
    const pid_t child = MakeInChild(shop);
    ::usleep(static_cast<unsigned>(random() % 400'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  const RootLayers made = shop.Make();
  EXPECT_THAT(ReadFile(made.lower[0] / "var/lib/dpkg/status"), Not(HasSubstr("unpacked")));
  shop.Add("poking", PokingDeb());
  shop.Make();
  EXPECT_THAT(shop.Unfinished(), testing::IsEmpty());
}

TEST(Root, OfAnotherBootIsRemovedAndOtherFilesAreNot) {
  Workshop shop;
  const std::string ids = "-" + std::to_string(shop.map().first_uid);
  const fs::path old = shop.config().cache_directory / ("00000000-0000-4000-8000-000000000000" + ids);
  const fs::path others = shop.config().cache_directory / ("photographs" + ids);
  fs::create_directories(old / "packages");
  fs::create_directories(others);
  shop.Make();
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(others));
}

}  // namespace
}  // namespace nachbau::builder
