#include "builder/sandbox/watched_task.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "builder/sandbox/kernel.h"

namespace nachbau::builder {
namespace {

constexpr std::uint64_t kPage = 4096;  // at least; a larger page only means more pieces
constexpr std::size_t kMaxTexts = 65536;
constexpr std::uint64_t kShortText = 128;

std::size_t ReadSome(int file, char* to, std::size_t size) {
  std::size_t have = 0;
  while (have < size) {
    const ssize_t count = ::read(file, to + have, size - have);
    if (count <= 0) break;
    have += static_cast<std::size_t>(count);
  }
  return have;
}

// The file system of all pipes that have no name.
dev_t PipeDevice() {
  static const dev_t device = [] {
    std::array<int, 2> ends{};
    struct stat state {};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return dev_t{};
    const FileDescriptor from(ends[0]), to(ends[1]);
    return ::fstat(from.get(), &state) == 0 ? state.st_dev : dev_t{};
  }();
  return device;
}

// `process`: /proc/TASK. What cannot be read is gone.
bool ClosedOnExec(const FileDescriptor& process, const char* number) {
  const FileDescriptor info(
      ::openat(process.get(), (std::string("fdinfo/") + number).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 256> text;
  if (!info.valid()) return true;
  text[ReadSome(info.get(), text.data(), text.size() - 1)] = 0;
  const char* flags = std::strstr(text.data(), "flags:");
  return flags == nullptr || (std::strtoul(flags + 6, nullptr, 8) & O_CLOEXEC) != 0;
}

}  // namespace

std::string WatchedTask::Path(const char* name) const { return "/proc/" + std::to_string(task_) + "/" + name; }

std::optional<std::string> WatchedTask::ReadText(std::uint64_t address) const {
  if (address == 0) return std::nullopt;
  std::array<char, PATH_MAX> text;
  // A transfer ends at the first piece that cannot be read whole, so a piece must not reach into the next page.
  const std::uint64_t first = std::min<std::uint64_t>(kPage - address % kPage, text.size());
  // Nearly all are short, and the less is read, the quicker.
  const std::uint64_t short_size = std::min(first, kShortText);
  if (!Read(address, text.data(), short_size)) return std::nullopt;
  if (const void* end = std::memchr(text.data(), 0, short_size)) {
    return std::string(text.data(), static_cast<std::size_t>(static_cast<const char*>(end) - text.data()));
  }
  iovec local{text.data(), text.size()};
  std::array<iovec, 2> remote{{{reinterpret_cast<void*>(address), first},
                               {reinterpret_cast<void*>(address + first), text.size() - first}}};
  const ssize_t count = ::process_vm_readv(task_, &local, 1, remote.data(), remote.size(), 0);
  if (count <= 0) return std::nullopt;
  const auto* end = static_cast<const char*>(std::memchr(text.data(), 0, static_cast<std::size_t>(count)));
  if (end == nullptr) return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(end - text.data()));
}

bool WatchedTask::Read(std::uint64_t address, void* to, std::size_t size) const {
  iovec local{to, size}, remote{reinterpret_cast<void*>(address), size};
  return ::process_vm_readv(task_, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

bool WatchedTask::Write(std::uint64_t address, const void* from, std::size_t size) const {
  iovec local{const_cast<void*>(from), size}, remote{reinterpret_cast<void*>(address), size};
  return ::process_vm_writev(task_, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

bool WatchedTask::ForceWrite(std::uint64_t address, const void* from, std::size_t size) const {
  const FileDescriptor memory(::open(Path("mem").c_str(), O_RDWR | O_CLOEXEC));
  return memory.valid() &&
         ::pwrite(memory.get(), from, size, static_cast<off_t>(address)) == static_cast<ssize_t>(size);
}

std::vector<std::string> WatchedTask::ReadTexts(std::uint64_t address) const {
  std::vector<std::string> texts;
  std::array<std::uint64_t, 64> pointers;
  for (std::size_t bytes = 0; address != 0 && bytes < kMaxTexts;) {
    // As many pointers as lie in this page.
    const std::size_t count = std::min<std::size_t>(pointers.size(), (kPage - address % kPage) / sizeof(std::uint64_t));
    if (count == 0 || !Read(address, pointers.data(), count * sizeof(std::uint64_t))) break;
    // The beginnings of all in one call; the rest of a long one by itself.
    std::array<char, pointers.size() * kShortText> beginnings;
    std::array<iovec, pointers.size()> remote;
    std::size_t wanted = 0, used = 0;
    while (used < count && pointers[used] != 0) {
      const std::uint64_t size = std::min(kPage - pointers[used] % kPage, kShortText);
      remote[used] = {reinterpret_cast<void*>(pointers[used]), size};
      ++used;
      wanted += size;
    }
    iovec local{beginnings.data(), wanted};
    const bool whole = used != 0 && ::process_vm_readv(task_, &local, 1, remote.data(), used, 0) ==
                                        static_cast<ssize_t>(wanted);
    const char* at = beginnings.data();
    for (std::size_t i = 0; i < used && bytes < kMaxTexts; ++i) {
      const void* end = whole ? std::memchr(at, 0, remote[i].iov_len) : nullptr;
      texts.push_back(end != nullptr ? std::string(at, static_cast<const char*>(end)) : ReadText(pointers[i]).value_or(""));
      bytes += texts.back().size() + sizeof(std::uint64_t);
      at += remote[i].iov_len;
    }
    if (used < count) return texts;
    address += count * sizeof(std::uint64_t);
  }
  return texts;
}

std::string WatchedTask::Link(const char* name) const {
  std::array<char, PATH_MAX> target;
  const ssize_t count = ::readlink(Path(name).c_str(), target.data(), target.size());
  return count <= 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(count));
}

std::optional<std::uint64_t> WatchedTask::AuxiliaryValue(std::uint64_t key) const {
  const FileDescriptor file(::open(Path("auxv").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<Elf64_auxv_t, 64> values;
  if (!file.valid()) return std::nullopt;
  const std::size_t count = ReadSome(file.get(), reinterpret_cast<char*>(values.data()), sizeof values) / sizeof values[0];
  for (std::size_t i = 0; i < count && values[i].a_type != AT_NULL; ++i) {
    if (values[i].a_type == key) return values[i].a_un.a_val;
  }
  return std::nullopt;
}

WatchedTask::Status WatchedTask::ReadStatus() const {
  Status status;
  const FileDescriptor file(::open(Path("status").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text;
  if (!file.valid()) return status;
  const std::size_t size = ReadSome(file.get(), text.data(), text.size() - 1);
  text[size] = 0;
  // The name of the program comes first, with its newlines escaped by the kernel.
  if (const char* line = std::strstr(text.data(), "\nTgid:")) status.process = static_cast<pid_t>(std::atol(line + 6));
  if (const char* line = std::strstr(text.data(), "\nPPid:")) status.parent = static_cast<pid_t>(std::atol(line + 6));
  return status;
}

FileDescriptor WatchedTask::Share(int number) const {
  const FileDescriptor process(PidfdOpen(ReadStatus().process));
  return FileDescriptor(process.valid() ? PidfdGetFd(process.get(), number) : -1);
}

// Every path through /proc is dear, so only regular files are asked for theirs, and all from one descriptor.
std::vector<WatchedTask::Descriptor> WatchedTask::InheritedDescriptors() const {
  std::vector<Descriptor> found;
  const FileDescriptor top(::open(Path("").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  FileDescriptor list(top.valid() ? ::openat(top.get(), "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(list.valid() ? ::fdopendir(list.get()) : nullptr, ::closedir);
  if (!directory) return found;
  const int here = list.Release();
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] == '.') continue;
    Descriptor descriptor;
    descriptor.number = static_cast<int>(std::atol(entry->d_name));
    struct stat target {}, link {};
    if (::fstatat(here, entry->d_name, &target, 0) != 0) continue;
    const bool pipe = S_ISFIFO(target.st_mode) && target.st_dev == PipeDevice();
    if (!pipe && !S_ISREG(target.st_mode)) continue;
    if (descriptor.number > 2 && ClosedOnExec(top, entry->d_name)) continue;
    if (::fstatat(here, entry->d_name, &link, AT_SYMLINK_NOFOLLOW) != 0) continue;
    descriptor.readable = (link.st_mode & S_IRUSR) != 0;
    descriptor.writable = (link.st_mode & S_IWUSR) != 0;
    if (pipe) {
      descriptor.pipe = target.st_ino;
    } else {
      std::array<char, PATH_MAX> path;
      const ssize_t size = ::readlinkat(here, entry->d_name, path.data(), path.size());
      if (size <= 0 || path[0] != '/') continue;
      descriptor.path.assign(path.data(), static_cast<std::size_t>(size));
    }
    found.push_back(std::move(descriptor));
  }
  return found;
}

}  // namespace nachbau::builder
