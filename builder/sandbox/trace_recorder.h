// Turns notified system calls into the trace: processes, programs and files. docs/formats/trace.md
//
// A call is seen before the kernel carries it out, so what is recorded is: this file existed then (or was to be made), and
// the process asked for it. A call that then fails for another reason is recorded all the same; one for a missing file is not.
#pragma once

#include <linux/seccomp.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/fd.h"
#include "builder/sandbox/watched_task.h"
#include "model/trace.h"

namespace nachbau::builder {

struct TraceLimits {
  std::size_t files = 2'000'000, processes = 2'000'000, events = 20'000'000;
  std::size_t text = 512ULL << 20;  // bytes of all names and arguments
};

class TraceRecorder {
 public:
  // root: of the sandbox. first_program: its path and arguments, whose memory cannot always be read; log_pipe: inode of the
  // pipe that takes the output of the build, which leads to no other process.
  TraceRecorder(FileDescriptor root, std::vector<std::string> first_program, std::uint64_t log_pipe,
                TraceLimits limits = {});

  // The system calls it wants to see.
  static const std::vector<const char*>& Calls();

  // Records a call that is about to happen. `still_valid` tells whether its task still waits, after all has been read.
  void Record(const seccomp_notif& call, const std::function<bool()>& still_valid);

  Trace Finish();

 private:
  struct Process {
    std::uint32_t index = 0;  // in trace_.processes
    pid_t id = 0;
    FileDescriptor pidfd;     // readable when the process is gone
    std::string directory;    // current one; empty: to be asked for
    pid_t changing = 0;       // task that is about to change it
    struct Use {
      std::uint32_t read = UINT32_MAX, write = UINT32_MAX;  // time of the last event
    };
    std::unordered_map<std::uint32_t, Use> uses;  // by file
  };
  struct FileState {
    std::uint32_t changed = 0;             // time after the last event that changed its content
    std::uint32_t writer = UINT32_MAX;     // process of it
    bool exists = false;                   // was seen, and nobody has removed it since
  };
  struct Found {
    std::uint32_t file = 0;  // not of directories
    std::string path;        // of directories only
    bool directory = false, link = false, executable = false;
  };
  enum class Follow { kNo, kYes };

  Process* FindProcess(pid_t task);
  Process* AddProcess(pid_t task, const WatchedTask::Status& status);
  void ForgetDead();
  std::optional<std::string> Absolute(Process& process, const WatchedTask& task, int directory, std::uint64_t address);
  std::optional<std::string> Absolute(Process& process, const WatchedTask& task, int directory, std::string path);
  // A regular file, or a symbolic link that is not followed, or a directory; nothing else, and nothing in /dev or of a process.
  std::optional<Found> Find(const std::string& path, Follow follow);
  // Of a file that does not exist, in a directory that does: its real path, empty if there is none; its number.
  std::string NewPath(const std::string& path);
  std::optional<std::uint32_t> FindNew(const std::string& path);
  // What Find would say, without asking the kernel, where that is certain.
  std::optional<std::uint32_t> KnownFile(const std::string& path) const;
  std::uint32_t FileNumber(const std::string& path);
  void Add(Process& process, TraceAction action, std::uint32_t file, std::uint32_t other = 0);
  void Read(Process& process, std::uint32_t file);
  void Changed(Process& process, TraceAction action, std::uint32_t file, std::uint32_t other = 0);
  void Open(Process& process, const std::string& path, std::uint64_t flags, const std::function<bool()>& still_valid);
  void Run(Process& process, const std::string& path, std::vector<std::string> arguments,
           const std::vector<WatchedTask::Descriptor>& descriptors);
  void ReadInterpreters(Process& process, const std::string& path);
  void Rename(Process& process, const std::string& from, const std::string& to);
  void Link(Process& process, const std::string& from, const std::string& to, Follow follow);
  bool Count(std::size_t text);  // false when a limit is reached
  void ForgetPaths();            // a link or directory is about to lead elsewhere

  FileDescriptor root_;
  std::vector<std::string> first_program_;
  std::uint64_t log_pipe_;
  TraceLimits limits_;
  std::size_t text_ = 0;
  Trace trace_;
  std::unordered_map<std::string, std::uint32_t> numbers_;  // by path
  std::vector<FileState> states_;                           // by file
  std::unordered_map<std::string, std::uint32_t> resolved_; // path as asked for → regular file, while no link changes
  std::unordered_map<std::string, std::string> directories_;  // the same for the directories of new files
  std::unordered_set<std::string> missing_;                 // paths in the build root that do not exist
  int remember_after_ = 0;                                  // calls until paths are remembered again
  std::unordered_map<std::uint32_t, std::vector<std::string>> interpreters_;  // by file, while unchanged
  std::unordered_map<pid_t, Process> processes_;            // by thread group
  std::unordered_map<pid_t, pid_t> groups_;                 // task → thread group
  std::uint64_t looked_ = 0;                                // milliseconds: when the dead were last forgotten
};

}  // namespace nachbau::builder
