// Answers getdents64(2) with the entries of a directory in an order that depends on their names alone.
//
// The order is that of a hash of the names, and the hash is the position that the kernel keeps for an open directory. So
// a program may go back to a position it was told, and entries that come and go while it reads make it miss or repeat no
// other one, as with the directories of ext4. Nothing has to be remembered between two calls; the listing of the last one is,
// so that a program that goes on has no need of another.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "builder/sandbox/watched_task.h"

namespace nachbau::builder {

class DirectoryOrder {
 public:
  explicit DirectoryOrder(bool reversed) : reversed_(reversed) {}

  // The result of the call: bytes written to `address`, 0 at the end, or -errno. Nothing where the kernel should answer:
  // `descriptor` is no directory, or cannot be read.
  std::optional<std::int64_t> Read(const WatchedTask& task, int descriptor, std::uint64_t address,
                                   std::uint64_t size);

  struct Entry {
    std::uint32_t position = 0;  // after it; all of them are greater than that of the beginning, 0
    std::string name;
    std::uint64_t inode = 0;
    unsigned char type = 0;
  };

 private:
  // Whose the listing is, and where the reader stands; another reader at the same place has none of it.
  struct Place {
    pid_t task = 0;
    int descriptor = -1;
    dev_t device = 0;
    ino_t inode = 0;
    off_t position = 0;
    auto operator<=>(const Place&) const = default;
  };
  bool reversed_;
  Place place_;
  std::vector<Entry> entries_;
};

}  // namespace nachbau::builder
