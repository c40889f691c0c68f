// Two passes, so that memory is bounded by what differs: the first one keeps headers and digests of all entries, the
// second one reads the contents that differ.
#include "verifier/tar_comparison.h"

#include <algorithm>
#include <map>

#include "base/archive.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "verifier/byte_difference.h"
#include "verifier/content_comparison.h"
#include "verifier/detail.h"

namespace nachbau::verifier {
namespace {

constexpr std::uint64_t kMaxUnpacked = 16ULL << 30;
constexpr std::size_t kMaxEntries = 500'000;
constexpr std::size_t kMaxNames = 256 << 20;  // bytes of all names and link targets
constexpr std::size_t kMaxShown = 1000;
constexpr std::uint64_t kMaxContent = 256ULL << 20;       // one file looked into
constexpr std::uint64_t kMaxContents = 1ULL << 30;        // all of one archive

// A path may stand in an archive several times; the second is compared with the second.
using Key = std::pair<std::string, std::size_t>;

struct Entry {
  ArchiveEntry header;
  Sha256Digest sha256;
};

struct Listing {
  std::vector<Key> order;
  std::map<Key, Entry> entries;
};

Listing List(std::string_view bytes, const std::string& name) {
  ArchiveReader reader(bytes, ArchiveFormat::kTar, name);
  Listing listing;
  std::map<std::string, std::size_t> seen;
  std::uint64_t unpacked = 0;
  std::size_t names = 0;
  while (auto header = reader.Next()) {
    names += header->path.size() + header->link_target.size() + header->user_name.size() + header->group_name.size();
    if (names > kMaxNames) throw ParseError(name, 0, Msg("more than {} bytes of names", kMaxNames));
    if (listing.order.size() == kMaxEntries) throw ParseError(name, 0, Msg("more than {} entries", kMaxEntries));
    ContentHasher hasher;
    for (std::string_view piece = reader.NextPiece(); !piece.empty(); piece = reader.NextPiece()) {
      unpacked += piece.size();
      if (unpacked > kMaxUnpacked) throw ParseError(name, 0, Msg("decompresses to more than {} bytes", kMaxUnpacked));
      hasher.Update(piece);
    }
    const ContentId content = hasher.Finish();
    header->size = content.size;
    Key key(header->path, seen[header->path]++);
    listing.order.push_back(key);
    listing.entries.emplace(std::move(key), Entry{std::move(*header), content.sha256});
  }
  return listing;
}

// What an archive's files in `wanted` contain, as far as the bounds allow.
std::map<Key, std::string> Contents(std::string_view bytes, const std::string& name, const std::set<Key>& wanted) {
  std::map<Key, std::string> contents;
  if (wanted.empty()) return contents;
  ArchiveReader reader(bytes, ArchiveFormat::kTar, name);
  std::map<std::string, std::size_t> seen;
  std::uint64_t total = 0;
  while (auto header = reader.Next()) {
    const Key key(header->path, seen[header->path]++);
    if (!wanted.contains(key) || header->size > kMaxContent || total + header->size > kMaxContents) continue;
    std::string content = reader.ReadContent(kMaxContent);
    total += content.size();
    contents.emplace(key, std::move(content));
  }
  return contents;
}

const char* TypeName(ArchiveEntry::Type type) {
  switch (type) {
    case ArchiveEntry::Type::kFile: return "file";
    case ArchiveEntry::Type::kDirectory: return "directory";
    case ArchiveEntry::Type::kSymlink: return "symbolic link";
    case ArchiveEntry::Type::kHardlink: return "hard link";
    case ArchiveEntry::Type::kCharacterDevice: return "character device";
    case ArchiveEntry::Type::kBlockDevice: return "block device";
    case ArchiveEntry::Type::kFifo: return "named pipe";
    case ArchiveEntry::Type::kOther: break;
  }
  return "other";
}

std::string Octal(mode_t mode) {
  std::string text;
  for (int shift = 9; shift >= 0; shift -= 3) text += static_cast<char>('0' + (mode >> shift & 7));
  return text;
}

std::string Time(const ArchiveEntry& header) {
  // FormatTime knows the years 1 to 9999; a hostile header may say anything.
  constexpr std::int64_t kLatest = 253402300799;
  std::string text = header.mtime >= 0 && header.mtime <= kLatest ? FormatTime(header.mtime)
                                                                  : std::to_string(header.mtime) + " s";
  if (header.mtime_nanoseconds != 0) text += " + " + std::to_string(header.mtime_nanoseconds) + " ns";
  return text;
}

std::string DescribeMetadata(const ArchiveEntry& built, const ArchiveEntry& reference) {
  std::string text;
  const auto field = [&](const char* name, const std::string& left, const std::string& right) {
    if (left == right) return;
    if (!text.empty()) text += "; ";
    text += Detail("{} {}, reference {}", std::string_view(name), left, right);
  };
  const auto owner = [](const std::string& name, std::int64_t id) {
    return ShownName(name) + "(" + std::to_string(id) + ")";
  };
  const auto device = [](const ArchiveEntry& header) {
    return std::to_string(header.device_major) + ":" + std::to_string(header.device_minor);
  };
  field("type", TypeName(built.type), TypeName(reference.type));
  field("link target", ShownName(built.link_target), ShownName(reference.link_target));
  field("mode", Octal(built.mode), Octal(reference.mode));
  field("owner", owner(built.user_name, built.uid), owner(reference.user_name, reference.uid));
  field("group", owner(built.group_name, built.gid), owner(reference.group_name, reference.gid));
  field("mtime", Time(built), Time(reference));
  field("device", device(built), device(reference));
  return text;
}

class Comparer {
 public:
  Comparer(std::string_view built, std::string_view reference, const std::string& name,
           const Consequence& is_consequence)
      : built_bytes_(built), reference_bytes_(reference), name_(name), is_consequence_(is_consequence) {}

  TarComparison Run() {
    built_ = List(built_bytes_, name_);
    reference_ = List(reference_bytes_, name_);
    std::set<Key> differing;
    for (const auto& [key, entry] : built_.entries) {
      const auto other = reference_.entries.find(key);
      if (other != reference_.entries.end() && entry.sha256 != other->second.sha256) differing.insert(key);
    }
    built_contents_ = Contents(built_bytes_, name_, differing);
    reference_contents_ = Contents(reference_bytes_, name_, differing);
    for (const Key& key : built_.order) CompareEntry(key);
    for (const Key& key : reference_.order) {
      if (!built_.entries.contains(key)) Add({ShownName(key.first), "only-in-reference", {}, {}});
    }
    CompareOrder();
    if (hidden_ != 0) {
      result_.differences.push_back({"…", "content", Detail("and {} more differences", hidden_), {}});
    }
    return std::move(result_);
  }

 private:
  enum class Weight { kDifference, kIdentification };

  void Add(Difference difference, Weight weight = Weight::kDifference) {
    if (weight == Weight::kDifference) result_.anything_else = true;
    if (result_.differences.size() < kMaxShown) {
      result_.differences.push_back(std::move(difference));
    } else {
      ++hidden_;
    }
  }

  void CompareEntry(const Key& key) {
    const Entry& built = built_.entries.at(key);
    const auto found = reference_.entries.find(key);
    if (found == reference_.entries.end()) {
      Add({ShownName(key.first), "only-in-built", {}, {}});
      return;
    }
    const Entry& reference = found->second;
    if (std::string detail = DescribeMetadata(built.header, reference.header); !detail.empty()) {
      Add({ShownName(key.first), "metadata", std::move(detail), {}});
    }
    if (built.sha256 == reference.sha256) return;
    const auto left = built_contents_.find(key);
    const auto right = reference_contents_.find(key);
    if (left == built_contents_.end() || right == reference_contents_.end()) {
      Add({ShownName(key.first), "content",
           Detail("{} bytes, reference {}; too large to be looked into", built.header.size, reference.header.size), {}});
      return;
    }
    ContentComparison content = CompareContents(key.first, left->second, right->second);
    if (content.only_identification) {
      result_.only_identification.insert(key.first);
      Add(std::move(content.difference), Weight::kIdentification);
    } else if (is_consequence_ && is_consequence_(key.first, left->second, right->second)) {
      Add(std::move(content.difference), Weight::kIdentification);
    } else {
      Add(std::move(content.difference));
    }
  }

  void CompareOrder() {
    std::vector<const Key*> left;
    std::vector<const Key*> right;
    for (const Key& key : built_.order) {
      if (reference_.entries.contains(key)) left.push_back(&key);
    }
    for (const Key& key : reference_.order) {
      if (built_.entries.contains(key)) right.push_back(&key);
    }
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (*left[i] == *right[i]) continue;
      Add({ShownName(left[i]->first), "order",
           Detail("entry {} of those that both have, reference has {} there", i + 1, ShownName(right[i]->first)), {}});
      return;
    }
  }

  std::string_view built_bytes_, reference_bytes_;
  const std::string& name_;
  const Consequence& is_consequence_;
  Listing built_, reference_;
  std::map<Key, std::string> built_contents_, reference_contents_;
  TarComparison result_;
  std::size_t hidden_ = 0;
};

}  // namespace

TarComparison CompareTars(std::string_view built, std::string_view reference, const std::string& name,
                          const Consequence& is_consequence) {
  return Comparer(built, reference, name, is_consequence).Run();
}

}  // namespace nachbau::verifier
