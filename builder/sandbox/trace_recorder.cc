#include "builder/sandbox/trace_recorder.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/clock.h"
#include "builder/sandbox/kernel.h"

namespace nachbau::builder {
namespace {

// Milliseconds between two looks at which processes are gone. Their numbers come again only after all others (at least
// 32768) were used, which takes longer.
constexpr std::uint64_t kForgetEvery = 20;
constexpr std::size_t kMaxScripts = 4;   // as the kernel: an interpreter may be a script again
constexpr std::uint32_t kNever = UINT32_MAX;

// Paths that are no file of the tree: devices, and what /proc says of processes.
bool Ignored(std::string_view path) {
  if (path.starts_with("/dev/")) return true;
  if (!path.starts_with("/proc/")) return false;
  const std::string_view rest = path.substr(6);
  return rest.starts_with("self") || rest.starts_with("thread-self") || (rest[0] >= '0' && rest[0] <= '9');
}

// In the part of the tree that came with the packages, where builds make no files as a rule.
bool InBuildRoot(const std::string& path) {
  if (path.find("/..") != path.npos) return InBuildRoot(std::filesystem::path(path).lexically_normal().native());
  return path.starts_with("/usr/") || path.starts_with("/etc/") || path.starts_with("/lib");
}

// The path of an open descriptor as the sandbox sees it: the kernel names it from the root of its mounts.
std::string PathOf(const FileDescriptor& file) {
  std::array<char, PATH_MAX> target;
  const ssize_t count = ::readlink(("/proc/self/fd/" + std::to_string(file.get())).c_str(), target.data(), target.size());
  return count <= 0 || target[0] != '/' ? std::string() : std::string(target.data(), static_cast<std::size_t>(count));
}

// What the kernel opens besides the program: of "#! /bin/sh -e" /bin/sh, of an ELF file its dynamic linker.
std::string InterpreterIn(const FileDescriptor& file) {
  std::array<char, 4096> start{};
  const ssize_t count = ::pread(file.get(), start.data(), start.size(), 0);
  if (count < 4) return {};
  const std::string_view text(start.data(), static_cast<std::size_t>(count));
  if (text.starts_with("#!")) {
    const std::string_view line = text.substr(2, text.find('\n') - 2);
    const std::size_t from = line.find_first_not_of(" \t");
    if (from == line.npos) return {};
    return std::string(line.substr(from, line.find_first_of(" \t", from) - from));
  }
  if (!text.starts_with(ELFMAG) || text.size() < sizeof(Elf64_Ehdr) || text[EI_CLASS] != ELFCLASS64) return {};
  Elf64_Ehdr header;
  std::memcpy(&header, text.data(), sizeof header);
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr part;
    const std::uint64_t at = header.e_phoff + i * sizeof part;
    if (header.e_phoff > text.size() || at + sizeof part > text.size()) return {};
    std::memcpy(&part, text.data() + at, sizeof part);
    if (part.p_type != PT_INTERP) continue;
    std::array<char, PATH_MAX> name{};
    const std::size_t size = std::min<std::size_t>(part.p_filesz, name.size() - 1);
    if (::pread(file.get(), name.data(), size, static_cast<off_t>(part.p_offset)) <= 0) return {};
    return name.data();
  }
  return {};
}

}  // namespace

TraceRecorder::TraceRecorder(FileDescriptor root, std::vector<std::string> first_program, std::uint64_t log_pipe,
                             TraceLimits limits)
    : root_(std::move(root)), first_program_(std::move(first_program)), log_pipe_(log_pipe), limits_(limits) {}

const std::vector<const char*>& TraceRecorder::Calls() {
  static const std::vector<const char*> calls = {
      "open",  "openat", "openat2", "creat",     "execve",  "execveat",  "rename", "renameat", "renameat2", "link",
      "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "truncate", "chdir",  "fchdir"};
  return calls;
}

bool TraceRecorder::Count(std::size_t text) {
  if (!trace_.incomplete.empty()) return false;
  text_ += text;
  const auto refuse = [&](const char* what, std::size_t limit) {
    trace_.incomplete = "more than " + std::to_string(limit) + " " + what;
    return false;
  };
  if (text_ > limits_.text) return refuse("bytes of names and arguments", limits_.text);
  if (trace_.files.size() >= limits_.files) return refuse("files", limits_.files);
  if (trace_.processes.size() >= limits_.processes) return refuse("processes", limits_.processes);
  if (trace_.events.size() >= limits_.events) return refuse("events", limits_.events);
  return true;
}

void TraceRecorder::ForgetDead() {
  const std::uint64_t now = MonotonicMilliseconds();
  if (now - looked_ < kForgetEvery) return;
  looked_ = now;
  std::vector<pollfd> ended;
  std::vector<pid_t> ids;
  for (const auto& [id, process] : processes_) {
    ended.push_back({process.pidfd.get(), POLLIN, 0});
    ids.push_back(id);
  }
  if (::poll(ended.data(), ended.size(), 0) <= 0) return;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ended[i].revents != 0) processes_.erase(ids[i]);
  }
  std::erase_if(groups_, [&](const auto& entry) { return !processes_.contains(entry.second); });
}

TraceRecorder::Process* TraceRecorder::FindProcess(pid_t task) {
  ForgetDead();
  // A thread may be gone although its process is not, and its number be that of another process.
  if (const auto group = groups_.find(task); group != groups_.end()) {
    const auto known = processes_.find(group->second);
    if (known != processes_.end() && (task == group->second || ::syscall(SYS_tgkill, group->second, task, 0) == 0)) {
      return &known->second;
    }
  }
  const WatchedTask::Status status = WatchedTask(task).ReadStatus();
  if (status.process == 0) return nullptr;
  if (const auto known = processes_.find(status.process); known != processes_.end()) {
    groups_[task] = status.process;
    return &known->second;
  }
  return AddProcess(task, status);
}

TraceRecorder::Process* TraceRecorder::AddProcess(pid_t task, const WatchedTask::Status& status) {
  if (!Count(sizeof(TraceProcess))) return nullptr;
  TraceProcess added;
  Process process;
  process.id = status.process;
  process.pidfd = FileDescriptor(PidfdOpen(status.process));
  // The first one's parent is the init process of the sandbox, and so is that of orphans. A parent that has made no
  // notified call yet, like a subshell, becomes known here.
  if (!trace_.processes.empty() && status.parent > 0) {
    const WatchedTask::Status above = WatchedTask(status.parent).ReadStatus();
    const auto known = processes_.find(status.parent);
    if (known != processes_.end()) {
      added.parent = known->second.index;
    } else if (above.parent > 0 && processes_.contains(above.parent)) {
      if (const Process* parent = AddProcess(status.parent, above)) added.parent = parent->index;
    }
  }
  process.index = static_cast<std::uint32_t>(trace_.processes.size());
  trace_.processes.push_back(added);
  groups_[task] = status.process;
  return &(processes_[status.process] = std::move(process));
}

std::optional<std::string> TraceRecorder::Absolute(Process& process, const WatchedTask& task, int directory,
                                                   std::uint64_t address) {
  std::optional<std::string> path = task.ReadText(address);
  if (!path) return std::nullopt;
  return Absolute(process, task, directory, std::move(*path));
}

std::optional<std::string> TraceRecorder::Absolute(Process& process, const WatchedTask& task, int directory,
                                                   std::string path) {
  if (path.starts_with('/')) return path;
  std::string base;
  if (directory == AT_FDCWD) {
    base = process.directory.empty() ? task.Link("cwd") : process.directory;
    if (process.changing == 0) process.directory = base;
  } else {
    base = task.Link(("fd/" + std::to_string(directory)).c_str());
  }
  if (!base.starts_with('/')) return std::nullopt;
  return path.empty() ? base : base + "/" + path;
}

std::uint32_t TraceRecorder::FileNumber(const std::string& path) {
  const auto [entry, added] = numbers_.try_emplace(path, static_cast<std::uint32_t>(trace_.files.size()));
  if (added) {
    Count(2 * path.size() + sizeof(TraceFile));
    trace_.files.push_back({path, FileOrigin::kUnknown, {}, {}});
    states_.emplace_back();
  }
  return entry->second;
}

std::optional<std::uint32_t> TraceRecorder::KnownFile(const std::string& path) const {
  const auto known = resolved_.find(path);
  if (known == resolved_.end() || !states_[known->second].exists) return std::nullopt;
  return known->second;
}

std::optional<TraceRecorder::Found> TraceRecorder::Find(const std::string& path, Follow follow) {
  if (Ignored(path) || missing_.contains(path)) return std::nullopt;
  struct stat state {};
  if (follow == Follow::kYes) {
    if (const auto known = resolved_.find(path); known != resolved_.end()) {
      const std::string& real = trace_.files[known->second].path;
      if (::fstatat(root_.get(), real.c_str() + 1, &state, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(state.st_mode)) {
        states_[known->second].exists = true;
        return Found{.file = known->second, .path = {}, .executable = (state.st_mode & 0111) != 0};
      }
    }
  }
  const FileDescriptor file(OpenAt2(root_.get(), path.c_str(), O_PATH | (follow == Follow::kNo ? O_NOFOLLOW : 0),
                                    RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
  if (!file.valid()) {
    // Compilers look for most headers in vain in several directories first.
    if (errno == ENOENT && InBuildRoot(path) && Count(path.size())) missing_.insert(path);
    return std::nullopt;
  }
  if (::fstat(file.get(), &state) != 0 || state.st_nlink == 0) return std::nullopt;
  const bool directory = S_ISDIR(state.st_mode);
  if (!directory && !S_ISREG(state.st_mode) && !S_ISLNK(state.st_mode)) return std::nullopt;
  const std::string real = PathOf(file);
  if (real.empty() || Ignored(real)) return std::nullopt;
  if (directory) return Found{.path = real, .directory = true};
  const std::uint32_t number = FileNumber(real);
  states_[number].exists = true;
  if (S_ISREG(state.st_mode) && follow == Follow::kYes && remember_after_ == 0 && Count(path.size())) {
    resolved_[path] = number;
  }
  return Found{.file = number, .path = {}, .link = S_ISLNK(state.st_mode), .executable = (state.st_mode & 0111) != 0};
}

std::string TraceRecorder::NewPath(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/') + 1, slash = path.rfind('/', end - 1);
  const std::string name = path.substr(slash + 1, end - slash - 1), above = slash == 0 ? "/" : path.substr(0, slash);
  if (name.empty() || name == "." || name == ".." || Ignored(path)) return {};
  const auto known = directories_.find(above);
  std::string real;
  if (known != directories_.end()) {
    real = known->second;
  } else {
    const FileDescriptor directory(
        OpenAt2(root_.get(), above.c_str(), O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
    if (!directory.valid()) return {};
    real = PathOf(directory);
    if (real.empty() || !Count(above.size() + real.size())) return {};
    if (remember_after_ == 0) directories_[above] = real;
  }
  real = (real == "/" ? "" : real) + "/" + name;
  return Ignored(real) ? std::string() : real;
}

std::optional<std::uint32_t> TraceRecorder::FindNew(const std::string& path) {
  const std::string real = NewPath(path);
  if (real.empty()) return std::nullopt;
  return FileNumber(real);
}

void TraceRecorder::ForgetPaths() {
  resolved_.clear();
  directories_.clear();
  missing_.clear();
  // The call is seen before it happens, and another process may ask for the old path in between.
  remember_after_ = 64;
}

void TraceRecorder::Add(Process& process, TraceAction action, std::uint32_t file, std::uint32_t other) {
  if (Count(0)) trace_.events.push_back({process.index, action, file, other});
}

void TraceRecorder::Read(Process& process, std::uint32_t file) {
  Process::Use& use = process.uses[file];
  // Reading the same content again says nothing new.
  if (use.read != kNever && use.read >= states_[file].changed) return;
  use.read = static_cast<std::uint32_t>(trace_.events.size());
  Add(process, TraceAction::kRead, file);
}

void TraceRecorder::Changed(Process& process, TraceAction action, std::uint32_t file, std::uint32_t other) {
  Process::Use& use = process.uses[file];
  FileState& state = states_[file];
  if (action == TraceAction::kWrite && use.write != kNever && state.writer == process.index) return;
  use.write = static_cast<std::uint32_t>(trace_.events.size());
  Add(process, action, file, other);
  if (action != TraceAction::kWrite && InBuildRoot(trace_.files[action == TraceAction::kRename ? other : file].path)) {
    ForgetPaths();
  }
  const auto now = static_cast<std::uint32_t>(trace_.events.size());
  const bool moved = action == TraceAction::kRename || action == TraceAction::kLink;
  for (const std::uint32_t changed : {file, moved ? other : file}) {
    const bool written = action == TraceAction::kWrite || action == TraceAction::kCreate;
    states_[changed] = {now, written ? process.index : kNever, action == TraceAction::kWrite};
    interpreters_.erase(changed);
  }
}

void TraceRecorder::Open(Process& process, const std::string& path, std::uint64_t flags,
                         const std::function<bool()>& still_valid) {
  const Follow follow = (flags & O_NOFOLLOW) != 0 ? Follow::kNo : Follow::kYes;
  const std::uint64_t access = flags & O_ACCMODE;
  std::optional<Found> found;
  if (const auto known = follow == Follow::kYes ? KnownFile(path) : std::nullopt) {
    const auto use = access == O_RDONLY && (flags & O_TRUNC) == 0 ? process.uses.find(*known) : process.uses.end();
    if (use != process.uses.end() && use->second.read != kNever && use->second.read >= states_[*known].changed) return;
    found = Found{.file = *known, .path = {}};
  } else {
    found = Find(path, follow);
  }
  if ((found && found->directory) || (!found && (flags & O_CREAT) == 0) || !still_valid()) return;
  if (!found) {
    if (const auto created = FindNew(path)) Changed(process, TraceAction::kCreate, *created);
    return;
  }
  if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) return;  // will fail
  const bool keeps = (flags & O_TRUNC) == 0 && access != O_RDONLY;
  if (access == O_RDONLY || access == O_RDWR || keeps) {
    if ((flags & O_TRUNC) == 0) Read(process, found->file);
  }
  if (access != O_RDONLY || (flags & O_TRUNC) != 0) Changed(process, TraceAction::kWrite, found->file);
}

void TraceRecorder::ReadInterpreters(Process& process, const std::string& path) {
  std::string name = path;
  for (std::size_t depth = 0; depth < kMaxScripts; ++depth) {
    const std::optional<Found> found = Find(name, Follow::kYes);
    if (!found || found->directory) return;
    if (depth > 0) Read(process, found->file);
    const auto known = interpreters_.find(found->file);
    if (known != interpreters_.end()) {
      name = known->second.front();
    } else {
      const std::string real = trace_.files[found->file].path;
      const FileDescriptor file(
          OpenAt2(root_.get(), real.c_str(), O_RDONLY | O_NONBLOCK, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS));
      name = file.valid() ? InterpreterIn(file) : std::string();
      interpreters_[found->file] = {name};
    }
    if (!name.starts_with('/')) return;
  }
}

void TraceRecorder::Run(Process& process, const std::string& path, std::vector<std::string> arguments,
                        const std::vector<WatchedTask::Descriptor>& descriptors) {
  const std::optional<Found> found = Find(path, Follow::kYes);
  if (!found || found->directory || !found->executable) return;
  std::size_t text = sizeof(TraceProgram);
  for (const std::string& argument : arguments) text += argument.size() + sizeof argument;
  if (!Count(text)) return;
  trace_.processes[process.index].programs.push_back(
      {found->file, std::move(arguments), static_cast<std::uint32_t>(trace_.events.size())});
  Read(process, found->file);
  ReadInterpreters(process, path);
  for (const WatchedTask::Descriptor& descriptor : descriptors) {
    if (descriptor.pipe != 0) {
      const std::uint64_t number = descriptor.pipe;
      if (number == log_pipe_ || number >= UINT32_MAX) continue;
      // Both ends in one process: a job server of make, or a pipe to itself; it carries no content to others.
      const bool both = std::count_if(descriptors.begin(), descriptors.end(), [&](const WatchedTask::Descriptor& other) {
                          return other.pipe == number && other.readable != descriptor.readable;
                        }) != 0;
      if (both || descriptor.number == 2) continue;
      Add(process, descriptor.readable ? TraceAction::kPipeRead : TraceAction::kPipeWrite,
          static_cast<std::uint32_t>(number));
    } else {
      const std::optional<Found> file = Find(descriptor.path, Follow::kNo);
      if (!file || file->directory) continue;
      if (descriptor.readable) Read(process, file->file);
      if (descriptor.writable) Changed(process, TraceAction::kWrite, file->file);
    }
  }
}

void TraceRecorder::Rename(Process& process, const std::string& from, const std::string& to) {
  const std::optional<Found> old = Find(from, Follow::kNo);
  if (!old) return;
  const std::optional<Found> there = Find(to, Follow::kNo);
  if (!old->directory) {
    if (there && there->directory) return;  // will fail
    const std::optional<std::uint32_t> fresh = there ? std::optional(there->file) : FindNew(to);
    if (!fresh) return;
    Changed(process, TraceAction::kRename, old->file, *fresh);
    if (old->link || (there && there->link)) ForgetPaths();
    return;
  }
  if (there && !there->directory) return;  // will fail
  // Every known file in it has another name now.
  const std::string before = old->path + "/", after = (there ? there->path : NewPath(to)) + "/";
  if (after == "/") return;
  const std::size_t count = trace_.files.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string path = trace_.files[i].path;
    if (!path.starts_with(before)) continue;
    struct stat state {};
    if (::fstatat(root_.get(), path.c_str() + 1, &state, AT_SYMLINK_NOFOLLOW) != 0) continue;
    Changed(process, TraceAction::kRename, static_cast<std::uint32_t>(i), FileNumber(after + path.substr(before.size())));
  }
  ForgetPaths();
  for (auto& [id, other] : processes_) other.directory.clear();
}

void TraceRecorder::Link(Process& process, const std::string& from, const std::string& to, Follow follow) {
  const std::optional<Found> old = Find(from, follow);
  if (old && old->directory) return;
  const std::optional<std::uint32_t> fresh = FindNew(to);
  if (!fresh) return;
  if (old) {
    Changed(process, TraceAction::kLink, old->file, *fresh);
  } else {
    Changed(process, TraceAction::kCreate, *fresh);  // of a file that had no name so far (O_TMPFILE)
  }
}

void TraceRecorder::Record(const seccomp_notif& call, const std::function<bool()>& still_valid) {
  if (!trace_.incomplete.empty()) return;
  const WatchedTask task(static_cast<pid_t>(call.pid));
  Process* process = FindProcess(task.task());
  if (process == nullptr) return;
  if (process->changing == task.task()) process->changing = 0;
  if (remember_after_ > 0) --remember_after_;
  const auto* arguments = call.data.args;
  const auto directory = [&](int number) { return static_cast<int>(arguments[number]); };
  const auto path = [&](int at, std::uint64_t address) { return Absolute(*process, task, at, address); };
  // Everything is read before it is asked whether the task still waits, and used only then.
  const auto open = [&](const std::optional<std::string>& name, std::uint64_t flags) {
    if (name) Open(*process, *name, flags, still_valid);
  };
  const auto both = [&](const std::optional<std::string>& from, const std::optional<std::string>& to, auto&& use) {
    if (from && to && still_valid()) use(*from, *to);
  };
  const auto rename = [&](const std::string& from, const std::string& to) { Rename(*process, from, to); };
  const auto symlink = [&](const std::optional<std::string>& name) {
    if (!name || !still_valid()) return;
    if (const auto made = FindNew(*name)) Changed(*process, TraceAction::kSymlink, *made);
  };
  const auto remove = [&](const std::optional<std::string>& name) {
    if (!name || !still_valid()) return;
    const std::optional<Found> found = Find(*name, Follow::kNo);
    if (found && !found->directory) Changed(*process, TraceAction::kRemove, found->file);
    if (found && found->link) ForgetPaths();
  };
  const auto run = [&](int at, std::uint64_t address, std::uint64_t texts, std::uint64_t flags) {
    std::optional<std::string> name = path(at, address);
    std::vector<std::string> words = task.ReadTexts(texts);
    if (!name && process->index == 0 && trace_.processes[0].programs.empty()) {
      // Before its first program the memory is that of nachbau, which an ordinary user's observer may not read.
      name = first_program_.front();
      words = first_program_;
    }
    if (name && (flags & AT_EMPTY_PATH) != 0 && name->ends_with(" (deleted)")) return;
    const std::vector<WatchedTask::Descriptor> descriptors = task.InheritedDescriptors();
    if (name && still_valid()) Run(*process, *name, std::move(words), descriptors);
  };
  switch (call.data.nr) {
#ifdef SYS_open  // older architectures have both kinds
    case SYS_open: return open(path(AT_FDCWD, arguments[0]), arguments[1]);
    case SYS_creat: return open(path(AT_FDCWD, arguments[0]), O_CREAT | O_WRONLY | O_TRUNC);
    case SYS_rename: return both(path(AT_FDCWD, arguments[0]), path(AT_FDCWD, arguments[1]), rename);
    case SYS_link:
      return both(path(AT_FDCWD, arguments[0]), path(AT_FDCWD, arguments[1]),
                  [&](const std::string& from, const std::string& to) { Link(*process, from, to, Follow::kNo); });
    case SYS_symlink: return symlink(path(AT_FDCWD, arguments[1]));
    case SYS_unlink: return remove(path(AT_FDCWD, arguments[0]));
#endif
    case SYS_openat: return open(path(directory(0), arguments[1]), arguments[2]);
    case SYS_openat2: {
      open_how how{};
      const std::size_t size = std::min<std::size_t>(arguments[3], sizeof how);
      if (!task.Read(arguments[2], &how, size)) return;
      return open(path(directory(0), arguments[1]), how.flags);
    }
    case SYS_execve: return run(AT_FDCWD, arguments[0], arguments[1], 0);
    case SYS_execveat: return run(directory(0), arguments[1], arguments[2], arguments[4]);
    case SYS_renameat:
    case SYS_renameat2:
      return both(path(directory(0), arguments[1]), path(directory(2), arguments[3]), rename);
    case SYS_linkat:
      return both(path(directory(0), arguments[1]), path(directory(2), arguments[3]),
                  [&](const std::string& from, const std::string& to) {
                    Link(*process, from, to, (arguments[4] & AT_SYMLINK_FOLLOW) != 0 ? Follow::kYes : Follow::kNo);
                  });
    case SYS_symlinkat: return symlink(path(directory(1), arguments[2]));
    case SYS_unlinkat:
      if ((arguments[2] & AT_REMOVEDIR) != 0) return;
      return remove(path(directory(0), arguments[1]));
    case SYS_truncate: return open(path(AT_FDCWD, arguments[0]), O_WRONLY);
    case SYS_chdir:
    case SYS_fchdir:
      process->directory.clear();
      process->changing = task.task();  // known again at its next call
      return;
    default: return;
  }
}

Trace TraceRecorder::Finish() { return std::move(trace_); }

}  // namespace nachbau::builder
