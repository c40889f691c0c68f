// How progress is shown: live lines on a terminal, plain lines elsewhere (cron, CI, a pipe).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/catalogue.h"
#include "base/progress.h"

namespace nachbau::cli {

struct PlainStyle {
  std::uint64_t interval_ms = 15'000;  // between two lines about the same work
  std::string mark;                    // begins every line about work, but not notes
};

// Plain: one line when work has taken a second, one every 15 seconds, one at its end.
std::unique_ptr<Progress> MakePlainProgress(const Catalogue& catalogue, const PlainStyle& style = {});

// Live: running work at the bottom, redrawn ten times a second, finished work above. Only for a terminal on standard
// error. Colours unless NO_COLOR is set.
std::unique_ptr<Progress> MakeTerminalProgress(const Catalogue& catalogue);

}  // namespace nachbau::cli
