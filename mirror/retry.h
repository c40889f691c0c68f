// When and how often a server is asked again.
#pragma once

#include "base/error.h"
#include "mirror/mirror.h"

namespace nachbau::mirror {

inline constexpr int kTries = 4;

// A refusal will not get better by asking again, except for "too many requests" and time-outs; nor will a file that is
// longer than it should be.
bool WorthAnotherTry(const NetworkError& error);

// Waits before another try, longer each time; `attempt` counts from 0. Throws CancelledError when the work is cancelled.
void BackOff(int attempt, const MirrorConfig& config);

}  // namespace nachbau::mirror
