// What builds under deliberate differences came to, for a person at a terminal.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/catalogue.h"
#include "model/variation.h"

namespace nachbau::report {

// `known`: each variation's name and what it does; `document`: where the whole report stands. Several lines.
std::string FormatVariations(const VariationReport& report, const std::vector<std::pair<std::string, Message>>& known,
                             const std::filesystem::path& document, const Catalogue& catalogue);

}  // namespace nachbau::report
