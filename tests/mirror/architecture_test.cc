#include "mirror/architecture.h"

#include <gtest/gtest.h>

namespace nachbau::mirror {
namespace {

// Expected values: dpkg-architecture -a ARCHITECTURE -i WILDCARD
TEST(ArchitectureMatchesTest, AgreesWithDpkg) {
  const struct {
    const char *architecture, *wildcard;
    bool matches;
  } cases[] = {
      {"amd64", "amd64", true},
      {"amd64", "any", true},
      {"amd64", "linux-any", true},
      {"amd64", "any-amd64", true},
      {"amd64", "i386", false},
      {"amd64", "hurd-any", false},
      {"armhf", "any-arm", true},
      {"armel", "any-arm", true},
      {"arm64", "any-arm", false},
      {"arm64", "linux-any", true},
      {"hurd-i386", "any-i386", true},
      {"hurd-i386", "linux-any", false},
      {"hurd-i386", "any", true},
      {"kfreebsd-amd64", "any-amd64", true},
      {"kfreebsd-amd64", "linux-any", false},
      {"x32", "any-amd64", true},
      {"x32", "linux-any", true},
      {"mips64el", "any-mips64el", true},
      {"mips64el", "base-any-any-any", false},
      {"armhf", "eabihf-any-any-any", true},
      {"armel", "eabihf-any-any-any", false},
      {"musl-linux-amd64", "musl-any-any", true},
      {"musl-linux-amd64", "linux-any", true},
      {"musl-linux-amd64", "amd64", false},
      {"musl-linux-armhf", "any-arm", true},
      {"amd64", "musl-any-any", false},
      {"amd64", "gnu-any-any", true},
      {"amd64", "gnu-linux-any", true},
      {"amd64", "any-linux-any", true},
      {"riscv64", "linux-any", true},
      {"riscv64", "any-riscv64", true},
      {"loong64", "any", true},
      {"amd64", "linux-amd64", true},
      {"amd64", "linux-i386", false},
      {"armhf", "linux-armhf", true},
      {"armhf", "linux-armel", false},
      {"hurd-i386", "linux-i386", false},
      {"i386", "hurd-i386", false},
      {"arm64", "any-any-arm64", true},
      {"amd64", "linux-gnu-any", false},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(ArchitectureMatches(one.architecture, one.wildcard), one.matches)
        << one.architecture << " " << one.wildcard;
  }
}

TEST(ArchitectureMatchesTest, KeepsAllApart) {
  EXPECT_TRUE(ArchitectureMatches("all", "all"));
  EXPECT_FALSE(ArchitectureMatches("all", "any"));
  EXPECT_FALSE(ArchitectureMatches("amd64", "all"));
  EXPECT_FALSE(ArchitectureMatches("amd64", ""));
}

TEST(ArchitectureAppliesTest, CombinesEntries) {
  EXPECT_TRUE(ArchitectureApplies({}, "amd64"));
  EXPECT_TRUE(ArchitectureApplies({"i386", "linux-any"}, "amd64"));
  EXPECT_FALSE(ArchitectureApplies({"i386", "any-arm"}, "amd64"));
  EXPECT_TRUE(ArchitectureApplies({"!i386", "!armel"}, "amd64"));
  EXPECT_FALSE(ArchitectureApplies({"!i386", "!linux-any"}, "amd64"));
  EXPECT_TRUE(ArchitectureApplies({"linux-any", "!amd64"}, "amd64"));
  EXPECT_FALSE(ArchitectureApplies({"!amd64", "linux-any"}, "amd64"));
  EXPECT_TRUE(ArchitectureApplies({"!amd64", "linux-any"}, "hurd-i386"));
}

}  // namespace
}  // namespace nachbau::mirror
