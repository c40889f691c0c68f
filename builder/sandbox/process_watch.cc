#include "builder/sandbox/process_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace nachbau::builder {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::string_view Read(const FileDescriptor& proc, const std::string& path, std::array<char, 4096>& buffer) {
  FileDescriptor file(::openat(proc.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return {};
  const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
  return count <= 0 ? std::string_view() : std::string_view(buffer.data(), static_cast<std::size_t>(count));
}

// The number in the word `index` of space-separated text; 0 when there is none.
std::uint64_t Word(std::string_view text, int index) {
  for (; index > 0; --index) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return 0;
    text.remove_prefix(space + 1);
  }
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

ProcessUsage AddUpProcesses(const FileDescriptor& proc, std::uint64_t most) {
  ProcessUsage usage;
  const int fd = ::openat(proc.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return usage;
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd));
  if (directory == nullptr) {
    ::close(fd);
    return usage;
  }
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::array<char, 4096> buffer;
  std::uint64_t seen = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    if (++seen > most) break;
    const std::string name = entry->d_name;
    // statm: total, resident, of that shared with files or others. proc(5)
    const std::string_view memory = Read(proc, name + "/statm", buffer);
    const std::uint64_t resident = Word(memory, 1), shared = Word(memory, 2);
    if (resident > shared && name != "1") usage.memory += (resident - shared) * page;  // 1 is a copy of nachbau
    // stat: field 20 is the number of threads; the name in field 2 may hold anything.
    const std::string_view stat = Read(proc, name + "/stat", buffer);
    const std::size_t end = stat.rfind(") ");
    usage.threads += end == std::string_view::npos ? 0 : Word(stat.substr(end + 2), 17);
  }
  return usage;
}

}  // namespace nachbau::builder
