// Limits that each process carries. setrlimit(2)
#pragma once

#include <sys/resource.h>

#include <vector>

#include "builder/sandbox/report.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

struct ProcessLimit {
  decltype(RLIMIT_CORE) resource;
  rlimit value;
};

// memory_by_group: a control group bounds the memory of all together; without one each process gets the limit for its
// own private memory (RLIMIT_DATA; not RLIMIT_AS, which would break programs that only reserve addresses).
std::vector<ProcessLimit> MakeProcessLimits(const SandboxLimits& limits, bool memory_by_group);

void SetProcessLimitsInside(const std::vector<ProcessLimit>& limits, const StepReporter& step);

}  // namespace nachbau::builder
