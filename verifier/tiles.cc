#include "verifier/tiles.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/merkle.h"

namespace nachbau::verifier {
namespace {

constexpr std::size_t kHashSize = 32;

std::string NumberPath(std::uint64_t number) {
  std::string path;
  do {
    std::string group = std::to_string(number % 1000);
    group.insert(0, 3 - group.size(), '0');
    path = path.empty() ? group : "x" + group + "/" + path;
    number /= 1000;
  } while (number != 0);
  return path;
}

std::filesystem::path WithWidth(std::string path, std::uint64_t width) {
  NACHBAU_CHECK(width > 0 && width <= kTileWidth);
  if (width != kTileWidth) path += ".p/" + std::to_string(width);
  return path;
}

// The partial file, or the full one that took its place. Partial tiles are kept only until the full one is there.
std::string ReadWhole(const std::filesystem::path& directory, const std::filesystem::path& partial,
                      const std::filesystem::path& full, std::uint64_t limit) {
  for (const std::filesystem::path& path : {partial, full}) {
    if (const auto fd = OpenForReadingIfExists(directory / path)) return ReadDescriptor(*fd, path.native(), limit);
  }
  throw MissingError(Msg("the log has no {}", partial.native()));
}

// A file has as many items as its name says, or is the full one.
void CheckCount(std::uint64_t count, std::uint64_t width, const std::filesystem::path& path) {
  if (count == width || count == kTileWidth) return;
  throw IntegrityError(path.native(), std::to_string(width) + " entries", std::to_string(count) + " entries");
}

}  // namespace

std::filesystem::path TilePath(unsigned level, std::uint64_t number, std::uint64_t width) {
  return WithWidth("tile/" + std::to_string(level) + "/" + NumberPath(number), width);
}

std::filesystem::path EntriesPath(std::uint64_t number, std::uint64_t width) {
  return WithWidth("tile/entries/" + NumberPath(number), width);
}

std::uint64_t TileWidthIn(unsigned level, std::uint64_t number, std::uint64_t size) {
  const unsigned shift = level * kTileHeight;
  const std::uint64_t nodes = shift >= 64 ? 0 : size >> shift;
  if (nodes >> kTileHeight < number) return 0;
  return std::min(kTileWidth, nodes - (number << kTileHeight));
}

std::string FormatTile(const std::vector<Sha256Digest>& hashes) {
  std::string bytes;
  for (const Sha256Digest& hash : hashes) bytes.append(hash.View());
  return bytes;
}

std::string FormatEntries(const std::vector<std::string>& entries) {
  std::string bytes;
  for (const std::string& entry : entries) {
    NACHBAU_CHECK(entry.size() <= kMaxEntrySize);
    bytes += static_cast<char>(entry.size() >> 8);
    bytes += static_cast<char>(entry.size() & 255);
    bytes += entry;
  }
  return bytes;
}

std::vector<std::string> ParseEntries(std::string_view bytes, const std::string& place) {
  std::vector<std::string> entries;
  while (!bytes.empty()) {
    const std::size_t size = bytes.size() < 2 ? kMaxEntrySize
                                              : static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 |
                                                    static_cast<unsigned char>(bytes[1]);
    if (bytes.size() < 2 + size) throw ParseError(place, 0, Msg("cut off after {} entries", entries.size()));
    if (entries.size() == kTileWidth) throw ParseError(place, 0, Msg("more than {} entries", kTileWidth));
    entries.emplace_back(bytes.substr(2, size));
    bytes.remove_prefix(2 + size);
  }
  return entries;
}

std::vector<std::string> ReadEntries(const std::filesystem::path& directory, std::uint64_t number,
                                     std::uint64_t size) {
  const std::uint64_t width = TileWidthIn(0, number, size);
  if (width == 0) return {};
  const std::filesystem::path path = EntriesPath(number, width);
  const std::string bytes =
      ReadWhole(directory, path, EntriesPath(number, kTileWidth), kTileWidth * (kMaxEntrySize + 2));
  std::vector<std::string> entries = ParseEntries(bytes, (directory / path).native());
  CheckCount(entries.size(), width, directory / path);
  entries.resize(width);
  return entries;
}

const std::vector<Sha256Digest>& TileTree::Tile(unsigned level, std::uint64_t number) {
  const auto key = std::pair(level, number);
  if (const auto known = tiles_.find(key); known != tiles_.end()) return known->second;
  const std::uint64_t width = TileWidthIn(level, number, size_);
  std::vector<Sha256Digest> hashes(width);
  if (width != 0) {
    const std::filesystem::path path = TilePath(level, number, width);
    const std::string bytes =
        ReadWhole(directory_, path, TilePath(level, number, kTileWidth), kTileWidth * kHashSize);
    CheckCount(bytes.size() % kHashSize == 0 ? bytes.size() / kHashSize : 0, width, directory_ / path);
    for (std::uint64_t i = 0; i < width; ++i) {
      std::copy_n(bytes.data() + i * kHashSize, kHashSize, reinterpret_cast<char*>(hashes[i].bytes.data()));
    }
  }
  return tiles_.emplace(key, std::move(hashes)).first->second;
}

Sha256Digest TileTree::Node(unsigned level, std::uint64_t index) {
  const unsigned within = level % kTileHeight;
  const std::uint64_t first = index << within;  // among the hashes of the tile's own level
  const std::uint64_t count = std::uint64_t{1} << within;
  const std::vector<Sha256Digest>& tile = Tile(level / kTileHeight, first / kTileWidth);
  const std::uint64_t offset = first % kTileWidth;
  NACHBAU_CHECK(offset + count <= tile.size());
  std::vector<Sha256Digest> row(tile.begin() + static_cast<std::ptrdiff_t>(offset),
                                tile.begin() + static_cast<std::ptrdiff_t>(offset + count));
  while (row.size() > 1) {
    for (std::size_t i = 0; i < row.size() / 2; ++i) row[i] = HashNode(row[2 * i], row[2 * i + 1]);
    row.resize(row.size() / 2);
  }
  return row.front();
}

}  // namespace nachbau::verifier
