// Capabilities inside the sandbox: none for builds, the few that maintainer scripts need for them. capabilities(7)
#pragma once

#include "builder/sandbox/report.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

// Inside. Drops everything else from the bounding set, changes to the user (1000 for kBuilder) and leaves in all sets
// only what he keeps. Sets no_new_privs. keep_groups: the kernel forbids to give them up (map of one id).
void DropPrivilegesInside(SandboxUser user, bool keep_groups, const StepReporter& step);

// Inside: keeps nothing, for the process that only waits.
void DropAllCapabilitiesInside(const StepReporter& step);

}  // namespace nachbau::builder
