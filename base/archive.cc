#include "base/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <vector>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau {
namespace {

constexpr std::size_t kPieceSize = 128 << 10;

struct ReaderDeleter {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, ReaderDeleter>;

std::string Text(const char* text) { return text == nullptr ? std::string() : std::string(text); }

[[noreturn]] void Fail(archive* reader, std::string_view name) {
  throw ParseError(name, 0, Msg("damaged archive: {}", Printable(Text(archive_error_string(reader)))));
}

// Only what Debian archives and upstream tarballs use; libarchive's other readers stay out of reach of hostile input.
void SupportFilters(archive* reader) {
  archive_read_support_filter_none(reader);
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_lzma(reader);
  archive_read_support_filter_bzip2(reader);
  archive_read_support_filter_lz4(reader);
  archive_read_support_filter_zstd(reader);
}

}  // namespace

struct ArchiveReader::State {
  Reader reader{archive_read_new()};
  std::string name;
  std::function<std::string_view()> next_piece;
  std::exception_ptr failure;  // thrown by next_piece, kept across libarchive's C frames
  std::vector<char> buffer;
  archive_entry* entry = nullptr;

  static la_ssize_t Read(archive* reader, void* self, const void** piece) {
    auto* state = static_cast<State*>(self);
    try {
      const std::string_view bytes = state->next_piece();
      *piece = bytes.data();
      return static_cast<la_ssize_t>(bytes.size());
    } catch (...) {
      state->failure = std::current_exception();
      archive_set_error(reader, EIO, "%s", "read failed");
      return -1;
    }
  }
  [[noreturn]] void Throw() {
    if (failure) std::rethrow_exception(failure);
    Fail(reader.get(), name);
  }
  void Support(ArchiveFormat format) {
    SupportFilters(reader.get());
    if (format == ArchiveFormat::kAr) {
      archive_read_support_format_ar(reader.get());
    } else {
      archive_read_support_format_tar(reader.get());
      archive_read_set_format_option(reader.get(), "tar", "read_concatenated_archives", nullptr);
    }
    archive_read_support_format_empty(reader.get());
  }
};

ArchiveReader::ArchiveReader(std::string_view bytes, ArchiveFormat format, std::string name)
    : state_(std::make_unique<State>()) {
  state_->name = std::move(name);
  state_->Support(format);
  if (archive_read_open_memory(state_->reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) state_->Throw();
}

ArchiveReader::ArchiveReader(const FileDescriptor& fd, ArchiveFormat format, std::string name)
    : state_(std::make_unique<State>()) {
  state_->name = std::move(name);
  state_->Support(format);
  if (archive_read_open_fd(state_->reader.get(), fd.get(), kPieceSize) != ARCHIVE_OK) state_->Throw();
}

ArchiveReader::ArchiveReader(std::function<std::string_view()> next_piece, ArchiveFormat format, std::string name)
    : state_(std::make_unique<State>()) {
  state_->name = std::move(name);
  state_->next_piece = std::move(next_piece);
  state_->Support(format);
  if (archive_read_open(state_->reader.get(), state_.get(), nullptr, &State::Read, nullptr) != ARCHIVE_OK) {
    state_->Throw();
  }
}

ArchiveReader::~ArchiveReader() = default;

std::optional<ArchiveEntry> ArchiveReader::Next() {
  const int result = archive_read_next_header(state_->reader.get(), &state_->entry);
  if (result == ARCHIVE_EOF) return std::nullopt;
  // A warning here is about a name that does not fit the locale; the raw bytes are what counts.
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) state_->Throw();
  archive_entry* raw = state_->entry;
  ArchiveEntry entry;
  entry.path = Text(archive_entry_pathname(raw));
  if (archive_entry_hardlink(raw) != nullptr) {
    entry.type = ArchiveEntry::Type::kHardlink;
    entry.link_target = Text(archive_entry_hardlink(raw));
  } else {
    switch (archive_entry_filetype(raw)) {
      case AE_IFREG: entry.type = ArchiveEntry::Type::kFile; break;
      case AE_IFDIR: entry.type = ArchiveEntry::Type::kDirectory; break;
      case AE_IFLNK:
        entry.type = ArchiveEntry::Type::kSymlink;
        entry.link_target = Text(archive_entry_symlink(raw));
        break;
      case AE_IFCHR: entry.type = ArchiveEntry::Type::kCharacterDevice; break;
      case AE_IFBLK: entry.type = ArchiveEntry::Type::kBlockDevice; break;
      case AE_IFIFO: entry.type = ArchiveEntry::Type::kFifo; break;
      default: entry.type = ArchiveEntry::Type::kOther;
    }
  }
  entry.size = archive_entry_size(raw) < 0 ? 0 : static_cast<std::uint64_t>(archive_entry_size(raw));
  entry.mode = archive_entry_mode(raw) & 07777;
  entry.uid = archive_entry_uid(raw);
  entry.gid = archive_entry_gid(raw);
  entry.user_name = Text(archive_entry_uname(raw));
  entry.group_name = Text(archive_entry_gname(raw));
  entry.mtime = archive_entry_mtime(raw);
  entry.mtime_nanoseconds = static_cast<std::uint32_t>(archive_entry_mtime_nsec(raw));
  entry.device_major = static_cast<std::uint32_t>(archive_entry_rdevmajor(raw));
  entry.device_minor = static_cast<std::uint32_t>(archive_entry_rdevminor(raw));
  return entry;
}

std::string_view ArchiveReader::NextPiece() {
  state_->buffer.resize(kPieceSize);
  const la_ssize_t count = archive_read_data(state_->reader.get(), state_->buffer.data(), state_->buffer.size());
  if (count < 0) state_->Throw();
  return {state_->buffer.data(), static_cast<std::size_t>(count)};
}

std::string ArchiveReader::ReadContent(std::uint64_t limit) {
  std::string content;
  for (std::string_view piece = NextPiece(); !piece.empty(); piece = NextPiece()) {
    if (content.size() + piece.size() > limit) {
      throw ParseError(state_->name, 0, Msg("member is larger than the limit of {} bytes", limit));
    }
    content.append(piece);
  }
  return content;
}

namespace {

// libarchive's "raw" format hands the decompressed stream out as one entry.
void Raw(archive* reader, std::string_view name, std::uint64_t limit,
         const std::function<void(std::string_view)>& sink) {
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(reader, &entry);
  if (result == ARCHIVE_EOF) return;
  if (result != ARCHIVE_OK) Fail(reader, name);
  std::vector<char> buffer(kPieceSize);
  std::uint64_t total = 0;
  for (;;) {
    const la_ssize_t count = archive_read_data(reader, buffer.data(), buffer.size());
    if (count < 0) Fail(reader, name);
    if (count == 0) return;
    total += static_cast<std::uint64_t>(count);
    if (total > limit) throw ParseError(name, 0, Msg("decompresses to more than {} bytes", limit));
    sink({buffer.data(), static_cast<std::size_t>(count)});
  }
}

Reader RawReader() {
  Reader reader(archive_read_new());
  SupportFilters(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_read_support_format_empty(reader.get());
  return reader;
}

}  // namespace

std::string Decompress(std::string_view bytes, std::string_view name, std::uint64_t limit) {
  const Reader reader = RawReader();
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) Fail(reader.get(), name);
  std::string result;
  Raw(reader.get(), name, limit, [&](std::string_view piece) { result.append(piece); });
  return result;
}

void DecompressPieces(const FileDescriptor& fd, std::string_view name, std::uint64_t limit,
                      const std::function<void(std::string_view)>& sink) {
  const Reader reader = RawReader();
  if (archive_read_open_fd(reader.get(), fd.get(), kPieceSize) != ARCHIVE_OK) Fail(reader.get(), name);
  Raw(reader.get(), name, limit, sink);
}

}  // namespace nachbau
