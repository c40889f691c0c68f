// The file tree inside: overlay root, /dev, /proc, /sys, /run, /tmp, read-only binds; and moving into it.
//
// Only the mount API of descriptors is used (fsopen, open_tree, move_mount): names of the host are never part of an
// option string, every target is found beneath the root without following links of the tree (its content is foreign),
// and /proc/mounts inside tells nothing of the host's directories.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "builder/sandbox/report.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

inline constexpr std::size_t kMaxLayers = 500;  // of the kernel, for lower layers

// A host file or directory to show, and where. `steps` are the target and its parents, outermost first.
struct Bind {
  std::string source;
  std::vector<std::string> steps;  // relative to the root
  int tree = -1;                   // inside: the detached mount
};

// All that the inside needs, made before the clone so that nothing is allocated there.
struct MountPlan {
  std::vector<std::string> lower;
  std::string upper, work;
  std::vector<int> lower_directories;   // inside: O_PATH descriptors
  std::string lower_names;              // inside: space for "5:6:7…", for kernels before 6.8
  std::vector<char> mount_table;        // inside: space for /proc/self/mountinfo
  std::vector<Bind> binds;
  std::string processors_online, processors_possible, processors_present;  // texts of the files of /sys
  std::string tmpfs_size;               // option of tmpfs: "50%" or bytes
  bool mount_by_string = false;
  bool terminal_group = true;           // there is a group 5 for terminals
  bool tmp_in_memory = false;           // maintainer scripts: what they leave in /tmp is gone afterwards
};

// Throws Error for a request that cannot be: too many layers, a relative target, a target beneath /proc, /sys or /dev.
MountPlan MakeMountPlan(const SandboxRequest& request);

// Inside, while still having the user ids of the parent: opens everything of the host that is needed.
struct HostDirectories {
  int upper = -1, work = -1;
};
HostDirectories OpenHostInside(MountPlan& plan, const StepReporter& step);

// Inside, as root inside: mounts all and moves into it. Returns a descriptor of the new /proc.
int EnterRootInside(MountPlan& plan, const HostDirectories& host, const StepReporter& step);

}  // namespace nachbau::builder
