// A control group for one sandbox: memory and number of processes of all its processes together. cgroups(7)
//
// Made beneath the group of this process (so that limits set on nachbau itself go on holding) or, for version 2, beside
// it: version 2 allows no limits beneath a group that has processes. Named "nachbau-PID-STARTTIME-N"; those whose
// maker no longer runs are removed by the next.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

class ControlGroup {
 public:
  // Nothing when this user or machine cannot have one; `why_not` then says so.
  static std::optional<ControlGroup> Make(const SandboxLimits& limits, std::string& why_not);
  ControlGroup(ControlGroup&& other) noexcept;
  ControlGroup& operator=(ControlGroup&&) = delete;
  ~ControlGroup();  // removes it; its processes must be gone

  void Add(pid_t pid) const;                 // throws SystemError
  void Kill() const;                         // where the kernel can kill the group at once; else nothing
  std::uint64_t PeakMemory() const;          // bytes; 0 if the kernel does not tell
  std::uint64_t KilledForMemory() const;     // number of processes
  std::uint64_t RefusedProcesses() const;    // number of forks refused for the limit
  std::string Description() const;           // "control group version 2"

 private:
  ControlGroup() = default;
  bool unified_ = false;
  std::filesystem::path memory_, pids_;  // the same for version 2
};

// Where the groups of this process are: lines of /proc/self/cgroup and /proc/self/mountinfo.
struct GroupDirectories {
  std::optional<std::filesystem::path> unified, memory, pids;
};
GroupDirectories FindGroupDirectories(std::string_view cgroup, std::string_view mountinfo);

// The process and its start time in a group's name, or nothing for other names.
struct GroupOwner {
  pid_t pid = 0;
  std::uint64_t start_time = 0;
};
std::optional<GroupOwner> ParseGroupName(std::string_view name);

}  // namespace nachbau::builder
