#include "builder/build_phase.h"

#include <array>

namespace nachbau::builder {
namespace {

struct Begin {
  std::string_view word;
  BuildPhase phase;
};

// The first that fits counts, so the special ones stand above the general ones. A '*' stands for any end of the word.
constexpr std::array<Begin, 27> kSteps = {{
    {"dh_autoreconf", BuildPhase::kConfiguring},     {"dh_update_autotools_config", BuildPhase::kConfiguring},
    {"dh_auto_configure", BuildPhase::kConfiguring}, {"dh_auto_build", BuildPhase::kCompiling},
    {"dh_auto_test", BuildPhase::kTesting},          {"dh_auto_install", BuildPhase::kInstalling},
    {"dh_prep", BuildPhase::kInstalling},            {"dh_installdeb", BuildPhase::kPackaging},
    {"dh_install*", BuildPhase::kInstalling},        {"dh_missing", BuildPhase::kInstalling},
    {"dh_link", BuildPhase::kInstalling},            {"dh_strip*", BuildPhase::kPackaging},
    {"dh_compress", BuildPhase::kPackaging},         {"dh_fixperms", BuildPhase::kPackaging},
    {"dh_dwz", BuildPhase::kPackaging},              {"dh_makeshlibs", BuildPhase::kPackaging},
    {"dh_shlibdeps", BuildPhase::kPackaging},        {"dh_gencontrol", BuildPhase::kPackaging},
    {"dh_md5sums", BuildPhase::kPackaging},          {"dh_builddeb", BuildPhase::kPackaging},
    {"dpkg-shlibdeps", BuildPhase::kPackaging},      {"dpkg-gencontrol", BuildPhase::kPackaging},
    {"dpkg-deb:", BuildPhase::kPackaging},           {"dpkg-genbuildinfo", BuildPhase::kPackaging},
    {"dpkg-genchanges", BuildPhase::kPackaging},     {"dpkg-buildpackage:", BuildPhase::kBuilding},
    {"dh_testdir", BuildPhase::kBuilding},
}};

// "   debian/rules override_dh_auto_build" → "dh_auto_build"; the targets execute_before_… and execute_after_… too.
std::string_view WithoutTarget(std::string_view word) {
  for (const std::string_view prefix : {"override_", "execute_before_", "execute_after_"}) {
    if (word.starts_with(prefix)) return word.substr(prefix.size());
  }
  return word;
}

bool Fits(std::string_view word, std::string_view pattern) {
  if (!pattern.ends_with('*')) return word == pattern;
  return word.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

std::optional<BuildPhase> PhaseBegunBy(std::string_view line) {
  constexpr std::string_view kRules = "debian/rules ";
  const std::size_t begin = line.find_first_not_of(' ');
  if (begin == line.npos || begin > 3) return std::nullopt;
  line.remove_prefix(begin);
  if (line.starts_with("dpkg-source: info: extracting ")) return BuildPhase::kUnpacking;
  if (line.starts_with("dpkg-buildpackage: info: binary-only upload")) return std::nullopt;  // its last words
  if (line.starts_with(kRules)) line = WithoutTarget(line.substr(kRules.size()));
  const std::string_view word = line.substr(0, line.find(' '));
  for (const Begin& step : kSteps) {
    if (Fits(word, step.word)) return step.phase;
  }
  return std::nullopt;
}

Message Label(BuildPhase phase) {
  switch (phase) {
    case BuildPhase::kBuilding: break;
    case BuildPhase::kUnpacking: return Msg("unpacking the source");
    case BuildPhase::kConfiguring: return Msg("configuring");
    case BuildPhase::kCompiling: return Msg("compiling");
    case BuildPhase::kTesting: return Msg("testing");
    case BuildPhase::kInstalling: return Msg("installing");
    case BuildPhase::kPackaging: return Msg("packaging");
  }
  return Msg("building");
}

}  // namespace nachbau::builder
