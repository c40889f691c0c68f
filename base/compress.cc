#include "base/compress.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau {

std::string CompressXz(std::string_view bytes) {
  struct WriterDeleter {
    void operator()(archive* writer) const { archive_write_free(writer); }
  };
  struct EntryDeleter {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
  };
  std::string result;
  const std::unique_ptr<archive, WriterDeleter> writer(archive_write_new());
  const auto require = [&](la_ssize_t code) {
    if (code >= ARCHIVE_OK) return;
    const char* reason = archive_error_string(writer.get());
    throw Error(Msg("compress: {}", Printable(reason == nullptr ? "" : reason)));
  };
  require(archive_write_add_filter_xz(writer.get()));
  require(archive_write_set_filter_option(writer.get(), "xz", "compression-level", "6"));
  require(archive_write_set_format_raw(writer.get()));
  archive_write_set_bytes_per_block(writer.get(), 0);  // no padding
  const auto append = [](archive*, void* text, const void* piece, std::size_t size) {
    static_cast<std::string*>(text)->append(static_cast<const char*>(piece), size);
    return static_cast<la_ssize_t>(size);
  };
  require(archive_write_open(writer.get(), &result, nullptr, append, nullptr));
  const std::unique_ptr<archive_entry, EntryDeleter> entry(archive_entry_new());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  require(archive_write_header(writer.get(), entry.get()));
  require(archive_write_data(writer.get(), bytes.data(), bytes.size()));
  require(archive_write_close(writer.get()));
  return result;
}

}  // namespace nachbau
