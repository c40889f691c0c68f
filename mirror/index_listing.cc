#include "mirror/index_listing.h"

#include <algorithm>
#include <vector>

#include "base/archive.h"
#include "base/deb822.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxIndex = 2ULL << 30;  // bytes, unpacked

std::string_view TakeLine(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

bool TakeField(std::string_view line, std::string_view name, std::string& into) {
  if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') return false;
  into = Trim(line.substr(name.size() + 1));
  return true;
}

}  // namespace

void ForEachListing(std::string_view index, bool is_sources, const std::function<void(const IndexListing&)>& sink) {
  IndexListing listing;
  std::vector<std::pair<std::string, std::string>> files;  // digest, name
  bool in_checksums = false;
  const auto finish = [&] {
    if (is_sources) {
      listing.architecture = "source";
      for (auto& [sha256, name] : files) {
        listing.sha256 = std::move(sha256);
        listing.file_name = std::move(name);
        if (!listing.package.empty()) sink(listing);
      }
    } else if (!listing.package.empty() && !listing.sha256.empty()) {
      listing.file_name.erase(0,
                              listing.file_name.rfind('/') == std::string::npos ? 0 : listing.file_name.rfind('/') + 1);
      sink(listing);
    }
    listing = {};
    files.clear();
  };
  while (!index.empty()) {
    const std::string_view line = TakeLine(index);
    if (line.empty()) {
      finish();
      continue;
    }
    if (line[0] == ' ' || line[0] == '\t') {
      if (!in_checksums) continue;
      const auto words = SplitWords(line);
      if (words.size() == 3) files.emplace_back(std::string(words[0]), std::string(words[2]));
      continue;
    }
    in_checksums = is_sources && line.starts_with("Checksums-Sha256:");
    if (TakeField(line, "Package", listing.package) || TakeField(line, "Version", listing.version)) continue;
    if (is_sources) continue;
    if (TakeField(line, "Architecture", listing.architecture) || TakeField(line, "SHA256", listing.sha256)) continue;
    TakeField(line, "Filename", listing.file_name);
  }
  finish();
}

void ForEachListing(const SnapshotIndex& index, const Store& store,
                    const std::function<void(const IndexListing&)>& sink) {
  // Paragraph by paragraph: an index of a whole archive need not be in memory.
  const bool is_sources = index.architecture == "source";
  std::string rest;
  DecompressPieces(store.Open(index.proof.sha256), index.proof.path, kMaxIndex, [&](std::string_view piece) {
    rest += piece;
    const std::size_t end = rest.rfind("\n\n");
    if (end == rest.npos) return;
    ForEachListing(std::string_view(rest).substr(0, end + 2), is_sources, sink);
    rest.erase(0, end + 2);
  });
  ForEachListing(rest, is_sources, sink);
}

}  // namespace nachbau::mirror
