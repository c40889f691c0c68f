#include "builder/sandbox/directory_order.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <tuple>
#include <vector>

#include "base/digest.h"

namespace nachbau::builder {
namespace {

constexpr std::size_t kPiece = 64 << 10;           // bytes read from the kernel at once
constexpr std::size_t kMaxListing = 64 << 20;      // bytes of names and what belongs to them
constexpr std::uint64_t kMaxAnswer = 1 << 20;      // bytes per call
constexpr std::uint32_t kHashes = 1U << 30;        // every file system accepts positions below 2^31
constexpr std::size_t kHeader = offsetof(dirent64, d_name);

using Entry = DirectoryOrder::Entry;

std::uint32_t PositionOf(std::string_view name, bool reversed) {
  if (name == ".") return 1;
  if (name == "..") return 2;
  const Sha256Digest digest = Sha256(name);
  std::uint32_t hash = 0;
  std::memcpy(&hash, digest.View().data(), sizeof hash);
  hash %= kHashes;
  return 3 + (reversed ? kHashes - 1 - hash : hash);
}

// All entries of an open directory, in order; moves its position. -errno where the kernel refuses.
std::int64_t List(int directory, bool reversed, std::vector<Entry>& entries) {
  if (::lseek(directory, 0, SEEK_SET) != 0) return -errno;
  alignas(dirent64) static char piece[kPiece];
  std::size_t total = 0;
  while (true) {
    const long count = ::syscall(SYS_getdents64, directory, piece, kPiece);
    if (count < 0) return -errno;
    if (count == 0) break;
    total += static_cast<std::size_t>(count);
    if (total > kMaxListing) return -ENOMEM;
    for (long at = 0; at < count;) {
      const auto* raw = reinterpret_cast<const dirent64*>(piece + at);
      entries.push_back({PositionOf(raw->d_name, reversed), raw->d_name, raw->d_ino, raw->d_type});
      at += raw->d_reclen;
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& left, const Entry& right) {
    return std::tie(left.position, left.name) < std::tie(right.position, right.name);
  });
  return 0;
}

void Append(const Entry& entry, std::string& answer) {
  std::string record((kHeader + entry.name.size() + 1 + 7) / 8 * 8, '\0');
  dirent64 header{};
  header.d_ino = entry.inode;
  header.d_off = entry.position;
  header.d_reclen = static_cast<unsigned short>(record.size());
  header.d_type = entry.type;
  std::memcpy(record.data(), &header, kHeader);
  std::memcpy(record.data() + kHeader, entry.name.data(), entry.name.size());
  answer += record;
}

}  // namespace

std::optional<std::int64_t> DirectoryOrder::Read(const WatchedTask& task, int descriptor, std::uint64_t address,
                                                 std::uint64_t size) {
  // The same open directory, not another one of the same name: its position is kept in it.
  const FileDescriptor directory = task.Share(descriptor);
  struct stat status {};
  if (!directory.valid() || ::fstat(directory.get(), &status) != 0 || !S_ISDIR(status.st_mode)) return std::nullopt;
  const off_t before = ::lseek(directory.get(), 0, SEEK_CUR);
  if (before < 0) return std::nullopt;
  Place place{task.task(), descriptor, status.st_dev, status.st_ino, before};
  if (before == 0 || place != place_) {
    entries_.clear();
    place_ = {};
    const std::int64_t refused = List(directory.get(), reversed_, entries_);
    if (refused != 0) {
      entries_.clear();
      ::lseek(directory.get(), before, SEEK_SET);
      return refused;
    }
  }
  std::string answer;
  bool too_small = false;
  auto entry = std::upper_bound(entries_.begin(), entries_.end(), before,
                                [](off_t position, const Entry& other) { return position < off_t{other.position}; });
  while (entry != entries_.end()) {
    // Those of one position go together: the next call goes on behind it.
    std::string together;
    const std::uint32_t position = entry->position;
    for (; entry != entries_.end() && entry->position == position; ++entry) Append(*entry, together);
    if (answer.size() + together.size() > std::min(size, kMaxAnswer)) {
      too_small = answer.empty();
      break;
    }
    answer += together;
    place.position = off_t{position};
  }
  const bool written = !too_small && (answer.empty() || task.Write(address, answer.data(), answer.size()));
  if (!written) place.position = before;
  if (::lseek(directory.get(), place.position, SEEK_SET) < 0) return -EIO;
  place_ = place;
  if (too_small) return -EINVAL;
  return written ? static_cast<std::int64_t>(answer.size()) : -EFAULT;
}

}  // namespace nachbau::builder
