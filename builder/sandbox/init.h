// The first process inside: sets everything up, starts the command, waits for it and collects orphans. When it ends, the
// kernel kills all others of its process namespace.
#pragma once

#include <linux/filter.h>
#include <sched.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "builder/sandbox/landlock.h"
#include "builder/sandbox/limits.h"
#include "builder/sandbox/mounts.h"
#include "builder/sandbox/report.h"
#include "builder/sandbox/sandbox.h"
#include "builder/sandbox/seccomp.h"

namespace nachbau::builder {

// Names in /proc/self/ns, and whether the namespace is made by clone or later.
inline constexpr std::array<const char*, 8> kNamespaces = {"cgroup", "ipc",  "mnt",               "net",
                                                           "pid",    "user", "time_for_children", "uts"};

// Everything prepared before the clone. The inside allocates nothing.
struct InitPlan {
  MountPlan mounts;
  SeccompFilters filters;
  LandlockPlan landlock;
  std::vector<sock_filter> notified;          // calls that an observer answers; empty: no observer
  std::vector<ProcessLimit> limits_with_group, limits_alone;
  std::vector<char*> arguments, environment;  // NULL at the end
  std::string working_directory, host_name;
  SandboxUser user = SandboxUser::kBuilder;
  std::uint32_t first_id = 0;                 // of this process: root inside, or the only id there is
  bool one_id = false;                        // so that groups cannot be given up
  std::array<std::uint64_t, kNamespaces.size()> host_namespaces{};  // inode numbers
  bool time_namespace = false;
  bool fixed_addresses = false;
  bool terminal = false;
  cpu_set_t processors{};                     // to run on; empty: as nachbau does
  std::uintptr_t arguments_begin = 0, arguments_end = 0;  // where the kernel reads /proc/PID/cmdline
  int go = -1;       // read end: one byte when the maps are written: 'g' in a control group, 'a' without
  int log = -1;      // write end
  int reports = -1;  // socket
};

// Inside; never returns.
[[noreturn]] void RunInitInside(InitPlan& plan);

}  // namespace nachbau::builder
