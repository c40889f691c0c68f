// A second wall behind the namespaces, where the kernel has Landlock (landlock(7)): the command and all it starts may not
// signal processes or reach abstract sockets outside, make devices, or control devices other than terminals. Everything it
// guards is also kept by other means (namespaces, mounts without devices, the filter of system calls), so that a kernel
// without it is no reason to refuse; a kernel with it that does not take the rules is.
#pragma once

#include <cstdint>
#include <string>

#include "builder/sandbox/report.h"

namespace nachbau::builder {

// What this kernel can do, found out before the clone.
struct LandlockPlan {
  int abi = 0;                     // 0: none
  std::uint64_t file_rights = 0;   // that are taken away unless a rule gives them back
  std::uint64_t scopes = 0;
  std::string description;         // for the build record
};

// Throws SystemError for an answer of the kernel that is neither a number nor "there is none".
LandlockPlan MakeLandlockPlan();
// As on a kernel with this ABI; 0 is one without.
LandlockPlan MakeLandlockPlan(int abi);

// Inside, in the command's own process and with no_new_privs. Needs the root and /dev of the sandbox in place.
void InstallLandlockInside(const LandlockPlan& plan, const StepReporter& step);

}  // namespace nachbau::builder
