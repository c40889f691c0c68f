// Reads ar, tar and compressed streams through libarchive, entry by entry, without trusting any of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace nachbau {

struct ArchiveEntry {
  enum class Type { kFile, kDirectory, kSymlink, kHardlink, kCharacterDevice, kBlockDevice, kFifo, kOther };
  Type type = Type::kOther;
  std::string path;         // as stored; may be hostile: check before use (ArchiveReader never touches the file system)
  std::string link_target;  // of a symbolic or hard link
  std::uint64_t size = 0;   // bytes of content
  mode_t mode = 0;          // permission bits including setuid, setgid, sticky
  std::int64_t uid = 0, gid = 0;
  std::string user_name, group_name;
  std::int64_t mtime = 0;   // seconds
  std::uint32_t mtime_nanoseconds = 0;
  std::uint32_t device_major = 0, device_minor = 0;
};

// What the reader may meet. Anything else is a ParseError.
enum class ArchiveFormat { kAr, kTar };

class ArchiveReader {
 public:
  // From memory; `bytes` must outlive the reader. `name` is for messages.
  ArchiveReader(std::string_view bytes, ArchiveFormat format, std::string name);
  // From a descriptor, read sequentially from its current position; it must outlive the reader.
  ArchiveReader(const FileDescriptor& fd, ArchiveFormat format, std::string name);
  // From a function that returns the next piece, empty at the end; a piece lives until the next call.
  ArchiveReader(std::function<std::string_view()> next_piece, ArchiveFormat format, std::string name);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  // The next entry, or nothing at the end. Throws ParseError for a malformed or truncated archive.
  std::optional<ArchiveEntry> Next();
  // A piece of the current entry's content; empty at its end. Holes of sparse files come as zeros.
  std::string_view NextPiece();
  // The whole content of the current entry. Throws ParseError beyond `limit` bytes.
  std::string ReadContent(std::uint64_t limit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Decompresses one gzip, xz, bzip2, lzma, lz4 or zstd stream, chosen by its content; plain bytes pass. Throws
// ParseError when the result would exceed `limit` bytes or the stream is damaged.
std::string Decompress(std::string_view bytes, std::string_view name, std::uint64_t limit);

// The same in pieces, for large indexes.
void DecompressPieces(const FileDescriptor& fd, std::string_view name, std::uint64_t limit,
                      const std::function<void(std::string_view)>& sink);

}  // namespace nachbau
