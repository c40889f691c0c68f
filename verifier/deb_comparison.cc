#include "verifier/deb_comparison.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/archive.h"
#include "base/encoding.h"
#include "base/error.h"
#include "verifier/byte_difference.h"
#include "verifier/detail.h"
#include "verifier/tar_comparison.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {
namespace {

constexpr std::size_t kMaxMembers = 64;
constexpr std::uint64_t kMaxMember = 4ULL << 30;
constexpr std::uint64_t kMaxTarToCompareWhole = 1ULL << 30;

struct Member {
  ArchiveEntry header;
  std::string content;
};

std::vector<Member> ReadMembers(std::string_view bytes, const std::string& name) {
  ArchiveReader reader(bytes, ArchiveFormat::kAr, name);
  std::vector<Member> members;
  while (auto header = reader.Next()) {
    if (members.size() == kMaxMembers) throw ParseError(name, 0, Msg("more than {} entries", kMaxMembers));
    Member member{std::move(*header), reader.ReadContent(kMaxMember)};
    members.push_back(std::move(member));
  }
  return members;
}

// "data.tar" for "data.tar.xz": packages compressed differently are still compared.
std::string Stem(const std::string& name) {
  for (const char* stem : {"control.tar", "data.tar"}) {
    if (name == stem || name.starts_with(std::string(stem) + ".")) return stem;
  }
  return name;
}

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return lines;
}

// md5sums of control.tar: "<32 hex digits>  path" per line, paths without "./".
bool OnlySumsOf(const std::set<std::string>& paths, std::string_view built, std::string_view reference) {
  const auto left = SplitLines(built);
  const auto right = SplitLines(reference);
  constexpr std::size_t kPath = 34;
  if (left.size() != right.size() || built.size() != reference.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] == right[i]) continue;
    if (left[i].size() <= kPath || right[i].size() <= kPath || left[i].substr(32) != right[i].substr(32) ||
        left[i].substr(32, 2) != "  " || !DecodeHex(left[i].substr(0, 32)) || !DecodeHex(right[i].substr(0, 32)) ||
        !paths.contains("./" + std::string(left[i].substr(kPath)))) {
      return false;
    }
  }
  return true;
}

std::string MemberMetadata(const ArchiveEntry& built, const ArchiveEntry& reference) {
  std::string text;
  const auto field = [&](const char* name, auto left, auto right) {
    if (left == right) return;
    if (!text.empty()) text += "; ";
    text += Detail("{} {}, reference {}", std::string_view(name), left, right);
  };
  field("mtime", built.mtime, reference.mtime);
  field("uid", built.uid, reference.uid);
  field("gid", built.gid, reference.gid);
  field("mode", built.mode, reference.mode);
  return text;
}

class Examiner {
 public:
  Examiner(const std::vector<Member>& built, const std::vector<Member>& reference)
      : built_(built), reference_(reference) {}

  DebComparison Run() {
    // data.tar first: which of its files differ only in their identification decides about md5sums in control.tar.
    for (const char* stem : {"data.tar", "control.tar"}) {
      const Member* left = Find(built_, stem);
      const Member* right = Find(reference_, stem);
      if (left != nullptr && right != nullptr && left->content != right->content) tars_[stem] = CompareTar(*left, *right);
    }
    for (const Member& member : built_) CompareMember(member);
    for (const Member& member : reference_) {
      if (Find(built_, Stem(member.header.path)) == nullptr) {
        Add({ShownName(member.header.path), "only-in-reference", {}, {}});
      }
    }
    CompareOrder();
    result_.code_identical = !anything_else_ && !result_.differences.empty() && !identification_.empty();
    return std::move(result_);
  }

 private:
  static const Member* Find(const std::vector<Member>& members, const std::string& stem) {
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&](const Member& member) { return Stem(member.header.path) == stem; });
    return found == members.end() ? nullptr : &*found;
  }

  void Add(Difference difference) {
    anything_else_ = true;
    result_.differences.push_back(std::move(difference));
  }

  Difference CompareTar(const Member& built, const Member& reference) {
    Difference difference{ShownName(built.header.path), "content", {}, {}};
    try {
      const Consequence is_consequence = [&](const std::string& path, std::string_view left, std::string_view right) {
        return Stem(built.header.path) == "control.tar" && path == "./md5sums" &&
               OnlySumsOf(identification_, left, right);
      };
      TarComparison tar = CompareTars(built.content, reference.content, built.header.path, is_consequence);
      difference.detail = Detail("{} bytes, reference {}", built.content.size(), reference.content.size());
      difference.inside = std::move(tar.differences);
      identification_.insert(tar.only_identification.begin(), tar.only_identification.end());
      if (tar.anything_else) anything_else_ = true;
      if (difference.inside.empty()) {
        anything_else_ = true;
        difference.kind = "container";
        difference.detail = DescribeContainer(built, reference);
      }
    } catch (const ParseError& error) {
      anything_else_ = true;
      difference.detail = Detail("cannot be read ({}); {}", Printable(error.what()),
                                 DescribeBytes(built.content, reference.content));
    }
    return difference;
  }

  static std::string DescribeContainer(const Member& built, const Member& reference) {
    std::string left;
    std::string right;
    try {
      left = Decompress(built.content, built.header.path, kMaxTarToCompareWhole);
      right = Decompress(reference.content, reference.header.path, kMaxTarToCompareWhole);
    } catch (const ParseError&) {
      return Detail("all entries are equal; compressed or framed differently");
    }
    if (left == right) {
      return Detail("the uncompressed content is equal; compressed differently: {}",
                    DescribeBytes(built.content, reference.content));
    }
    return Detail("all entries are equal; framed differently: uncompressed, {}", DescribeBytes(left, right));
  }

  void CompareMember(const Member& member) {
    const std::string place = ShownName(member.header.path);
    const std::string stem = Stem(member.header.path);
    if (Find(built_, stem) != &member) {
      Add({place, "only-in-built", Detail("the member stands there twice"), {}});
      return;
    }
    const Member* other = Find(reference_, stem);
    if (other == nullptr) {
      Add({place, "only-in-built", {}, {}});
      return;
    }
    if (member.header.path != other->header.path) {
      Add({place, "container", Detail("the reference has {}", ShownName(other->header.path)), {}});
    }
    if (std::string detail = MemberMetadata(member.header, other->header); !detail.empty()) {
      Add({place, "metadata", std::move(detail), {}});
    }
    if (member.content == other->content) return;
    if (const auto tar = tars_.find(stem); tar != tars_.end()) {
      result_.differences.push_back(tar->second);
    } else if (IsText(member.content) && IsText(other->content)) {
      Add({place, "content", DescribeText(member.content, other->content), {}});
    } else {
      Add({place, "content", DescribeBytes(member.content, other->content), {}});
    }
  }

  void CompareOrder() {
    if (built_.size() != reference_.size()) return;  // then a member is missing or doubled, which is said already
    for (std::size_t i = 0; i < built_.size(); ++i) {
      if (Stem(built_[i].header.path) == Stem(reference_[i].header.path)) continue;
      Add({ShownName(built_[i].header.path), "order",
           Detail("member {}, reference has {} there", i + 1, ShownName(reference_[i].header.path)), {}});
      return;
    }
  }

  const std::vector<Member>& built_;
  const std::vector<Member>& reference_;
  std::map<std::string, Difference> tars_;
  std::set<std::string> identification_;  // paths in data.tar
  bool anything_else_ = false;
  DebComparison result_;
};

}  // namespace

DebComparison ExamineDebs(std::string_view built, std::string_view reference) {
  if (built == reference) return {};
  DebComparison result;
  try {
    const std::vector<Member> left = ReadMembers(built, "built .deb");
    const std::vector<Member> right = ReadMembers(reference, "reference .deb");
    result = Examiner(left, right).Run();
  } catch (const ParseError& error) {
    result = {};
    result.differences.push_back(
        {".deb", "content",
         Detail("cannot be read ({}); {}", Printable(error.what()), DescribeBytes(built, reference)), {}});
  }
  if (result.differences.empty()) {
    // Equal members in unequal bytes: padding or spelling of the ar headers.
    result.code_identical = false;
    result.differences.push_back(
        {".deb", "container", Detail("all members are equal; framed differently: {}", DescribeBytes(built, reference)),
         {}});
  }
  return result;
}

std::vector<Difference> CompareDebs(std::string_view built, std::string_view reference) {
  return ExamineDebs(built, reference).differences;
}

}  // namespace nachbau::verifier
