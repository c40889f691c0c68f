#include "sbom/origin/unified_diff.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::sbom {
namespace {

constexpr std::uint64_t kMaxProbes = 50'000'000;  // places at which the hunks of one patch are tried
constexpr std::uint64_t kMaxLine = 1ULL << 40;    // of the numbers in a hunk's header

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t size = end == text.npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

std::string_view WithoutNewline(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

// "--- a/dir/file<TAB>date": the name alone. patch(1) takes what is before a tab, or before two blanks.
std::string_view NameIn(std::string_view line) {
  line = WithoutNewline(line.substr(4));
  line = line.substr(0, line.find('\t'));
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  return line;
}

std::string WithoutFirstDirectory(std::string_view path, std::string_view name, std::uint64_t line) {
  const std::size_t slash = path.find('/');
  if (slash != path.npos) path.remove_prefix(slash);
  while (path.starts_with('/')) path.remove_prefix(1);
  std::string clean;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") throw ParseError(name, line, Msg("a path that leads out of the source"));
    if (!clean.empty()) clean += '/';
    clean += part;
  }
  return clean;
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view name) : lines_(SplitLines(text)), name_(name) {}

  std::vector<FilePatch> Run() {
    while (at_ < lines_.size()) {
      const std::string_view line = lines_[at_];
      if (line.starts_with("--- ") && at_ + 1 < lines_.size() && lines_[at_ + 1].starts_with("+++ ")) {
        ReadFile();
      } else if (line.starts_with("GIT binary patch") || line.starts_with("rename from ")) {
        ReadOpaque(line);
      } else {
        if (line.starts_with("diff --git ")) git_ = line;
        ++at_;
      }
    }
    return std::move(patches_);
  }

 private:
  [[noreturn]] void Refuse() const { throw ParseError(name_, at_ + 1, Msg("a damaged patch")); }

  void ReadFile() {
    const std::string_view old_name = NameIn(lines_[at_]), new_name = NameIn(lines_[at_ + 1]);
    FilePatch patch;
    patch.creates = old_name == "/dev/null";
    patch.deletes = new_name == "/dev/null";
    patch.path = WithoutFirstDirectory(patch.deletes ? old_name : new_name, name_, at_ + 1);
    at_ += 2;
    while (at_ < lines_.size() && lines_[at_].starts_with("@@ -")) patch.hunks.push_back(ReadHunk());
    // An old side without lines says so too: "@@ -0,0 +1,9 @@".
    if (patch.hunks.size() == 1 && patch.hunks[0].before.empty() && patch.hunks[0].old_line == 0) patch.creates = true;
    if (!patch.path.empty()) patches_.push_back(std::move(patch));
  }

  // "diff --git a/x b/x": both names are given before what is no text.
  void ReadOpaque(std::string_view line) {
    ++at_;
    const std::size_t b = git_.rfind(" b/");
    if (b == git_.npos) Refuse();
    FilePatch patch;
    patch.opaque = true;
    patch.path = WithoutFirstDirectory(WithoutNewline(git_.substr(b + 1)), name_, at_);
    patches_.push_back(patch);
    if (line.starts_with("rename from ")) {
      patch.path = WithoutFirstDirectory("a/" + std::string(WithoutNewline(line.substr(12))), name_, at_);
      patches_.push_back(std::move(patch));
    }
  }

  std::uint64_t Number(std::string_view& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value > kMaxLine) Refuse();
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
  }

  std::uint64_t Count(std::string_view& text) {
    if (!text.starts_with(',')) return 1;
    text.remove_prefix(1);
    return Number(text);
  }

  Hunk ReadHunk() {
    std::string_view header = lines_[at_].substr(4);
    Hunk hunk;
    hunk.old_line = Number(header);
    std::uint64_t old_count = Count(header);
    if (!header.starts_with(" +")) Refuse();
    header.remove_prefix(2);
    Number(header);
    std::uint64_t new_count = Count(header);
    if (!header.starts_with(" @@")) Refuse();
    ++at_;
    while (old_count > 0 || new_count > 0) {
      if (at_ >= lines_.size()) Refuse();
      const std::string_view line = lines_[at_];
      // Mail programs drop the blank of an empty line.
      const char kind = line == "\n" ? ' ' : line[0];
      const std::string text(line == "\n" ? line : line.substr(1));
      if ((kind == ' ' || kind == '-') && old_count-- == 0) Refuse();
      if ((kind == ' ' || kind == '+') && new_count-- == 0) Refuse();
      if (kind == ' ' || kind == '-') hunk.before.push_back(text);
      if (kind == ' ' || kind == '+') hunk.after.push_back(text);
      if (kind != ' ' && kind != '-' && kind != '+') Refuse();
      ++at_;
      // "\ No newline at end of file" speaks of the line before it.
      if (at_ < lines_.size() && lines_[at_].starts_with('\\')) {
        if (kind != '+') hunk.before.back() = WithoutNewline(hunk.before.back());
        if (kind != '-') hunk.after.back() = WithoutNewline(hunk.after.back());
        ++at_;
      }
    }
    return hunk;
  }

  std::vector<std::string_view> lines_;
  std::string name_;
  std::size_t at_ = 0;
  std::string_view git_;
  std::vector<FilePatch> patches_;
};

bool FitsAt(const std::vector<std::string_view>& lines, std::size_t at, const Hunk& hunk) {
  if (at > lines.size() || hunk.before.size() > lines.size() - at) return false;
  return std::equal(hunk.before.begin(), hunk.before.end(), lines.begin() + static_cast<std::ptrdiff_t>(at));
}

// The nearest place at or after `first` where the old side stands.
std::optional<std::size_t> FindPlace(const std::vector<std::string_view>& lines, std::size_t first,
                                     std::size_t expected, const Hunk& hunk, std::uint64_t& probes) {
  for (std::size_t distance = 0; distance <= lines.size() && probes < kMaxProbes; ++distance, ++probes) {
    if (expected + distance >= first && FitsAt(lines, expected + distance, hunk)) return expected + distance;
    if (distance <= expected && expected - distance >= first && FitsAt(lines, expected - distance, hunk)) {
      return expected - distance;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<FilePatch> ParseUnifiedDiff(std::string_view text, std::string_view name) {
  return Parser(text, name).Run();
}

std::optional<std::string> ApplyPatch(std::string_view content, const FilePatch& patch) {
  if (patch.opaque) return std::nullopt;
  const std::vector<std::string_view> lines = SplitLines(content);
  std::string result;
  std::size_t done = 0;    // lines of the old content that are in the result
  std::int64_t moved = 0;  // by how much the last hunk was found elsewhere
  std::uint64_t probes = 0;
  for (const Hunk& hunk : patch.hunks) {
    // Of an empty old side the number names the line before it.
    const std::uint64_t line = hunk.before.empty() ? hunk.old_line : std::max<std::uint64_t>(hunk.old_line, 1) - 1;
    const std::int64_t wanted = static_cast<std::int64_t>(line) + moved;
    const auto expected =
        static_cast<std::size_t>(std::clamp<std::int64_t>(wanted, 0, static_cast<std::int64_t>(lines.size())));
    const auto place = FindPlace(lines, done, expected, hunk, probes);
    if (!place) return std::nullopt;
    moved = static_cast<std::int64_t>(*place) - static_cast<std::int64_t>(line);
    for (; done < *place; ++done) result += lines[done];
    for (const std::string& added : hunk.after) result += added;
    done += hunk.before.size();
  }
  for (; done < lines.size(); ++done) result += lines[done];
  return result;
}

}  // namespace nachbau::sbom
