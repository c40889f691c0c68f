// Answers system calls with values that are not this machine's: its clock, kernel, processors, randomness.
// docs/decisions/0027-observer.md
//
// The calls that carry these values are notified (seccomp_unotify(2)). The C library would take the time without any call,
// from the vDSO; so the vDSO of each program is rewritten, when the program sets up its thread pointer, to make the calls.
#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/fd.h"
#include "builder/sandbox/directory_order.h"
#include "builder/sandbox/sandbox.h"
#include "builder/sandbox/watched_task.h"

namespace nachbau::builder {

class VirtualMachine {
 public:
  // Throws Error where this architecture is not supported.
  explicit VirtualMachine(const VirtualValues& values);

  struct Answer {
    enum class Kind { kContinue, kValue, kFile } kind = Kind::kContinue;
    std::int64_t value = 0;  // kValue: of the call; negative: -errno
    int file = -1;           // kFile: descriptor to hand over, which stays this object's
    bool close_on_exec = false;
  };
  // To be asked before the kernel carries a notified call out.
  Answer Ask(const seccomp_notif& call);
  // Programs whose vDSO could not be rewritten: they may have seen the real clock.
  std::uint64_t missed() const { return missed_; }

 private:
  std::optional<std::int64_t> Nanoseconds(pid_t task);
  Answer GiveFile(const std::string& path, std::uint64_t flags);
  void Prepare(const WatchedTask& task);
  Answer Random(const WatchedTask& task, std::uint64_t address, std::uint64_t size);

  const VirtualValues values_;
  DirectoryOrder order_;
  struct Patch {
    std::uint64_t offset = 0;  // in the vDSO
    std::vector<unsigned char> code;
  };
  std::vector<Patch> patches_;
  std::map<std::string, std::string> texts_;    // of files, by path
  std::map<std::string, FileDescriptor> files_; // the same, open
  struct Seen {
    std::uint64_t times = 0, random = 0;
  };
  std::unordered_map<pid_t, Seen> seen_;        // by task, since its program started
  std::uint64_t missed_ = 0;
};

}  // namespace nachbau::builder
