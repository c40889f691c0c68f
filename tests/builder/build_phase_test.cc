#include "builder/build_phase.h"

#include <gtest/gtest.h>

namespace nachbau::builder {
namespace {

TEST(BuildPhaseTest, IsToldByTheWordsOfTheToolsThemselves) {
  const std::vector<std::pair<const char*, BuildPhase>> cases = {
      {"dpkg-source: info: extracting hello in /build/hello-1", BuildPhase::kUnpacking},
      {"dpkg-buildpackage: info: source package hello", BuildPhase::kBuilding},
      {"   dh_auto_configure -O--parallel", BuildPhase::kConfiguring},
      {"   dh_autoreconf", BuildPhase::kConfiguring},
      {"   debian/rules override_dh_auto_build", BuildPhase::kCompiling},
      {"   debian/rules execute_after_dh_auto_install", BuildPhase::kInstalling},
      {"dh_auto_build -- all", BuildPhase::kCompiling},
      {"   dh_auto_test", BuildPhase::kTesting},
      {"   dh_installdocs", BuildPhase::kInstalling},
      {"   dh_installdeb", BuildPhase::kPackaging},
      {"   dh_strip_nondeterminism", BuildPhase::kPackaging},
      {"dpkg-deb: building package 'hello' in '../hello.deb'.", BuildPhase::kPackaging},
      {" dpkg-genbuildinfo --build=binary", BuildPhase::kPackaging},
  };
  for (const auto& [line, phase] : cases) EXPECT_EQ(PhaseBegunBy(line), phase) << line;
}

TEST(BuildPhaseTest, IsNotGuessedFromOtherLines) {
  for (const char* line :
       {"", "gcc -c a.c", "cp dh_auto_install /usr/bin", "          dh_auto_build", " debian/rules build",
        "dh_auto_configurex", "dh: command-omitted: The call to \"dh_auto_test\" was omitted",
        "dpkg-buildpackage: info: binary-only upload (no source)"}) {
    EXPECT_EQ(PhaseBegunBy(line), std::nullopt) << line;
  }
}

}  // namespace
}  // namespace nachbau::builder
