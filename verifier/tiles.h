// The files of a log (C2SP tlog-tiles), read and named:
//
//   tile/<level>/<N>[.p/<width>]      256 hashes of height 8·level each; a partial one has fewer
//   tile/entries/<N>[.p/<width>]      the entries of a level 0 tile, each after its length (2 bytes, big-endian)
//
// N is written in groups of three digits, all but the last with "x" before it: 1234067 is x001/x234/067.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace nachbau::verifier {

inline constexpr unsigned kTileHeight = 8;
inline constexpr std::uint64_t kTileWidth = 1 << kTileHeight;
inline constexpr std::size_t kMaxEntrySize = 65535;  // bytes

// `width` kTileWidth: the full tile.
std::filesystem::path TilePath(unsigned level, std::uint64_t number, std::uint64_t width);
std::filesystem::path EntriesPath(std::uint64_t number, std::uint64_t width);
// How many hashes tile `number` of `level` has in a tree of `size` entries; 0 when there is no such tile.
std::uint64_t TileWidthIn(unsigned level, std::uint64_t number, std::uint64_t size);

std::string FormatEntries(const std::vector<std::string>& entries);
// All entries of a bundle, at most 256. Throws ParseError for one that is cut off.
std::vector<std::string> ParseEntries(std::string_view bytes, const std::string& place);

// The hashes of a tree of `size` entries as its tiles say: a NodeReader (base/merkle.h). Throws MissingError for a tile
// that is not there, IntegrityError for one of the wrong size. Not safe from several threads.
class TileTree {
 public:
  TileTree(std::filesystem::path directory, std::uint64_t size) : directory_(std::move(directory)), size_(size) {}
  Sha256Digest Node(unsigned level, std::uint64_t index);
  // The hashes of one tile, as many as the tree's size has. A full tile serves for a partial one.
  const std::vector<Sha256Digest>& Tile(unsigned level, std::uint64_t number);

 private:
  std::filesystem::path directory_;
  std::uint64_t size_;
  std::map<std::pair<unsigned, std::uint64_t>, std::vector<Sha256Digest>> tiles_;
};

// The entries of bundle `number` that a tree of `size` entries has. Throws as TileTree does, and ParseError.
std::vector<std::string> ReadEntries(const std::filesystem::path& directory, std::uint64_t number, std::uint64_t size);

std::string FormatTile(const std::vector<Sha256Digest>& hashes);

}  // namespace nachbau::verifier
