// A volume of an export from outside: its head and manifest are read, and what must follow is laid out.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "mirror/export_format.h"
#include "tests/fuzz/fuzz_target.h"

using namespace nachbau::mirror;

FUZZ_TARGET(export_volume) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const ReadAt read = [&](std::uint64_t offset, std::uint64_t count) {
    return offset >= bytes.size() ? std::string() : std::string(bytes.substr(offset, count));
  };
  try {
    const VolumeHead head = ReadVolumeHead(read, "fuzz");
    const ExportManifest manifest = ParseManifest(head.manifest_text, "fuzz");
    if (FormatManifest(ParseManifest(FormatManifest(manifest), "fuzz")) != FormatManifest(manifest)) std::abort();
    const VolumeLayout layout = LayOut(manifest, head.number, head.bundle, head.manifest_text);
    std::uint64_t end = layout.head.size();
    for (const PlacedObject& placed : layout.objects) {
      if (placed.offset != end || placed.offset % 512 != 0) std::abort();
      end = placed.data() + placed.object.size + TarPadding(placed.object.size);
    }
    if (layout.size != end + kTarEnd) std::abort();
  } catch (const nachbau::Error&) {
  }
  // Mutations seldom hit upon a whole volume, but often upon a manifest.
  try {
    ParseManifest(bytes, "fuzz");
  } catch (const nachbau::Error&) {
  }
  return 0;
}
