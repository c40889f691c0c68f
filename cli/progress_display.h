// How progress is shown: live lines on a terminal, plain lines elsewhere (cron, CI, a pipe).
#pragma once

#include <memory>

#include "base/catalogue.h"
#include "base/progress.h"

namespace nachbau::cli {

// Plain: one line when work longer than a second starts, one every 15 seconds, one at its end.
std::unique_ptr<Progress> MakePlainProgress(const Catalogue& catalogue);

// Live: running work at the bottom, redrawn ten times a second, finished work above. Only for a terminal on standard
// error. Colours unless NO_COLOR is set.
std::unique_ptr<Progress> MakeTerminalProgress(const Catalogue& catalogue);

}  // namespace nachbau::cli
