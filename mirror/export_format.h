// The archive file in which parts of a store travel to a machine without network. docs/formats/export.md
//
// An export has one manifest and one or more volumes. A volume is a tar file (POSIX ustar; a pax record for objects
// from 8 GiB) whose every byte but those of the objects follows from the manifest:
//
//   volume-0001/manifest.sigstore.json   the signed statement about the manifest
//   volume-0001/manifest.json
//   volume-0001/objects/ab/cdef…         the objects of this volume, sorted by SHA-256
//   two blocks of zeros
//
// So a reader knows where each object lies, reads no header but to compare it with what must be there, and takes no
// name and no size from the file. All volumes carry the same manifest, so each is good without the others.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/json.h"
#include "mirror/mirror.h"
#include "model/product.h"

namespace nachbau::mirror {

inline constexpr const char* kExportPredicateType = "urn:nachbau:predicate:mirror-export:1";
inline constexpr std::uint32_t kMaxVolumes = 9999;
// In place of a volume: the other side said that it has the object.
inline constexpr std::uint32_t kHeldThere = 0;

struct ExportObject {
  Sha256Digest sha256;
  std::uint64_t size = 0;    // bytes
  std::uint32_t volume = 1;  // from 1, or kHeldThere
  auto operator<=>(const ExportObject&) const = default;
};

struct ExportManifest {
  UnixSeconds time = 0;
  std::uint32_t volumes = 1;
  std::vector<ExportObject> objects;  // sorted by sha256, each once
  std::vector<Product> products;      // sorted by name; without earlier versions
  std::vector<Sha256Digest> locks;    // objects: locks that belong to no product; sorted
  std::vector<Snapshot> snapshots;    // oldest first
  // "name (sha256)": what the products name but this store did not have either. Sorted.
  std::vector<std::string> absent;

  const ExportObject* Find(const Sha256Digest& sha256) const;  // nullptr: not in it
};

std::string FormatManifest(const ExportManifest& manifest);  // canonical JSON: what is signed
// Throws ParseError naming `name` for anything else.
ExportManifest ParseManifest(std::string_view text, const std::string& name);

// The in-toto statement whose subject is the manifest with this digest.
Json ExportStatement(const Sha256Digest& manifest, const ExportManifest& content);
// That a statement (its signature was checked) is about the manifest with this digest. Throws Error.
void CheckExportStatement(const Json& statement, const Sha256Digest& manifest);

// The blocks in front of a member's bytes, and how many zeros follow them.
std::string TarHeader(const std::string& path, std::uint64_t size);
std::uint64_t TarPadding(std::uint64_t size);
inline constexpr std::uint64_t kTarEnd = 1024;  // bytes of zeros

struct PlacedObject {
  ExportObject object;
  std::string header;        // as it must be
  std::uint64_t offset = 0;  // of the header in the volume
  std::uint64_t data() const { return offset + header.size(); }
};

struct VolumeLayout {
  std::string head;  // everything in front of the first object
  std::vector<PlacedObject> objects;
  std::uint64_t size = 0;  // bytes of the volume, the end included
};

// What volume `number` consists of. `bundle` and `manifest_text` as they stand in it.
VolumeLayout LayOut(const ExportManifest& manifest, std::uint32_t number, std::string_view bundle,
                    std::string_view manifest_text);

// Gives each object that is not kHeldThere its volume, in order, so that no volume is larger than `volume_size` bytes
// (0: one volume). Throws UsageError naming the object that is too large for any, with the size it would take.
void AssignVolumes(ExportManifest& manifest, std::uint64_t volume_size, std::uint64_t bundle_size);

struct VolumeHead {
  std::uint32_t number = 0;
  std::string bundle;         // unchecked
  std::string manifest_text;  // unchecked
};
// Reads `size` bytes at `offset`; returns fewer only at the end.
using ReadAt = std::function<std::string(std::uint64_t offset, std::uint64_t size)>;
// The first two members. Throws ParseError naming `name` for anything that is no volume.
VolumeHead ReadVolumeHead(const ReadAt& read, const std::string& name);

// Pieces of a file by pread; `fd` must outlive it.
ReadAt ReadAtOf(const FileDescriptor& fd, const std::string& name);

}  // namespace nachbau::mirror
