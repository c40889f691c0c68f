#include "builder/base_packages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/builder/deb_maker.h"

namespace nachbau::builder {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Given {
  const char* name;
  const char* fields;
};

std::vector<std::string> BaseOf(const std::vector<Given>& packages) {
  std::vector<std::string> controls, names;
  for (const Given& package : packages) controls.push_back(Control(package.name, package.fields));
  const std::vector<bool> chosen = FindBasePackages(controls);
  for (std::size_t i = 0; i < packages.size(); ++i) {
    if (chosen[i]) names.emplace_back(packages[i].name);
  }
  return names;
}

TEST(FindBasePackages, TakesWhatTheEssentialPackagesNeed) {
  EXPECT_THAT(BaseOf({{"build-essential", "Depends: make, gcc (>= 4:12)\n"},
                      {"debhelper", "Depends: make\n"},
                      {"fakeroot", "Depends: libfakeroot\n"},
                      {"gcc", ""},
                      {"libc6", "Depends: libgcc-s1\n"},
                      {"libfakeroot", ""},
                      {"libgcc-s1", "Depends: libc6\n"},  // a cycle
                      {"libz", ""},
                      {"make", ""},
                      {"sh", "Essential: yes\nPre-Depends: libc6 (>= 2.36)\nRecommends: libz\n"}}),
              ElementsAre("build-essential", "fakeroot", "gcc", "libc6", "libfakeroot", "libgcc-s1", "make", "sh"));
}

TEST(FindBasePackages, ChoosesAmongAlternativesWithoutComparingVersions) {
  struct Case {
    const char* depends;
    std::vector<Given> packages;
    std::vector<std::string> chosen;
  };
  const std::vector<Case> cases = {
      {"b | a", {{"a", ""}, {"b", ""}}, {"b"}},
      {"none | b", {{"a", ""}, {"b", ""}}, {"b"}},
      {"b:any", {{"b", ""}}, {"b"}},
      {"b (>= 5) | a", {{"a", ""}, {"b", ""}}, {"a", "b"}},  // whichever it is that suffices
      {"b | v", {{"a", "Provides: v\n"}, {"b", ""}}, {"b"}},
      {"v", {{"a", "Provides: w, v (= 1)\n"}, {"b", "Provides: v\n"}}, {"a"}},
      {"awk",
       {{"gawk", "Priority: optional\nProvides: awk\n"}, {"mawk", "Priority: required\nProvides: awk\n"}},
       {"mawk"}},
      {"none", {{"a", ""}}, {}},
  };
  for (const Case& one : cases) {
    const std::string fields = std::string("Essential: yes\nDepends: ") + one.depends + "\n";
    std::vector<Given> packages = one.packages;
    packages.push_back({"zz", fields.c_str()});
    std::vector<std::string> wanted = one.chosen;
    wanted.emplace_back("zz");
    EXPECT_EQ(BaseOf(packages), wanted) << one.depends;
    // What was chosen chooses itself.
    std::erase_if(packages, [&](const Given& package) {
      return std::find(wanted.begin(), wanted.end(), package.name) == wanted.end();
    });
    EXPECT_EQ(BaseOf(packages), wanted) << one.depends;
  }
}

TEST(FindBasePackages, FindsNoneWhereNothingIsEssentialOrTwoHaveOneName) {
  EXPECT_THAT(BaseOf({}), IsEmpty());
  EXPECT_THAT(BaseOf({{"build-essential", ""}, {"fakeroot", ""}}), IsEmpty());
  EXPECT_THAT(BaseOf({{"a", "Essential: yes\n"}, {"a", ""}}), IsEmpty());
  EXPECT_THROW(FindBasePackages({"Essential: yes\n"}), ParseError);
}

}  // namespace
}  // namespace nachbau::builder
