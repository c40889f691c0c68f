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

std::size_t ReadSome(int file, char* to, std::size_t size) {
  std::size_t have = 0;
  while (have < size) {
    const ssize_t count = ::read(file, to + have, size - have);
    if (count <= 0) break;
    have += static_cast<std::size_t>(count);
  }
  return have;
}

}  // namespace

std::string WatchedTask::Path(const char* name) const { return "/proc/" + std::to_string(task_) + "/" + name; }

std::optional<std::string> WatchedTask::ReadText(std::uint64_t address) const {
  if (address == 0) return std::nullopt;
  std::array<char, PATH_MAX> text;
  // A transfer ends at the first piece that cannot be read whole, so a piece must not reach into the next page.
  const std::uint64_t first = std::min<std::uint64_t>(kPage - address % kPage, text.size());
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
    for (std::size_t i = 0; i < count; ++i) {
      if (pointers[i] == 0) return texts;
      texts.push_back(ReadText(pointers[i]).value_or(""));
      bytes += texts.back().size() + sizeof(std::uint64_t);
      if (bytes >= kMaxTexts) break;
    }
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

std::vector<WatchedTask::Descriptor> WatchedTask::InheritedDescriptors() const {
  std::vector<Descriptor> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(Path("fd").c_str()), ::closedir);
  if (!directory) return found;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] == '.') continue;
    Descriptor descriptor;
    descriptor.number = static_cast<int>(std::atol(entry->d_name));
    struct stat state {};
    if (::fstatat(::dirfd(directory.get()), entry->d_name, &state, AT_SYMLINK_NOFOLLOW) != 0) continue;
    descriptor.readable = (state.st_mode & S_IRUSR) != 0;
    descriptor.writable = (state.st_mode & S_IWUSR) != 0;
    descriptor.target = Link(("fd/" + std::string(entry->d_name)).c_str());
    if (descriptor.number > 2) {
      const FileDescriptor info(::open(Path(("fdinfo/" + std::string(entry->d_name)).c_str()).c_str(), O_RDONLY | O_CLOEXEC));
      std::array<char, 256> text;
      if (!info.valid()) continue;
      text[ReadSome(info.get(), text.data(), text.size() - 1)] = 0;
      const char* flags = std::strstr(text.data(), "flags:");
      if (flags == nullptr || (std::strtoul(flags + 6, nullptr, 8) & O_CLOEXEC) != 0) continue;
    }
    found.push_back(std::move(descriptor));
  }
  return found;
}

}  // namespace nachbau::builder
