#include "mirror/export_format.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "mirror/archive_state.h"

namespace nachbau::mirror {
namespace {

constexpr const char* kExportFormat = "nachbau-export/1";
constexpr std::size_t kBlock = 512;
constexpr std::uint64_t kMaxOctal = 077777777777;  // the largest size that a ustar header holds
constexpr std::uint64_t kMaxBundle = 1 << 20;      // bytes
constexpr std::uint64_t kMaxObject = 1ULL << 40;   // bytes; keeps sums far from overflow

std::string VolumePrefix(std::uint32_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "volume-%04u/", number);
  return text;
}

std::string BundlePath(std::uint32_t number) { return VolumePrefix(number) + "manifest.sigstore.json"; }
std::string ManifestPath(std::uint32_t number) { return VolumePrefix(number) + "manifest.json"; }
std::string ObjectPath(std::uint32_t number, const Sha256Digest& sha256) {
  const std::string hex = sha256.Hex();
  return VolumePrefix(number) + "objects/" + hex.substr(0, 2) + "/" + hex.substr(2);
}

void Octal(char* field, std::size_t width, std::uint64_t value) {
  std::snprintf(field, width, "%0*llo", static_cast<int>(width) - 1, static_cast<unsigned long long>(value));
}

// POSIX.1-2017, pax, "ustar Interchange Format".
std::string UstarBlock(const std::string& path, std::uint64_t size, char type) {
  NACHBAU_CHECK(path.size() <= 100 && size <= kMaxOctal);
  std::string block(kBlock, '\0');
  char* const b = block.data();
  std::memcpy(b, path.data(), path.size());
  Octal(b + 100, 8, 0444);
  Octal(b + 108, 8, 0);  // uid
  Octal(b + 116, 8, 0);  // gid
  Octal(b + 124, 12, size);
  Octal(b + 136, 12, 0);  // mtime
  std::memset(b + 148, ' ', 8);
  b[156] = type;
  std::memcpy(b + 257, "ustar\00000", 8);  // magic with its zero byte, version "00"
  Octal(b + 329, 8, 0);
  Octal(b + 337, 8, 0);
  std::uint64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  std::snprintf(b + 148, 7, "%06llo", static_cast<unsigned long long>(sum));
  b[155] = ' ';
  return block;
}

std::string Member(const std::string& path, std::string_view bytes) {
  std::string member = TarHeader(path, bytes.size());
  member.append(bytes);
  member.append(TarPadding(bytes.size()), '\0');
  return member;
}

std::uint64_t HeadSize(std::uint64_t bundle, std::uint64_t manifest) {
  return TarHeader("x", bundle).size() + bundle + TarPadding(bundle) + TarHeader("x", manifest).size() + manifest +
         TarPadding(manifest);
}

std::uint64_t MemberSize(std::uint64_t size) { return TarHeader("x", size).size() + size + TarPadding(size); }

// The member at `offset`, whose header must be exactly what its path and size make it.
std::string ReadMember(const ReadAt& read, std::uint64_t& offset, const std::string& path, std::uint64_t limit,
                       const std::string& name) {
  const std::string header = read(offset, kBlock);
  const auto refuse = [&] {
    throw ParseError(name, 0, Msg("not a volume of an export: no {} where it must be", path));
  };
  if (header.size() != kBlock) refuse();
  std::uint64_t size = 0;
  for (std::size_t i = 124; i < 135; ++i) {
    if (header[i] < '0' || header[i] > '7') refuse();
    size = size * 8 + static_cast<std::uint64_t>(header[i] - '0');
  }
  if (header != TarHeader(path, size)) refuse();
  if (size > limit) throw ParseError(name, 0, Msg("{} is larger than the limit of {} bytes", path, limit));
  std::string bytes = read(offset + kBlock, size);
  if (bytes.size() != size) throw ParseError(name, 0, Msg("cut off in {}", path));
  offset += MemberSize(size);
  return bytes;
}

ExportObject ReadObject(const Json& item, const std::string& place, std::uint32_t volumes) {
  JsonReader entry(item, place);
  ExportObject object;
  object.sha256 = ParseSha256(entry.Text("sha256"), entry.PlaceOf("sha256"));
  object.size = entry.Unsigned("size");
  if (object.size > kMaxObject) entry.Refuse("size", "at most 1 TiB");
  const std::uint64_t volume = entry.Unsigned("volume");
  if (volume > volumes) entry.Refuse("volume", "one of the volumes");
  object.volume = static_cast<std::uint32_t>(volume);
  entry.Done();
  return object;
}

}  // namespace

const ExportObject* ExportManifest::Find(const Sha256Digest& sha256) const {
  const auto found =
      std::lower_bound(objects.begin(), objects.end(), sha256,
                       [](const ExportObject& object, const Sha256Digest& digest) { return object.sha256 < digest; });
  return found == objects.end() || found->sha256 != sha256 ? nullptr : &*found;
}

std::string FormatManifest(const ExportManifest& manifest) {
  Json json = {{"format", kExportFormat},    {"time", FormatTime(manifest.time)}, {"volumes", manifest.volumes},
               {"objects", Json::array()},   {"products", Json::array()},         {"locks", Json::array()},
               {"snapshots", Json::array()}, {"absent", manifest.absent}};
  for (const ExportObject& object : manifest.objects) {
    json["objects"].push_back({{"sha256", object.sha256.Hex()}, {"size", object.size}, {"volume", object.volume}});
  }
  for (const Product& product : manifest.products) json["products"].push_back(ToJson(product));
  for (const Sha256Digest& lock : manifest.locks) json["locks"].push_back(lock.Hex());
  for (const Snapshot& snapshot : manifest.snapshots) json["snapshots"].push_back(SnapshotToJson(snapshot));
  return FormatCanonical(json);
}

ExportManifest ParseManifest(std::string_view text, const std::string& name) {
  const Json json = ParseJson(text, name);
  JsonReader reader(json, name);
  if (reader.Text("format") != kExportFormat) reader.Refuse("format", kExportFormat);
  ExportManifest manifest;
  manifest.time = ParseTime(reader.Text("time"), reader.PlaceOf("time"));
  const std::uint64_t volumes = reader.Unsigned("volumes");
  if (volumes == 0 || volumes > kMaxVolumes) reader.Refuse("volumes", "1 to 9999");
  manifest.volumes = static_cast<std::uint32_t>(volumes);
  for (const Json& item : reader.Array("objects")) {
    const std::string place = reader.PlaceOf("objects/" + std::to_string(manifest.objects.size()));
    ExportObject object = ReadObject(item, place, manifest.volumes);
    if (!manifest.objects.empty() && manifest.objects.back().sha256 >= object.sha256) {
      throw ParseError(place, 0, Msg("out of order, or twice"));
    }
    manifest.objects.push_back(object);
  }
  const auto in_order = [&](const char* key, bool good) {
    if (!good) throw ParseError(reader.PlaceOf(key), 0, Msg("out of order, or twice"));
  };
  for (const Json& item : reader.Array("products")) {
    Product product = ProductFromJson(item, reader.PlaceOf("products/" + std::to_string(manifest.products.size())));
    in_order("products", manifest.products.empty() || manifest.products.back().name < product.name);
    manifest.products.push_back(std::move(product));
  }
  for (const std::string& lock : reader.Texts("locks")) {
    const Sha256Digest digest = ParseSha256(lock, reader.PlaceOf("locks"));
    in_order("locks", manifest.locks.empty() || manifest.locks.back() < digest);
    manifest.locks.push_back(digest);
  }
  for (const Json& item : reader.Array("snapshots")) {
    Snapshot snapshot =
        SnapshotFromJson(item, reader.PlaceOf("snapshots/" + std::to_string(manifest.snapshots.size())));
    in_order("snapshots", manifest.snapshots.empty() || manifest.snapshots.back().time < snapshot.time);
    manifest.snapshots.push_back(std::move(snapshot));
  }
  manifest.absent = reader.Texts("absent");
  reader.Done();
  return manifest;
}

Json ExportStatement(const Sha256Digest& manifest, const ExportManifest& content) {
  return {{"_type", "https://in-toto.io/Statement/v1"},
          {"subject", Json::array({{{"name", "manifest.json"}, {"digest", {{"sha256", manifest.Hex()}}}}})},
          {"predicateType", kExportPredicateType},
          {"predicate",
           {{"time", FormatTime(content.time)},
            {"volumes", content.volumes},
            {"objects", content.objects.size()},
            {"products", content.products.size()}}}};
}

void CheckExportStatement(const Json& statement, const Sha256Digest& manifest) {
  const Json subject = Json::array({{{"name", "manifest.json"}, {"digest", {{"sha256", manifest.Hex()}}}}});
  if (TextMember(statement, "predicateType") != kExportPredicateType || ArrayMember(statement, "subject") != subject) {
    throw Error(Msg("the signed statement is not about this manifest"));
  }
}

std::string TarHeader(const std::string& path, std::uint64_t size) {
  if (size <= kMaxOctal) return UstarBlock(path, size, '0');
  // "NN size=…\n", where NN counts the whole record: two digits always suffice.
  const std::string value = " size=" + std::to_string(size) + "\n";
  const std::string record = std::to_string(value.size() + 2) + value;
  std::string header = UstarBlock("pax-header", record.size(), 'x') + record;
  header.append(TarPadding(record.size()), '\0');
  return header + UstarBlock(path, 0, '0');
}

std::uint64_t TarPadding(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

VolumeLayout LayOut(const ExportManifest& manifest, std::uint32_t number, std::string_view bundle,
                    std::string_view manifest_text) {
  VolumeLayout layout;
  layout.head = Member(BundlePath(number), bundle) + Member(ManifestPath(number), manifest_text);
  layout.size = layout.head.size();
  for (const ExportObject& object : manifest.objects) {
    if (object.volume != number) continue;
    layout.objects.push_back({object, TarHeader(ObjectPath(number, object.sha256), object.size), layout.size});
    layout.size += MemberSize(object.size);
  }
  layout.size += kTarEnd;
  return layout;
}

void AssignVolumes(ExportManifest& manifest, std::uint64_t volume_size, std::uint64_t bundle_size) {
  for (ExportObject& object : manifest.objects) {
    if (object.volume != kHeldThere)
      object.volume = volume_size == 0 ? 1 : kMaxVolumes;  // widest: the text gets no longer
  }
  manifest.volumes = 1;
  if (volume_size == 0) return;
  manifest.volumes = kMaxVolumes;
  const std::uint64_t fixed = HeadSize(bundle_size, FormatManifest(manifest).size()) + kTarEnd;
  std::uint32_t number = 1;
  std::uint64_t used = fixed;
  for (ExportObject& object : manifest.objects) {
    if (object.volume == kHeldThere) continue;
    const std::uint64_t size = MemberSize(object.size);
    if (fixed + size > volume_size) {
      UsageError error(Msg("an object of {} bytes does not fit into a volume of {} bytes", object.size, volume_size));
      error.SetHint(Msg("make the volumes at least {} bytes large", fixed + size));
      throw error;
    }
    if (used + size > volume_size) {
      if (++number > kMaxVolumes) {
        throw UsageError(Msg("more than {} volumes: make them larger", kMaxVolumes));
      }
      used = fixed;
    }
    object.volume = number;
    used += size;
  }
  manifest.volumes = number;
}

VolumeHead ReadVolumeHead(const ReadAt& read, const std::string& name) {
  const std::string start = read(0, 12);
  VolumeHead head;
  if (start.size() == 12 && start.starts_with("volume-") && start.back() == '/') {
    for (std::size_t i = 7; i < 11; ++i) {
      if (start[i] < '0' || start[i] > '9') throw ParseError(name, 0, Msg("not a volume of an export"));
      head.number = head.number * 10 + static_cast<std::uint32_t>(start[i] - '0');
    }
  }
  if (head.number == 0) throw ParseError(name, 0, Msg("not a volume of an export"));
  std::uint64_t offset = 0;
  head.bundle = ReadMember(read, offset, BundlePath(head.number), kMaxBundle, name);
  head.manifest_text = ReadMember(read, offset, ManifestPath(head.number), kMaxDocumentSize, name);
  return head;
}

ReadAt ReadAtOf(const FileDescriptor& fd, const std::string& name) {
  const int number = fd.get();
  return [number, name](std::uint64_t offset, std::uint64_t size) {
    std::string bytes;
    while (bytes.size() < size) {
      // In pieces, so that a size that is not true costs no memory.
      const std::size_t piece = static_cast<std::size_t>(std::min<std::uint64_t>(size - bytes.size(), 1 << 20));
      const std::size_t before = bytes.size();
      bytes.resize(before + piece);
      const ssize_t count = ::pread(number, bytes.data() + before, piece, static_cast<off_t>(offset + before));
      if (count < 0 && errno != EINTR) throw SystemError(errno, Msg("read {}", name));
      bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
      if (count == 0) break;
    }
    return bytes;
  };
}

}  // namespace nachbau::mirror
