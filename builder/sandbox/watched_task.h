// Looks into a task (thread) of the sandbox that waits for the answer to a notification. What is read is true only if the
// notification is still valid afterwards: else the number may be another task's by now.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace nachbau::builder {

class WatchedTask {
 public:
  explicit WatchedTask(pid_t task) : task_(task) {}

  pid_t task() const { return task_; }
  // Up to the zero byte; nothing where the memory cannot be read, or beyond PATH_MAX.
  std::optional<std::string> ReadText(std::uint64_t address) const;
  // The NULL-terminated array of texts at `address`; cut after 64 KiB in all, each text at PATH_MAX.
  std::vector<std::string> ReadTexts(std::uint64_t address) const;
  bool Read(std::uint64_t address, void* to, std::size_t size) const;
  bool Write(std::uint64_t address, const void* from, std::size_t size) const;
  // Also where the memory is not writable for the task itself.
  bool ForceWrite(std::uint64_t address, const void* from, std::size_t size) const;
  // The target of a link of /proc/TASK: "cwd", "fd/3"; empty when there is none.
  std::string Link(const char* name) const;
  // A descriptor of this process for what the task has open as `number`, position included; invalid when there is none.
  FileDescriptor Share(int number) const;
  // Value for `key` in /proc/TASK/auxv (getauxval(3)).
  std::optional<std::uint64_t> AuxiliaryValue(std::uint64_t key) const;

  struct Status {
    pid_t process = 0, parent = 0;  // thread group; 0 when unknown
  };
  Status ReadStatus() const;

  struct Descriptor {
    int number = -1;
    bool readable = false, writable = false;
    std::uint64_t pipe = 0;  // inode of the pipe; 0: a file
    std::string path;        // of the file
  };
  // Regular files and pipes without a name that stay open when the task runs another program.
  std::vector<Descriptor> InheritedDescriptors() const;

 private:
  std::string Path(const char* name) const;
  pid_t task_;
};

}  // namespace nachbau::builder
