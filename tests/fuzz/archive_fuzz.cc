// ar, tar and compressed streams of foreign bytes: read to the end or refused, within their bounds.
#include <cstdint>

#include "base/archive.h"
#include "base/error.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

constexpr std::uint64_t kLimit = 1 << 20;

void ReadAll(std::string_view bytes, nachbau::ArchiveFormat format) {
  try {
    nachbau::ArchiveReader reader(bytes, format, "fuzz");
    for (int entries = 0; entries < 1000; ++entries) {
      if (!reader.Next()) return;
      if (reader.ReadContent(kLimit).size() > kLimit) __builtin_trap();
    }
  } catch (const nachbau::ParseError&) {
  }
}

}  // namespace

FUZZ_TARGET(archive) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReadAll(bytes, nachbau::ArchiveFormat::kAr);
  ReadAll(bytes, nachbau::ArchiveFormat::kTar);
  try {
    if (nachbau::Decompress(bytes, "fuzz", kLimit).size() > kLimit) __builtin_trap();
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
