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

// Whether a crash inside leaves nothing outside. The machine's handler (core_pattern "|…") runs as root outside all
// namespaces, whatever the usual limit 0 says; only the limit 1 keeps it away (core(5), fs/coredump.c).
struct CoreDumps {
  bool prevented = false;
  std::string description;
};
CoreDumps FindCoreDumps();
// For the text of /proc/sys/kernel/core_pattern and the hard limit that this process has.
CoreDumps JudgeCoreDumps(std::string_view pattern, rlim_t hard_limit);

}  // namespace nachbau::builder
