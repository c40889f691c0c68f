// The network inside: a loopback of its own and nothing else.
#pragma once

#include "builder/sandbox/report.h"

namespace nachbau::builder {

// Inside, in the new network namespace.
void BringLoopbackUpInside(const StepReporter& step);

}  // namespace nachbau::builder
