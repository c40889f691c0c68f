#include "mirror/git_object.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::mirror {
namespace {

constexpr std::size_t kIdSize = 20, kIdDigits = 40;
constexpr std::uint64_t kMaxParents = 4096;
constexpr std::string_view kSignatures[] = {"-----BEGIN PGP SIGNATURE-----", "-----BEGIN PGP MESSAGE-----",
                                            "-----BEGIN SSH SIGNATURE-----", "-----BEGIN SIGNED MESSAGE-----"};

bool BeginsSignature(std::string_view line) {
  return std::any_of(std::begin(kSignatures), std::end(kSignatures),
                     [&](std::string_view begin) { return line.starts_with(begin); });
}

bool IsId(std::string_view text) {
  return text.size() == kIdDigits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

// As git compares names in a tree: directories as if with '/' behind them.
bool Before(const GitTreeItem& left, const GitTreeItem& right) {
  const std::string first = std::string(left.name) + (left.IsDirectory() ? "/" : "");
  const std::string second = std::string(right.name) + (right.IsDirectory() ? "/" : "");
  return first < second;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

// Takes the header lines of a commit or tag one by one.
class HeaderReader {
 public:
  HeaderReader(std::string_view bytes, std::string_view name) : rest_(bytes), name_(name) {}

  // The next header with its continuation lines (each after a blank); false at the blank line, or the end.
  bool Next() {
    if (rest_.empty()) return false;
    if (rest_.front() == '\n') {
      rest_.remove_prefix(1);
      blank_ = true;
      return false;
    }
    std::size_t end = 0;
    do {
      end = rest_.find('\n', end);
      if (end == rest_.npos) throw ParseError(name_, 0, Msg("a header that does not end"));
      ++end;
    } while (end < rest_.size() && rest_[end] == ' ');
    whole_ = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (whole_.find('\0') != whole_.npos) throw ParseError(name_, 0, Msg("zero byte"));
    const std::size_t blank = whole_.find_first_of(" \n");
    key_ = whole_.substr(0, blank);
    value_ = whole_[blank] == ' ' ? whole_.substr(blank + 1, whole_.size() - blank - 2) : std::string_view();
    return true;
  }
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }
  std::string_view whole() const { return whole_; }  // with line ends
  std::string_view rest() const { return rest_; }
  bool blank() const { return blank_; }  // whether a blank line ended the headers
  std::string Id() const {
    if (!IsId(value_)) throw ParseError(name_, 0, Msg("not the name of a git object: {}", Printable(value_.substr(0, 80))));
    return std::string(value_);
  }

 private:
  std::string_view rest_, name_, whole_, key_, value_;
  bool blank_ = false;
};

// "Name <address> SECONDS ZONE"
std::int64_t TimeIn(std::string_view person, const GitIrregularity& irregular) {
  const std::size_t close = person.rfind('>');
  if (close == person.npos || person.find('<') > close) {
    irregular("a person without an address");
    return 0;
  }
  const std::vector<std::string_view> words = SplitWords(person.substr(close + 1));
  std::int64_t time = 0;
  if (words.size() != 2 ||
      std::from_chars(words[0].data(), words[0].data() + words[0].size(), time).ptr != words[0].data() + words[0].size()) {
    irregular("a person without a time");
    return 0;
  }
  return time;
}

}  // namespace

std::string_view Name(GitType type) {
  switch (type) {
    case GitType::kBlob: return "blob";
    case GitType::kTree: return "tree";
    case GitType::kCommit: return "commit";
    case GitType::kTag: return "tag";
  }
  return "blob";
}

std::vector<GitTreeItem> ParseGitTree(std::string_view bytes, std::string_view name, const GitIrregularity& irregular) {
  std::vector<GitTreeItem> items;
  std::set<std::string_view> names;
  while (!bytes.empty()) {
    GitTreeItem item;
    const std::size_t blank = bytes.find(' ');
    const std::size_t zero = bytes.find('\0');
    if (blank == 0 || blank > 7 || zero == bytes.npos || zero < blank || bytes.size() - zero - 1 < kIdSize) {
      throw ParseError(name, 0, Msg("not a tree"));
    }
    const auto mode = std::from_chars(bytes.data(), bytes.data() + blank, item.mode, 8);
    if (mode.ptr != bytes.data() + blank || mode.ec != std::errc()) throw ParseError(name, 0, Msg("not a tree"));
    if (bytes[0] == '0') irregular("a mode with a zero in front");
    item.name = bytes.substr(blank + 1, zero - blank - 1);
    item.id = EncodeHex(bytes.substr(zero + 1, kIdSize));
    bytes.remove_prefix(zero + 1 + kIdSize);
    switch (item.mode) {
      case 0100644: case 0100755: case 0120000: case 040000: case 0160000: break;
      case 0100664: irregular("a mode of an old version of git"); break;
      default: irregular("a mode that git does not have");
    }
    if (item.name.empty() || item.name.find('/') != item.name.npos || item.name == "." || item.name == ".." ||
        Lower(item.name) == ".git") {
      irregular("an unsafe name: " + Printable(item.name.substr(0, 80)));
    }
    if (!names.insert(item.name).second) irregular("a name twice: " + Printable(item.name.substr(0, 80)));
    if (!items.empty() && !Before(items.back(), item)) irregular("names out of order");
    items.push_back(std::move(item));
  }
  return items;
}

GitHeaders ParseGitCommit(std::string_view bytes, std::string_view name, const GitIrregularity& irregular) {
  GitHeaders headers;
  HeaderReader reader(bytes, name);
  std::string payload;
  bool author = false, committer = false;
  while (reader.Next()) {
    const std::string_view key = reader.key();
    if (key == "gpgsig" && headers.signature.empty()) {
      // Continuation lines have a blank in front that is not part of the signature.
      std::string_view value = reader.value();
      while (!value.empty()) {
        const std::size_t end = std::min(value.find('\n'), value.size());
        headers.signature.append(value.substr(0, end)) += '\n';
        value.remove_prefix(std::min(end + 1, value.size()));
        if (!value.empty()) value.remove_prefix(1);
      }
      continue;
    }
    if (key == "gpgsig" || key == "gpgsig-sha256") continue;  // as git: no part of what is signed
    payload.append(reader.whole());
    if (key == "tree" && headers.tree.empty()) {
      headers.tree = reader.Id();
    } else if (key == "parent") {
      headers.parents.push_back(reader.Id());
      if (headers.parents.size() > kMaxParents) throw ParseError(name, 0, Msg("more than {} parents", kMaxParents));
    } else if (key == "author") {
      if (author) irregular("two authors");
      author = true;
    } else if (key == "committer") {
      if (committer) irregular("two committers");
      committer = true;
      headers.time = TimeIn(reader.value(), irregular);
    }
  }
  if (headers.tree.empty()) throw ParseError(name, 0, Msg("a commit without a tree"));
  if (!author || !committer) irregular("no author or no committer");
  if (!headers.signature.empty()) {
    headers.payload = std::move(payload) + (reader.blank() ? "\n" : "") + std::string(reader.rest());
  }
  return headers;
}

GitHeaders ParseGitTag(std::string_view bytes, std::string_view name, const GitIrregularity& irregular) {
  GitHeaders headers;
  HeaderReader reader(bytes, name);
  while (reader.Next()) {
    if (reader.key() == "object") {
      headers.target = reader.Id();
    } else if (reader.key() == "type") {
      headers.target_type = reader.value();
    } else if (reader.key() == "tag") {
      headers.tag_name = reader.value();
    } else if (reader.key() == "tagger") {
      headers.time = TimeIn(reader.value(), irregular);
    }
  }
  if (headers.target.empty()) throw ParseError(name, 0, Msg("a tag of nothing"));
  static const std::set<std::string_view> kTypes = {"commit", "tree", "blob", "tag"};
  if (!kTypes.contains(headers.target_type)) throw ParseError(name, 0, Msg("a tag of something that git does not have"));
  if (headers.tag_name.empty()) irregular("a tag without a name");
  if (headers.time == 0) irregular("a tag without tagger or time");
  // As git: the last line that begins a signature, wherever the message ends.
  std::size_t found = bytes.npos;
  for (std::size_t at = 0; at < bytes.size();) {
    if (BeginsSignature(bytes.substr(at))) found = at;
    const std::size_t end = bytes.find('\n', at);
    at = end == bytes.npos ? bytes.size() : end + 1;
  }
  if (found != bytes.npos) {
    headers.payload = bytes.substr(0, found);
    headers.signature = bytes.substr(found);
  }
  return headers;
}

bool IsLargeFilePointer(std::string_view bytes) {
  return bytes.size() < kMaxPointer && bytes.starts_with("version https://git-lfs.github.com/spec/");
}

LargeFilePointer ParseLargeFilePointer(std::string_view bytes, std::string_view name) {
  LargeFilePointer pointer;
  std::uint64_t number = 0;
  std::set<std::string> keys;
  bool sized = false;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    if (end == bytes.npos) throw ParseError(name, number + 1, Msg("a line of a Git LFS pointer that does not end"));
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    ++number;
    const std::size_t blank = line.find(' ');
    if (blank == line.npos || blank == 0) throw ParseError(name, number, Msg("not a Git LFS pointer"));
    const std::string_view key = line.substr(0, blank), value = line.substr(blank + 1);
    if (!keys.emplace(key).second) throw ParseError(name, number, Msg("a key twice: {}", Printable(key)));
    if (number == 1) {
      if (line != "version https://git-lfs.github.com/spec/v1") {
        throw ParseError(name, number, Msg("a version of Git LFS that is not known: {}", Printable(value)));
      }
    } else if (key == "oid") {
      if (!value.starts_with("sha256:")) throw ParseError(name, number, Msg("a large file that is not named by SHA-256"));
      pointer.sha256 = value.substr(7);
      if (pointer.sha256.size() != 64 || pointer.sha256.find_first_not_of("0123456789abcdef") != pointer.sha256.npos) {
        throw ParseError(name, number, Msg("not a SHA-256"));
      }
    } else if (key == "size") {
      const auto size = std::from_chars(value.data(), value.data() + value.size(), pointer.size);
      if (value.empty() || size.ptr != value.data() + value.size() || size.ec != std::errc()) {
        throw ParseError(name, number, Msg("not a size"));
      }
      sized = true;
    } else if (!key.starts_with("ext-")) {
      throw ParseError(name, number, Msg("unknown key: {}", Printable(key)));
    }
  }
  if (pointer.sha256.empty() || !sized) throw ParseError(name, number, Msg("a Git LFS pointer without digest or size"));
  return pointer;
}

}  // namespace nachbau::mirror
