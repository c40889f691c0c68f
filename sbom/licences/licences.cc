// Grammar of a synopsis (DEP-5, "License"; a comma before an operator makes it bind more weakly):
//
//   synopsis = all *( ", or" all )          all     = either *( ", and" either )     "," alone is ", and"
//   either   = both *( "or" both )          both    = licence *( "and" licence )     "and/or" is "and"
//   licence  = name [ "with" words [ "exception" ] ] / "(" synopsis ")"
//
// Parentheses are not in DEP-5, but in files. "and/or" is read as "and": who may choose may also take both, who may not
// is not misled.
#include "sbom/licences/licences.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include "base/deb822.h"
#include "base/digest.h"
#include "base/error.h"
#include "sbom/validation/schema.h"

namespace nachbau::sbom {

// Generated at build time from licences.txt.
std::string_view LicenceTable();

namespace {

constexpr std::size_t kMaxWords = 500;  // of one synopsis; longer ones are no synopsis
constexpr int kMaxParentheses = 20;  // each may hold four levels; far below kMaxLicenceExpressionDepth
constexpr std::size_t kMaxRemark = 300;  // letters and digits

std::string Lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Letters and digits in lower case, one blank between words.
std::string Words(std::string_view text) {
  std::string result;
  for (char c : text) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if ((c >= 'a' && c <= 'z') || IsDigit(c)) result += c;
    else if (!result.empty() && result.back() != ' ') result += ' ';
  }
  return result;
}

std::string TextDigest(std::string_view text) {
  std::string collapsed;
  collapsed.reserve(text.size());
  for (const std::string_view word : SplitWords(text)) collapsed.append(collapsed.empty() ? "" : " ").append(word);
  return Sha256(collapsed).Hex().substr(0, 16);
}

struct Table {
  struct Common {
    std::string file, identifier;
  };
  std::map<std::string, std::string> names;       // by lower-case name
  std::multimap<std::string, std::string> when;
  std::multimap<std::string, Common> common;
  std::map<std::string, std::string> exceptions;  // by lower-case "[base/]name"
  std::multimap<std::string, std::string> has, lacks;
};

const Table& Rows() {
  static const Table table = [] {
    Table rows;
    for (const std::string_view line : SplitTrimmed(LicenceTable(), '\n')) {
      if (line.starts_with('#')) continue;
      const std::size_t blank = line.find(' ');
      if (blank == line.npos) continue;
      const std::string_view key = line.substr(0, blank), value = Trim(line.substr(blank));
      const std::size_t colon = key.find(':');
      const std::string_view kind = colon == key.npos ? std::string_view() : key.substr(0, colon);
      const std::string_view name = colon == key.npos ? key : key.substr(colon + 1);
      if (kind.empty()) rows.names[Lower(name)] = value;
      else if (kind == "when") rows.when.emplace(Lower(name), value);
      else if (kind == "with") rows.exceptions[Lower(name)] = value;
      else if (kind == "has") rows.has.emplace(name, Words(value));
      else if (kind == "lacks") rows.lacks.emplace(name, Words(value));
      else if (kind == "common") {
        const auto words = SplitWords(value);
        rows.common.emplace(Lower(name), Table::Common{std::string(words[0]), std::string(words[1])});
      }
    }
    return rows;
  }();
  return table;
}

constexpr std::string_view kCommonLicences = "/usr/share/common-licenses/";

// Does the text name this very file, and not GPL-2 for GPL?
bool RefersTo(std::string_view text, const std::string& file) {
  const std::string path = std::string(kCommonLicences) + file;
  for (std::size_t at = text.find(path); at != text.npos; at = text.find(path, at + 1)) {
    const std::string_view rest = text.substr(at + path.size());
    const bool more = !rest.empty() && (rest[0] == '-' || (rest[0] == '.' && rest.size() > 1 && IsDigit(rest[1])) ||
                                        IsDigit(rest[0]) || (rest[0] >= 'a' && rest[0] <= 'z'));
    if (!more) return true;
  }
  return false;
}

// Could this be the text of the licence? True for licences of which the table says nothing.
bool PassesChecks(const NamedText& text, const std::string& identifier) {
  const auto [has_begin, has_end] = Rows().has.equal_range(identifier);
  const auto [lacks_begin, lacks_end] = Rows().lacks.equal_range(identifier);
  const auto found = [&](const auto& row) { return text.words.find(row.second) != text.words.npos; };
  return std::all_of(has_begin, has_end, found) && std::none_of(lacks_begin, lacks_end, found);
}

// "GPL-2+", "LGPL2.1", "GPLv3+", "GFDL-NIV-1.3+", "GFDL-1.3+-no-invariant": SPDX says "-only" or "-or-later" for GNU
// licences. Not without a version: DEP-5 reads "GPL" as "GPL-1", people who write it mean any version or some.
std::optional<std::string> GnuLicence(const std::string& lower) {
  for (const std::string_view family : {"GPL", "LGPL", "AGPL", "GFDL"}) {
    if (!lower.starts_with(Lower(family))) continue;
    std::string rest = lower.substr(family.size());
    bool no_invariants = false;
    if (family == "GFDL") {
      for (const std::string_view word : {"-no-invariants", "-no-invariant", "-niv"}) {
        const std::size_t at = rest.find(word);
        if (at == rest.npos) continue;
        rest.erase(at, word.size());
        no_invariants = true;
        break;
      }
    }
    if (rest.starts_with('-')) rest.erase(0, 1);
    if (rest.starts_with('v')) rest.erase(0, 1);
    const bool later = rest.ends_with('+');
    if (later) rest.pop_back();
    if (rest.empty() || !IsDigit(rest.front()) || !IsDigit(rest.back()) ||
        !std::all_of(rest.begin(), rest.end(), [](char c) { return IsDigit(c) || c == '.'; })) {
      return std::nullopt;
    }
    if (rest.find('.') == rest.npos) rest += ".0";
    return FindSpdxLicense(std::string(family) + "-" + rest + (no_invariants ? "-no-invariants" : "") +
                           (later ? "-or-later" : "-only"));
  }
  return std::nullopt;
}

// The SPDX identifier of an exception: from the table, or where SPDX has it under the same name.
std::optional<std::string> ExceptionOf(std::string name, const std::string& licence) {
  name = Lower(name);
  for (const std::string_view word : {"-exceptions", "-exception"}) {
    if (name.size() > word.size() && name.ends_with(word)) name.resize(name.size() - word.size());
  }
  std::string base = Lower(licence);
  for (const std::string_view word : {"-only", "-or-later"}) {
    if (base.ends_with(word)) base.resize(base.size() - word.size());
  }
  const std::map<std::string, std::string>& table = Rows().exceptions;
  if (const auto found = table.find(base + "/" + name); found != table.end()) return found->second;
  if (const auto found = table.find(name); found != table.end()) return found->second;
  for (const std::string& candidate : {name, name + "-exception"}) {
    if (IsSpdxException(candidate)) return FindSpdxLicense(candidate);
  }
  return std::nullopt;
}

// By the name alone, without exception.
std::optional<std::string> PlainNameOf(std::string_view name) {
  if (name.starts_with("LicenseRef-") && TryParseLicenceExpression(name)) return std::string(name);
  const std::string lower = Lower(name);
  if (const auto known = Rows().names.find(lower); known != Rows().names.end()) return known->second;
  if (const auto gnu = GnuLicence(lower)) return gnu;
  const bool later = name.size() > 1 && name.ends_with('+');
  if (later) name.remove_suffix(1);
  auto found = FindSpdxLicense(name);
  // DEP-5 leaves out a final ".0": "Apache-2".
  if (!found && !name.empty() && IsDigit(name.back())) found = FindSpdxLicense(std::string(name) + ".0");
  if (!found || IsSpdxException(*found)) return std::nullopt;
  return *found + (later ? "+" : "");
}

// "GPL-2+-with-autoconf-exception", "GPL-3+-bison-exception".
std::optional<std::string> NameWithException(std::string_view name) {
  const std::string lower = Lower(name);
  if (lower.size() > 300) return std::nullopt;
  const std::size_t with = lower.find("-with-");
  if (with != lower.npos) {
    const auto licence = PlainNameOf(name.substr(0, with));
    const auto exception = licence ? ExceptionOf(lower.substr(with + 6), *licence) : std::nullopt;
    if (exception) return *licence + " WITH " + *exception;
  }
  if (!lower.ends_with("-exception")) return std::nullopt;
  for (std::size_t dash = lower.find('-'); dash != lower.npos; dash = lower.find('-', dash + 1)) {
    const auto licence = GnuLicence(lower.substr(0, dash));
    const auto exception = licence ? ExceptionOf(lower.substr(dash + 1), *licence) : std::nullopt;
    if (exception) return *licence + " WITH " + *exception;
  }
  return std::nullopt;
}

// Characters that LicenseRef- may not hold. Those of Latin-1 lose their accents; anything else becomes "-".
std::string Sanitised(std::string_view name) {
  static constexpr std::string_view kLatin[] = {
      "A", "A", "A", "A", "A", "A", "AE", "C", "E", "E", "E", "E", "I", "I", "I", "I", "D", "N", "O", "O", "O", "O",
      "O", "-", "O", "U", "U", "U", "U", "Y", "Th", "ss", "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e",
      "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "o", "-", "o", "u", "u", "u", "u", "y", "th", "y"};
  std::string result;
  const auto add = [&](std::string_view text) {
    for (const char c : text) {
      if (c != '-' || result.empty() || result.back() != '-') result += c;
    }
  };
  for (std::size_t i = 0; i < name.size() && result.size() < 200; ++i) {
    const char c = name[i];
    const auto next = i + 1 < name.size() ? static_cast<unsigned char>(name[i + 1]) : 0U;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '.') {
      result += c;
    } else if (c == '+') {
      add("-or-later");
    } else if (static_cast<unsigned char>(c) == 0xc3 && next >= 0x80 && next < 0xc0) {  // U+00C0 to U+00FF
      add(kLatin[next - 0x80]);
      ++i;
    } else {
      add("-");
    }
  }
  while (result.ends_with('-')) result.pop_back();
  while (result.starts_with('-')) result.erase(0, 1);
  return result;
}

std::string ReferenceOf(std::string_view name, const NameKnowledge& knowledge) {
  return knowledge.reference ? knowledge.reference(name) : LicenceReference("debian", name);
}

LicenceExpression SimpleLicence(std::string licence) {
  LicenceExpression expression;
  expression.licence = std::move(licence);
  return expression;
}

class Reader {
 public:
  Reader(std::string_view synopsis, const NameKnowledge& knowledge)
      : knowledge_(knowledge), perl_(IsPerlPair(synopsis)) {
    Split(synopsis);
    stated_ = !tokens_.empty();
    DropStrayOperators();
  }

  LicenceExpression Read() {
    if (tokens_.size() > kMaxWords) return SimpleLicence("LicenseRef-debian-overlong");
    if (tokens_.empty()) return stated_ ? Licence({}) : SimpleLicence(kUnstatedLicence);
    std::vector<LicenceExpression> parts = {ReadLevel(0, 0)};
    // A closing parenthesis that nothing opened: what follows it applies too.
    while (position_ < tokens_.size()) {
      if (tokens_[position_] == ")" || IsOperator(tokens_[position_])) ++position_;
      else parts.push_back(ReadLevel(0, 0));
    }
    return AllOf(std::move(parts));
  }

 private:
  // "the same terms as Perl itself".
  static bool IsPerlPair(std::string_view synopsis) {
    const std::string lower = Lower(synopsis);
    return lower.find("gpl-1+ or artistic") != lower.npos || lower.find("artistic or gpl-1+") != lower.npos ||
           lower.find("artistic-1 or gpl-1+") != lower.npos;
  }

  // Words, parentheses and operators: ", and", ", or", "and", "or" are one token each.
  void Split(std::string_view synopsis) {
    bool comma = false;
    for (std::string_view word : SplitWords(synopsis)) {
      if (tokens_.size() > kMaxWords) return;
      const std::string lower = Lower(word);
      const bool both = lower == "and" || lower == "and/or" || lower == "&";
      if (both || lower == "or" || lower == "|") {
        tokens_.push_back(comma ? (both ? ", and" : ", or") : (both ? "and" : "or"));
        comma = false;
        continue;
      }
      if (comma) tokens_.push_back(", and");
      comma = false;
      while (word.starts_with('(')) {
        tokens_.push_back("(");
        word.remove_prefix(1);
      }
      std::size_t closing = 0;
      while (word.ends_with(')') || word.ends_with(',') || word.ends_with(';')) {
        if (word.ends_with(')')) {
          // "BSD(3-clause)" has its own.
          if (word.find('(') != word.npos) break;
          ++closing;
        } else {
          comma = true;
        }
        word.remove_suffix(1);
      }
      if (!word.empty()) tokens_.push_back(word);
      tokens_.insert(tokens_.end(), closing, ")");
    }
  }

  // The weakness of an operator, 0 the weakest; 4 for any other token.
  static std::size_t LevelOf(std::string_view token) {
    const auto found = std::find(std::begin(kOperators), std::end(kOperators), token);
    return static_cast<std::size_t>(found - std::begin(kOperators));
  }
  static bool IsOperator(std::string_view token) { return LevelOf(token) < std::size(kOperators); }

  // What stays has an operand on both sides; of several in a row the weakest.
  void DropStrayOperators() {
    std::vector<std::string_view> kept;
    for (const std::string_view token : tokens_) {
      const bool after_operand = !kept.empty() && kept.back() != "(" && !IsOperator(kept.back());
      if (token == ")" && !kept.empty() && IsOperator(kept.back())) kept.pop_back();
      if (!IsOperator(token) || after_operand) kept.push_back(token);
      else if (!kept.empty() && IsOperator(kept.back()) && LevelOf(token) < LevelOf(kept.back())) kept.back() = token;
    }
    if (!kept.empty() && IsOperator(kept.back())) kept.pop_back();
    tokens_ = std::move(kept);
  }

  bool AtEnd() const { return position_ == tokens_.size() || tokens_[position_] == ")"; }

  LicenceExpression ReadLevel(std::size_t level, int depth) {
    if (level == std::size(kOperators)) return ReadOperand(depth);
    LicenceExpression all = {level % 2 == 0 ? LicenceExpression::Kind::kOr : LicenceExpression::Kind::kAnd, {}, {}, {}};
    all.parts.push_back(ReadLevel(level + 1, depth));
    while (!AtEnd() && tokens_[position_] == kOperators[level]) {
      ++position_;
      all.parts.push_back(ReadLevel(level + 1, depth));
    }
    if (all.parts.size() > 1) return all;
    LicenceExpression only = std::move(all.parts[0]);
    return only;
  }

  // One licence or parentheses. Where words and parentheses follow each other without an operator, all apply.
  LicenceExpression ReadOperand(int depth) {
    std::vector<LicenceExpression> parts;
    while (parts.empty() || (!AtEnd() && !IsOperator(tokens_[position_]))) {
      if (!AtEnd() && tokens_[position_] == "(" && depth < kMaxParentheses) {
        ++position_;
        parts.push_back(ReadLevel(0, depth + 1));
        if (position_ < tokens_.size()) ++position_;  // the closing one; at the end it may be missing
        continue;
      }
      std::vector<std::string_view> words;
      while (!AtEnd() && !IsOperator(tokens_[position_]) && (words.empty() || tokens_[position_] != "(")) {
        words.push_back(tokens_[position_++]);
      }
      parts.push_back(Licence(words));
    }
    if (parts.size() > 1) return {LicenceExpression::Kind::kAnd, {}, {}, std::move(parts)};
    LicenceExpression only = std::move(parts[0]);
    return only;
  }

  static std::string Joined(const std::vector<std::string_view>& words, char separator) {
    std::string name;
    for (const std::string_view word : words) name += (name.empty() ? "" : std::string(1, separator)) + std::string(word);
    return name;
  }

  LicenceExpression Licence(const std::vector<std::string_view>& words) {
    if (words.empty()) return SimpleLicence(ReferenceOf("unnamed", knowledge_));
    const std::string name = Joined(words, ' ');
    if (words.size() == 1) return Named(words[0]);
    if (words.size() > 2 && Lower(words[1]) == "with") {
      const auto known = SpdxNameOf(words[0]);
      auto licence = known ? TryParseLicenceExpression(*known) : std::nullopt;
      const auto exception =
          licence ? ExceptionOf(Joined({words.begin() + 2, words.end()}, '-'), licence->licence) : std::nullopt;
      if (exception && licence->kind == LicenceExpression::Kind::kLicence && licence->exception.empty() &&
          !licence->licence.starts_with("LicenseRef-")) {
        licence->exception = *exception;
        return *licence;
      }
    }
    return SimpleLicence(ReferenceOf(name, knowledge_));
  }

  LicenceExpression Named(std::string_view name) {
    const NamedText* text = knowledge_.text ? knowledge_.text(name) : nullptr;
    const std::string lower = Lower(name);
    if (perl_ && (lower == "artistic" || lower == "artistic-1")) return SimpleLicence("Artistic-1.0-Perl");
    if (text != nullptr) {
      const auto [first, last] = Rows().common.equal_range(lower);
      for (auto row = first; row != last; ++row) {
        if (RefersTo(text->text, row->second.file)) return SimpleLicence(row->second.identifier);
      }
      const auto [when_first, when_last] = Rows().when.equal_range(lower);
      for (auto row = when_first; row != when_last; ++row) {
        if (PassesChecks(*text, row->second)) return SimpleLicence(row->second);
      }
    }
    const auto identifier = SpdxNameOf(name);
    const auto expression = identifier ? TryParseLicenceExpression(*identifier) : std::nullopt;
    if (!expression) return SimpleLicence(ReferenceOf(name, knowledge_));
    // A few words are a remark, not the text.
    if (text != nullptr && text->words.size() > kMaxRemark && text->text.find(kCommonLicences) == std::string::npos &&
        expression->exception.empty() && !PassesChecks(*text, expression->licence)) {
      if (knowledge_.mismatch) knowledge_.mismatch(name, expression->licence);
      return SimpleLicence(ReferenceOf(name, knowledge_));
    }
    return *expression;
  }

  static constexpr std::string_view kOperators[] = {", or", ", and", "or", "and"};

  const NameKnowledge& knowledge_;
  const bool perl_;
  bool stated_ = false;  // there are words, if only operators
  std::vector<std::string_view> tokens_;
  std::size_t position_ = 0;
};

}  // namespace

NamedText::NamedText(std::string licence_text)
    : text(std::move(licence_text)), words(Words(text)), digest(TextDigest(text)) {}

LicenceExpression ReadSynopsis(std::string_view synopsis, const NameKnowledge& knowledge) {
  return Reader(synopsis, knowledge).Read();
}

std::string SpdxExpression(std::string_view synopsis) { return FormatLicenceExpression(ReadSynopsis(synopsis)); }

std::optional<std::string> SpdxNameOf(std::string_view short_name) {
  if (const auto plain = PlainNameOf(short_name)) return plain;
  return NameWithException(short_name);
}

std::string LicenceReference(std::string_view entity, std::string_view name, std::string_view suffix) {
  std::string result = "LicenseRef-" + std::string(entity) + "-";
  const std::string clean = Sanitised(name);
  result += clean.empty() ? "unnamed" : clean;
  if (const std::string end = Sanitised(suffix); !end.empty()) result += "--" + end;
  return result;
}

std::string JoinWithAnd(const std::set<std::string>& expressions) {
  if (expressions.empty()) return {};
  std::vector<LicenceExpression> all;
  for (const std::string& expression : expressions) all.push_back(ParseLicenceExpression(expression, "licence"));
  return FormatLicenceExpression(AllOf(std::move(all)));
}

}  // namespace nachbau::sbom
