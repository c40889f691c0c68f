// The process that answers the notified system calls of a sandbox: it records them and gives virtual values.
//
// A process of its own, root in the sandbox's user namespace, because the files and processes it must look at belong to
// mapped ids. It is outside of the sandbox's other namespaces. What a build does to mislead it can spoil the trace of that
// build, and nothing else: it decides nothing (docs/decisions/0027-observer.md).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "builder/sandbox/sandbox.h"
#include "model/trace.h"

namespace nachbau::builder {

struct ObserverPlan {
  bool trace = false;
  VirtualValues virtual_values;
  std::vector<std::string> first_program;  // path and arguments of the sandbox's command
  std::uint64_t log_pipe = 0;              // inode
  std::uint32_t id = 0;                    // to have inside, with all capabilities
};

class Observer {
 public:
  // user_namespace: descriptor of the sandbox's /proc/PID/ns/user; listener, root: from inside (StepReporter::Observe).
  // Throws SystemError; Error where the virtual values cannot be given.
  Observer(const ObserverPlan& plan, const FileDescriptor& user_namespace, FileDescriptor listener, FileDescriptor root);
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  // Becomes readable when the process has ended, which before Finish it should not.
  int descriptor() const { return pidfd_.get(); }

  // To be called when no process of the sandbox is left. Throws what went wrong in the process.
  std::optional<Trace> Finish();

 private:
  bool trace_;
  pid_t pid_ = -1;
  FileDescriptor pidfd_, result_;
};

}  // namespace nachbau::builder
