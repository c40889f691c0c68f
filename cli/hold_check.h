// Holds against the log of events: is each one as it was added, and is none gone that nobody released?
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "model/hold.h"

namespace nachbau::cli {

struct CheckedHold {
  Hold hold;
  bool recorded = false;  // a signed event tells of exactly this hold
};

struct HoldCheck {
  std::vector<CheckedHold> holds;    // in force, sorted by name
  // Names of holds that events tell of, that are not in force as they were added, and that no two people released.
  std::vector<std::string> removed;
  bool Good() const;
};

HoldCheck CheckHolds(Context& context);

}  // namespace nachbau::cli
