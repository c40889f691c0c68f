// What the processes of a sandbox use together, added up from its /proc. For machines or users without control groups.
#pragma once

#include <cstdint>

#include "base/fd.h"

namespace nachbau::builder {

struct ProcessUsage {
  std::uint64_t memory = 0;   // bytes of private memory
  std::uint64_t threads = 0;
};

// `proc`: the root directory of the sandbox's /proc. Reads at most `most` processes.
ProcessUsage AddUpProcesses(const FileDescriptor& proc, std::uint64_t most);

}  // namespace nachbau::builder
