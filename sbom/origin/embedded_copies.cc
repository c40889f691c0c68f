#include "sbom/origin/embedded_copies.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::sbom {

// Generated at build time from the files of the Debian package lintian.
std::string_view EmbeddedLibraryTable();
std::string_view EmbeddedLibraryTableVersion();

namespace {

constexpr std::size_t kMaxTable = 1 << 20;    // bytes
constexpr std::size_t kMaxLibraries = 2000;   // lines that name one
constexpr std::size_t kMaxPattern = 2000;     // bytes
constexpr std::size_t kMaxText = 200;         // bytes
constexpr std::size_t kMinRun = 4;            // printable characters
constexpr std::int64_t kMaxMemory = 8 << 20;  // bytes that RE2 may use for one pattern, or for all together
constexpr std::string_view kSeparator = "||";
constexpr std::string_view kNotAfter = "(?<!";

// Names of Debian packages, and keys of the table, which stand for one.
bool IsName(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.") == text.npos;
}

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

re2::RE2::Options PatternOptions() {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_max_mem(kMaxMemory);
  options.set_log_errors(false);
  return options;
}

class TableLine {
 public:
  TableLine(std::string_view table, std::uint64_t number) : table_(table), number_(number) {}

  EmbeddedLibrary Read(std::string_view line) const {
    const std::size_t first = line.find(kSeparator);
    const std::size_t second = first == line.npos ? first : line.find(kSeparator, first + kSeparator.size());
    if (second == line.npos) Fail(Msg("not of the form \"key || options || pattern\""));
    EmbeddedLibrary library;
    library.key = Trim(line.substr(0, first));
    if (!IsName(library.key)) Fail(Msg("not a name of a library: {}", InQuotes(library.key)));
    ReadOptions(line.substr(first + kSeparator.size(), second - first - kSeparator.size()), library);
    if (library.name.empty()) library.name = library.key;
    if (library.source.empty() && library.source_pattern.empty()) library.source = library.key;
    ReadPattern(std::string(line.substr(second + kSeparator.size())), library);
    return library;
  }

  [[noreturn]] void Fail(Message detail) const { throw ParseError(table_, number_, std::move(detail)); }

 private:
  void ReadOptions(std::string_view options, EmbeddedLibrary& library) const {
    for (const std::string_view option : SplitWords(options)) {
      const std::size_t equals = option.find('=');
      const std::string_view name = option.substr(0, equals);
      const std::string value(equals == option.npos ? std::string_view() : option.substr(equals + 1));
      std::string* field = name == "source"         ? &library.source
                           : name == "source-regex" ? &library.source_pattern
                           : name == "libname"      ? &library.name
                                                    : nullptr;
      if (field == nullptr) Fail(Msg("not an option that is known: {}", InQuotes(option)));
      if (!field->empty()) Fail(Msg("the option {} is given twice", name));
      if (value.empty()) Fail(Msg("the option {} has no value", name));
      *field = value;
    }
    if (!library.source.empty() && !library.source_pattern.empty()) {
      Fail(Msg("source and source-regex exclude each other"));
    }
    if (!library.source.empty() && !IsName(library.source)) {
      Fail(Msg("not a name of a source package: {}", InQuotes(library.source)));
    }
    if (!library.source_pattern.empty()) Check(library.source_pattern);
  }

  // "(?m)(?<!4 )deflate": what stands behind "(?<!" is taken out where it is a plain text, and comes right after flags.
  void ReadPattern(std::string pattern, EmbeddedLibrary& library) const {
    const std::size_t flags = pattern.starts_with("(?") ? pattern.find_first_not_of("imsx", 2) : pattern.npos;
    const std::size_t start = flags != pattern.npos && flags > 2 && pattern[flags] == ')' ? flags + 1 : 0;
    if (std::string_view(pattern).substr(start).starts_with(kNotAfter)) {
      const std::size_t text = start + kNotAfter.size(), end = pattern.find(')', text);
      library.not_after = pattern.substr(text, end == pattern.npos ? end : end - text);
      if (end == pattern.npos || library.not_after.empty() ||
          library.not_after.find_first_of("\\^$.[]|(?*+{}") != pattern.npos) {
        Fail(Msg("\"(?<!…)\" is understood with plain text only: {}", InQuotes(pattern)));
      }
      const std::string rest = pattern.substr(end + 1);
      if (HasAlternatives(rest)) Fail(Msg("\"(?<!…)\" before one of several alternatives: {}", InQuotes(pattern)));
      pattern = pattern.substr(0, start) + rest;
    }
    Check(pattern);
    library.pattern = std::move(pattern);
  }

  // Outside of parentheses: what stands before them belongs to the first only.
  static bool HasAlternatives(std::string_view pattern) {
    int depth = 0;
    bool in_class = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      const char c = pattern[i];
      if (c == '\\')
        ++i;
      else if (in_class || c == '[')
        in_class = c != ']';
      else if (c == '(')
        ++depth;
      else if (c == ')')
        --depth;
      else if (c == '|' && depth == 0)
        return true;
    }
    return false;
  }

  void Check(const std::string& pattern) const {
    if (pattern.size() > kMaxPattern) Fail(Msg("a pattern of more than {} bytes", kMaxPattern));
    const re2::RE2 compiled(pattern, PatternOptions());
    if (!compiled.ok()) {
      Fail(Msg("not a pattern that RE2 understands: {} ({})", InQuotes(pattern), Printable(compiled.error())));
    }
    if (re2::RE2::PartialMatch("", compiled)) Fail(Msg("the pattern {} matches anything", InQuotes(pattern)));
  }

  std::string_view table_;
  std::uint64_t number_;
};

constexpr std::array<bool, 256> kPrintable = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0x20; c < 0x7f; ++c) table.at(c) = true;
  table['\t'] = true;
  return table;
}();

// The string that the match stands in, or as much of it as can be shown.
std::string Shown(std::string_view text, std::string_view match) {
  std::size_t begin = static_cast<std::size_t>(match.data() - text.data());
  const std::size_t end = begin + match.size();
  while (begin < end && text[begin] == '\n') ++begin;
  const std::size_t line_begin = begin == 0 ? 0 : text.rfind('\n', begin - 1) + 1;  // npos + 1 is 0
  const std::size_t line_end = std::min(text.find('\n', begin), text.size());
  if (line_end - line_begin <= kMaxText) return std::string(Trim(text.substr(line_begin, line_end - line_begin)));
  return std::string(Trim(text.substr(begin, std::min({end - begin, line_end - begin, kMaxText}))));
}

}  // namespace

struct EmbeddedCopyFinder::Patterns {
  Patterns() : all(PatternOptions(), re2::RE2::UNANCHORED) {}

  re2::RE2::Set all;
  std::vector<std::unique_ptr<re2::RE2>> each;  // as libraries_
};

std::vector<EmbeddedLibrary> ParseEmbeddedLibraries(std::string_view table, std::string_view name) {
  if (table.size() > kMaxTable) throw ParseError(name, 0, Msg("larger than {} bytes", kMaxTable));
  std::vector<EmbeddedLibrary> libraries;
  std::set<std::string> keys;
  for (std::uint64_t number = 1; !table.empty(); ++number) {
    const std::string_view line = table.substr(0, table.find('\n'));
    table.remove_prefix(std::min(line.size() + 1, table.size()));
    const TableLine reader(name, number);
    if (Trim(line).empty() || line.starts_with('#')) continue;
    if (!std::all_of(line.begin(), line.end(), [](char c) { return kPrintable[static_cast<unsigned char>(c)]; })) {
      reader.Fail(Msg("a character that is not printable ASCII"));
    }
    if (libraries.size() == kMaxLibraries) reader.Fail(Msg("more than {} libraries", kMaxLibraries));
    libraries.push_back(reader.Read(line));
    if (!keys.insert(libraries.back().key).second) {
      reader.Fail(Msg("the library {} is there twice", libraries.back().key));
    }
  }
  std::sort(libraries.begin(), libraries.end());
  return libraries;
}

// A run of four has one character at a place that four divides: only every fourth byte is looked at outside of runs.
std::string PrintableStrings(std::string_view bytes) {
  const auto printable = [&](std::size_t at) { return kPrintable[static_cast<unsigned char>(bytes[at])]; };
  std::string strings;
  std::size_t done = 0;  // nothing before is part of a run that goes on
  for (std::size_t at = kMinRun - 1; at < bytes.size();) {
    if (!printable(at)) {
      at += kMinRun;
      continue;
    }
    std::size_t begin = at, end = at + 1;
    while (begin > done && printable(begin - 1)) --begin;
    while (end < bytes.size() && printable(end)) ++end;
    if (end - begin >= kMinRun) strings.append(bytes.substr(begin, end - begin)).push_back('\n');
    done = end;
    at = end + kMinRun;  // `end` itself is not printable
  }
  return strings;
}

bool EmbeddedCopy::MayComeFrom(const std::string& source_package) const {
  if (source_pattern.empty()) return source_package == source;
  return re2::RE2::FullMatch(source_package, re2::RE2(source_pattern, PatternOptions()));
}

EmbeddedCopyFinder::EmbeddedCopyFinder(std::string_view table, std::string_view name)
    : libraries_(ParseEmbeddedLibraries(table, name)) {
  auto patterns = std::make_unique<Patterns>();
  for (const EmbeddedLibrary& library : libraries_) {
    NACHBAU_CHECK(patterns->all.Add(library.pattern, nullptr) >= 0);
    patterns->each.push_back(std::make_unique<re2::RE2>(library.pattern, PatternOptions()));
  }
  if (!libraries_.empty() && !patterns->all.Compile()) {
    throw ParseError(name, 0, Msg("all patterns together are too large"));
  }
  patterns_ = std::move(patterns);
}

EmbeddedCopyFinder::~EmbeddedCopyFinder() = default;

std::vector<EmbeddedCopy> EmbeddedCopyFinder::Find(std::string_view bytes) const {
  std::vector<EmbeddedCopy> copies;
  if (libraries_.empty()) return copies;
  const std::string strings = PrintableStrings(bytes);
  const re2::StringPiece text = Piece(strings);
  std::vector<int> candidates;
  re2::RE2::Set::ErrorInfo error{re2::RE2::Set::kNoError};
  if (!patterns_->all.Match(text, &candidates, &error)) {
    if (error.kind == re2::RE2::Set::kNoError) return copies;
    candidates.resize(libraries_.size());  // the automaton of all did not fit into its memory: one by one
    std::iota(candidates.begin(), candidates.end(), 0);
  }
  for (const int candidate : candidates) {
    const EmbeddedLibrary& library = libraries_.at(static_cast<std::size_t>(candidate));
    const re2::RE2& pattern = *patterns_->each.at(static_cast<std::size_t>(candidate));
    re2::StringPiece match;
    for (std::size_t from = 0; from <= text.size(); from = static_cast<std::size_t>(match.data() - text.data()) + 1) {
      if (!pattern.Match(text, from, text.size(), re2::RE2::UNANCHORED, &match, 1)) break;
      const std::string_view before(text.data(), static_cast<std::size_t>(match.data() - text.data()));
      if (!library.not_after.empty() && before.ends_with(library.not_after)) continue;
      copies.push_back({library.name, library.key, library.source, library.source_pattern,
                        Shown(strings, {match.data(), match.size()})});
      break;
    }
  }
  std::sort(copies.begin(), copies.end());
  return copies;
}

const EmbeddedCopyFinder& ShippedEmbeddedCopies() {
  static const EmbeddedCopyFinder finder(EmbeddedLibraryTable(), ShippedEmbeddedCopiesSource() + ": embedded-libs");
  return finder;
}

std::string ShippedEmbeddedCopiesSource() { return "lintian " + std::string(EmbeddedLibraryTableVersion()); }

}  // namespace nachbau::sbom
