#include "builder/sandbox/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace nachbau::builder {
namespace {

namespace fs = std::filesystem;

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    if (const auto part = text.substr(0, end); !part.empty()) parts.push_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool Has(const std::vector<std::string_view>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "" when it cannot be read: these files come and go with kernel versions.
std::string ReadSmall(const fs::path& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return {};
  try {
    return ReadDescriptor(file, path.native(), 1 << 20);
  } catch (const Error&) {
    return {};
  }
}

// errno, or 0.
int Write(const fs::path& path, const std::string& text) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return errno;
  return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
}

std::uint64_t Number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "key 12\nother 3\n"
std::uint64_t Field(std::string_view text, std::string_view key) {
  for (const std::string_view line : Split(text, '\n')) {
    const auto words = Split(line, ' ');
    if (words.size() == 2 && words[0] == key) return Number(words[1]);
  }
  return 0;
}

// Field 22 of /proc/PID/stat; 0 when there is no such process. The name in field 2 may hold anything.
std::uint64_t StartTime(pid_t pid) {
  const std::string text = ReadSmall("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  const auto words = Split(std::string_view(text).substr(name_end + 1), ' ');
  return words.size() > 19 ? Number(words[19]) : 0;
}

std::string NewName() {
  static std::atomic<unsigned> counter{0};
  return "nachbau-" + std::to_string(::getpid()) + "-" + std::to_string(StartTime(::getpid())) + "-" +
         std::to_string(counter++);
}

void Remove(const fs::path& group) {
  if (group.empty()) return;
  // The kernel takes a moment to forget processes that have ended.
  for (int attempt = 0; ::rmdir(group.c_str()) != 0 && errno == EBUSY && attempt < 200; ++attempt) {
    const timespec pause{0, 10'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

void RemoveStale(const fs::path& parent) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    const auto owner = ParseGroupName(entry.path().filename().native());
    if (!owner || StartTime(owner->pid) == owner->start_time) continue;
    Write(entry.path() / "cgroup.kill", "1");
    ::rmdir(entry.path().c_str());  // one that is busy is left to the next time
  }
}

std::string Reason(const fs::path& path, int error) {
  return path.native() + ": " + Render(SystemError(error, Msg("open {}", path.native())).parts().back());
}

}  // namespace

std::optional<GroupOwner> ParseGroupName(std::string_view name) {
  const auto parts = Split(name, '-');
  if (parts.size() != 4 || parts[0] != "nachbau") return std::nullopt;
  for (std::size_t i = 1; i < 4; ++i) {
    if (parts[i].size() > 18 || parts[i].find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  }
  return GroupOwner{static_cast<pid_t>(Number(parts[1])), Number(parts[2])};
}

GroupDirectories FindGroupDirectories(std::string_view cgroup, std::string_view mountinfo) {
  // Mount point and the part of the hierarchy it shows, by controller; "" is version 2.
  const auto find = [&](std::string_view controller) -> std::optional<fs::path> {
    std::optional<std::string_view> group;
    for (const std::string_view line : Split(cgroup, '\n')) {  // "4:memory:/a/b", "0::/a/b"
      const std::size_t first = line.find(':'), second = line.find(':', first + 1);
      if (first == std::string_view::npos || second == std::string_view::npos) continue;
      const std::string_view controllers = line.substr(first + 1, second - first - 1);
      if (controller.empty() ? line.starts_with("0::") : Has(Split(controllers, ','), controller)) {
        group = line.substr(second + 1);
      }
    }
    if (!group) return std::nullopt;
    for (const std::string_view line : Split(mountinfo, '\n')) {
      const auto words = Split(line, ' ');
      const auto dash = std::find(words.begin(), words.end(), "-");
      if (words.size() < 6 || words.end() - dash < 4) continue;
      const bool matches = controller.empty() ? dash[1] == "cgroup2"
                                              : dash[1] == "cgroup" && Has(Split(dash[3], ','), controller);
      if (!matches) continue;
      const fs::path shown(words[3]), mounted(words[4]);
      const fs::path below = fs::path(*group).lexically_relative(shown);
      if (below.empty() || *below.begin() == "..") continue;
      return (mounted / below).lexically_normal();
    }
    return std::nullopt;
  };
  return {find(""), find("memory"), find("pids")};
}

std::optional<ControlGroup> ControlGroup::Make(const SandboxLimits& limits, std::string& why_not) {
  const GroupDirectories own =
      FindGroupDirectories(ReadSmall("/proc/self/cgroup"), ReadSmall("/proc/self/mountinfo"));
  const std::string name = NewName();
  const std::string processes = limits.processes == 0 ? "max" : std::to_string(limits.processes);
  why_not = "no control groups with memory and process limits are mounted";

  if (own.unified) {
    std::vector<fs::path> parents = {*own.unified};
    if (fs::exists(own.unified->parent_path() / "cgroup.procs")) parents.push_back(own.unified->parent_path());
    for (const fs::path& parent : parents) {
      const auto controllers = [&](const char* file) {
        const std::string text = ReadSmall(parent / file);
        std::string_view line(text);
        while (line.ends_with('\n')) line.remove_suffix(1);
        const auto words = Split(line, ' ');
        return Has(words, "memory") && Has(words, "pids");
      };
      if (!controllers("cgroup.controllers")) continue;
      if (!controllers("cgroup.subtree_control")) {
        if (const int error = Write(parent / "cgroup.subtree_control", "+memory +pids"); error != 0) {
          why_not = Reason(parent, error);
          continue;
        }
      }
      RemoveStale(parent);
      const fs::path group = parent / name;
      if (::mkdir(group.c_str(), 0755) != 0) {
        why_not = Reason(parent, errno);
        continue;
      }
      ControlGroup made;
      made.unified_ = true;
      made.memory_ = made.pids_ = group;
      int error = Write(group / "pids.max", processes);
      if (error == 0 && limits.memory != 0) error = Write(group / "memory.max", std::to_string(limits.memory));
      if (error == 0) {
        // Not everywhere, and not needed everywhere: no swap, and no half-killed builds.
        Write(group / "memory.swap.max", "0");
        Write(group / "memory.oom.group", "1");
        // Whether processes may be moved here shows only when one is; a sibling needs rights on the common parent too.
        if (::access((group / "cgroup.procs").c_str(), W_OK) == 0 && ::access((parent / "cgroup.procs").c_str(), W_OK) == 0) {
          return made;
        }
        error = EACCES;
      }
      why_not = Reason(group, error);
    }
  }

  if (own.memory && own.pids) {
    ControlGroup made;
    RemoveStale(*own.memory);
    RemoveStale(*own.pids);
    if (::mkdir((*own.memory / name).c_str(), 0755) != 0) {
      why_not = Reason(*own.memory, errno);
      return std::nullopt;
    }
    made.memory_ = *own.memory / name;
    if (::mkdir((*own.pids / name).c_str(), 0755) != 0) {
      why_not = Reason(*own.pids, errno);
      return std::nullopt;
    }
    made.pids_ = *own.pids / name;
    int error = limits.processes == 0 ? 0 : Write(made.pids_ / "pids.max", processes);
    if (error == 0 && limits.memory != 0) {
      error = Write(made.memory_ / "memory.limit_in_bytes", std::to_string(limits.memory));
      Write(made.memory_ / "memory.memsw.limit_in_bytes", std::to_string(limits.memory));
    }
    if (error == 0) return made;
    why_not = Reason(made.memory_, error);
  }
  return std::nullopt;
}

ControlGroup::ControlGroup(ControlGroup&& other) noexcept
    : unified_(other.unified_),
      memory_(std::exchange(other.memory_, {})),
      pids_(std::exchange(other.pids_, {})) {}

ControlGroup::~ControlGroup() {
  Remove(memory_);
  if (pids_ != memory_) Remove(pids_);
}

void ControlGroup::Add(pid_t pid) const {
  for (const fs::path& group : {memory_, pids_}) {
    if (const int error = Write(group / "cgroup.procs", std::to_string(pid)); error != 0) {
      throw SystemError(error, Msg("put the sandbox into the control group {}", group.native()));
    }
    if (memory_ == pids_) break;
  }
}

void ControlGroup::Kill() const {
  if (unified_) Write(memory_ / "cgroup.kill", "1");  // since Linux 5.14
}

std::uint64_t ControlGroup::PeakMemory() const {
  return Number(ReadSmall(memory_ / (unified_ ? "memory.peak" : "memory.max_usage_in_bytes")));
}

std::uint64_t ControlGroup::KilledForMemory() const {
  return Field(ReadSmall(memory_ / (unified_ ? "memory.events" : "memory.oom_control")), "oom_kill");
}

std::uint64_t ControlGroup::RefusedProcesses() const { return Field(ReadSmall(pids_ / "pids.events"), "max"); }

std::string ControlGroup::Description() const {
  return unified_ ? "control group version 2" : "control groups version 1";
}

}  // namespace nachbau::builder
