// Removing what a build left. The names, depths and modes are the build's choice: no name is followed through a symbolic
// link, no path is put together, and only one descriptor is open however deep the tree is.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {
namespace {

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

FileDescriptor OpenToEmpty(const FileDescriptor& parent, const std::string& name) {
  FileDescriptor directory(::openat(parent.get(), name.c_str(), kOpenDirectory));
  if (!directory.valid() && errno == EACCES) {
    ::fchmodat(parent.get(), name.c_str(), 0700, 0);  // its owner may have closed it even to himself
    directory = FileDescriptor(::openat(parent.get(), name.c_str(), kOpenDirectory));
  }
  if (!directory.valid()) throw SystemError(errno, Msg("open directory {} to remove it", name));
  return directory;
}

// Removes what can be removed at once. Returns the name of a directory that is not empty, or "" when nothing is left.
std::string RemoveEntries(const FileDescriptor& directory) {
  if (::lseek(directory.get(), 0, SEEK_SET) < 0) throw SystemError(errno, Msg("read a directory to remove it"));
  alignas(dirent64) std::array<char, 32768> buffer;
  bool opened_up = false;
  while (true) {
    const long count = ::syscall(SYS_getdents64, directory.get(), buffer.data(), buffer.size());
    if (count < 0) throw SystemError(errno, Msg("read a directory to remove it"));
    if (count == 0) return "";
    for (long at = 0; at < count;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      at += entry->d_reclen;
      const char* name = entry->d_name;
      if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
      while (true) {
        if (::unlinkat(directory.get(), name, 0) == 0 || errno == ENOENT) break;
        if (errno == EISDIR || (errno == EPERM && entry->d_type == DT_DIR)) {
          if (::unlinkat(directory.get(), name, AT_REMOVEDIR) == 0) break;
          if (errno == ENOTEMPTY || errno == EEXIST) return name;
        }
        const int reason = errno;
        if (reason != EACCES || opened_up || ::fchmod(directory.get(), 0700) != 0) {
          throw SystemError(reason, Msg("remove {}", std::string_view(name)));
        }
        opened_up = true;
      }
    }
  }
}

struct Level {
  std::string name;  // in the directory above
  dev_t device = 0;  // of the directory above
  ino_t inode = 0;
};

void Empty(FileDescriptor directory) {
  std::vector<Level> above;
  while (true) {
    const std::string deeper = RemoveEntries(directory);
    if (!deeper.empty()) {
      struct stat state {};
      if (::fstat(directory.get(), &state) != 0) throw SystemError(errno, Msg("read a directory to remove it"));
      FileDescriptor next = OpenToEmpty(directory, deeper);
      above.push_back({deeper, state.st_dev, state.st_ino});
      directory = std::move(next);
      continue;
    }
    if (above.empty()) return;
    const Level level = std::move(above.back());
    above.pop_back();
    FileDescriptor parent(::openat(directory.get(), "..", kOpenDirectory));
    struct stat state {};
    if (!parent.valid() || ::fstat(parent.get(), &state) != 0) {
      throw SystemError(errno, Msg("read a directory to remove it"));
    }
    if (state.st_dev != level.device || state.st_ino != level.inode) {
      throw Error(Msg("directory {} was moved while it was being removed", level.name));
    }
    if (::unlinkat(parent.get(), level.name.c_str(), AT_REMOVEDIR) != 0) {
      throw SystemError(errno, Msg("remove {}", level.name));
    }
    directory = std::move(parent);
  }
}

}  // namespace

void RemoveTree(const IdMap& map, const std::filesystem::path& path) {
  struct stat state {};
  if (::lstat(path.c_str(), &state) != 0) {
    if (errno == ENOENT) return;
    throw SystemError(errno, Msg("remove {}", path.native()));
  }
  if (!S_ISDIR(state.st_mode)) {
    if (::unlink(path.c_str()) != 0) throw SystemError(errno, Msg("remove {}", path.native()));
    return;
  }
  const auto empty = [&] {
    FileDescriptor directory(::open(path.c_str(), kOpenDirectory));
    if (!directory.valid() && errno == EACCES) {
      ::chmod(path.c_str(), 0700);
      directory = FileDescriptor(::open(path.c_str(), kOpenDirectory));
    }
    if (!directory.valid()) throw SystemError(errno, Msg("open {}", path.native()));
    Empty(std::move(directory));
  };
  try {
    if (::rmdir(path.c_str()) == 0) return;
    // Root may remove everything itself; a user needs to be root over the subordinate ids.
    if (map.own_id_is_root) {
      InUserNamespace(map, empty);
    } else {
      empty();
    }
    if (::rmdir(path.c_str()) != 0) throw SystemError(errno, Msg("remove {}", path.native()));
  } catch (Error& error) {
    error.AddContext(Msg("remove tree {}", path.native()));
    throw;
  }
}

}  // namespace nachbau::builder
