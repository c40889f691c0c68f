// The system calls that the command may make.
//
// Two filters. The first is a list of what an ordinary build uses; everything else answers ENOSYS, as on an older
// kernel, so that programs fall back. The second names what is refused on purpose, by call or by argument, and answers
// EPERM. A filter for one ABI only: a call by another one (i386, x32 on amd64) ends the process.
#pragma once

#include <linux/filter.h>

#include <vector>

#include "builder/sandbox/report.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

struct SeccompFilters {
  std::vector<sock_filter> allowed;
  std::vector<sock_filter> owners;   // may be empty
  std::vector<sock_filter> refused;  // to be installed last: of two equal actions the newest filter's value counts
};

// The calls that an observer is asked about before the kernel carries them out (seccomp_unotify(2)); of those that the
// other filters allow. Never a matter of protection: what a call points to may change until it is carried out.
std::vector<sock_filter> MakeNotifyFilter(bool trace, const VirtualValues& values);

// What chown(2) and its like do. With one id only, all others do not exist for the kernel, which then answers EINVAL.
enum class OwnerCalls {
  kReal,
  kPretended,  // for maintainer scripts: success without effect; also for becoming another user
  kOwnIdOnly,  // for builds: EPERM for every id but the build user's, as if there were others
};

// Calls that answer 0 at once, without effect.
struct SkippedCalls {
  bool sync = false;   // fsync(2) and its like
  bool sleep = false;  // nanosleep(2) and its like
};

SeccompFilters MakeSeccompFilters(SkippedCalls skipped, OwnerCalls owners);

// Inside. Needs no_new_privs.
void InstallSeccompInside(const SeccompFilters& filters, const StepReporter& step);

// Inside, after these. Returns the descriptor on which the calls are answered.
int InstallNotifyInside(const std::vector<sock_filter>& filter, const StepReporter& step);

}  // namespace nachbau::builder
