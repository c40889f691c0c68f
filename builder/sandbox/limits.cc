#include "builder/sandbox/limits.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/file.h"

namespace nachbau::builder {

std::vector<ProcessLimit> MakeProcessLimits(const SandboxLimits& limits, bool memory_by_group) {
  std::vector<ProcessLimit> all;
  // Never above what this process may have: only the host's root could raise it.
  const auto set = [&](auto resource, rlim_t soft, rlim_t hard) {
    rlimit now{};
    if (::getrlimit(resource, &now) != 0) throw SystemError(errno, Msg("read a resource limit"));
    hard = std::min(hard, now.rlim_max);
    all.push_back({resource, {std::min(soft, hard), hard}});
  };
  set(RLIMIT_CORE, 1, 1);                // no core file is that small; see FindCoreDumps
  set(RLIMIT_RTPRIO, 0, 0);              // no real-time priority and none above the usual, whoever started nachbau
  set(RLIMIT_NICE, 0, 0);
  set(RLIMIT_NOFILE, 1024, 65536);       // the same on every machine: some configure scripts compile it in
  set(RLIMIT_STACK, 8 << 20, RLIM_INFINITY);
  if (limits.processes != 0) set(RLIMIT_NPROC, limits.processes, limits.processes);
  if (limits.file_size != 0) set(RLIMIT_FSIZE, limits.file_size, limits.file_size);
  if (limits.memory != 0 && !memory_by_group) set(RLIMIT_DATA, limits.memory, limits.memory);
  return all;
}

CoreDumps JudgeCoreDumps(std::string_view pattern, rlim_t hard_limit) {
  if (pattern.starts_with('@') || (pattern.starts_with('|') && hard_limit == 0)) {
    return {false, "reduced: the machine's own handler is called for a crash inside (kernel.core_pattern)"};
  }
  return {true, pattern.starts_with('|') ? "none; the machine's handler is not called" : "none"};
}

CoreDumps FindCoreDumps() {
  rlimit now{};
  if (::getrlimit(RLIMIT_CORE, &now) != 0) throw SystemError(errno, Msg("read a resource limit"));
  return JudgeCoreDumps(ReadFile("/proc/sys/kernel/core_pattern", 4096), now.rlim_max);
}

void SetProcessLimitsInside(const std::vector<ProcessLimit>& limits, const StepReporter& step) {
  for (const ProcessLimit& limit : limits) {
    step.Check(::syscall(SYS_prlimit64, 0, static_cast<int>(limit.resource), &limit.value, nullptr),
               "set a resource limit");
  }
}

}  // namespace nachbau::builder
