// A child process that is watched while it works. For short ones see process.h.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.h"

namespace nachbau {

// Runs in a session of its own, so that Ctrl-C reaches this process only, with this process's environment and /dev/null
// as standard input. Killed and collected by the destructor if it still runs.
class ChildProcess {
 public:
  // arguments[0] is the path of the program. Throws SystemError.
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The reading ends of its standard output and error; not blocking.
  FileDescriptor& output() { return output_; }
  FileDescriptor& error() { return error_; }
  void Signal(int signal) const;
  int Wait();  // blocks; the exit code, 128 + number of the signal that killed it

 private:
  pid_t pid_ = -1;
  FileDescriptor output_, error_;
};

}  // namespace nachbau
