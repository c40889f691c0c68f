#include "builder/sandbox/limits.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"

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
  set(RLIMIT_CORE, 0, 0);
  set(RLIMIT_NOFILE, 1024, 65536);       // the same on every machine: some configure scripts compile it in
  set(RLIMIT_STACK, 8 << 20, RLIM_INFINITY);
  if (limits.processes != 0) set(RLIMIT_NPROC, limits.processes, limits.processes);
  if (limits.file_size != 0) set(RLIMIT_FSIZE, limits.file_size, limits.file_size);
  if (limits.memory != 0 && !memory_by_group) set(RLIMIT_DATA, limits.memory, limits.memory);
  return all;
}

void SetProcessLimitsInside(const std::vector<ProcessLimit>& limits, const StepReporter& step) {
  for (const ProcessLimit& limit : limits) {
    step.Check(::syscall(SYS_prlimit64, 0, static_cast<int>(limit.resource), &limit.value, nullptr),
               "set a resource limit");
  }
}

}  // namespace nachbau::builder
