// Where in its life a build is, told from the lines of its log.
#pragma once

#include <optional>
#include <string_view>

#include "base/message.h"

namespace nachbau::builder {

enum class BuildPhase { kBuilding, kUnpacking, kConfiguring, kCompiling, kTesting, kInstalling, kPackaging };

// The phase that begins with this line: by the words of dpkg-source, dpkg-buildpackage and debhelper at its beginning.
// Nothing for every other line, and nothing is guessed: a package that does without debhelper is "building".
std::optional<BuildPhase> PhaseBegunBy(std::string_view line);

Message Label(BuildPhase phase);

}  // namespace nachbau::builder
