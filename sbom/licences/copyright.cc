#include "sbom/licences/copyright.h"

#include <algorithm>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "sbom/licences/licences.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxPattern = 4096;
constexpr std::size_t kMaxPatterns = 100'000;
constexpr std::string_view kCommonLicences = "/usr/share/common-licenses/";

// As UTF-8 without byte order mark, lines ended by "\n" alone. `latin1` tells when it was none.
std::string Normalised(std::string_view text, bool& latin1) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  latin1 = !IsUtf8(text);
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\r') {
      if (i + 1 == text.size() || text[i + 1] != '\n') result += '\n';
    } else if (latin1 && byte >= 0x80) {
      result += static_cast<char>(0xc0U | (byte >> 6U));
      result += static_cast<char>(0x80U | (byte & 0x3fU));
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string Lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

// One blank between words: names are compared and texts digested so.
std::string Collapsed(std::string_view text) {
  std::string result;
  for (const std::string_view word : SplitWords(text)) result += (result.empty() ? "" : " ") + std::string(word);
  return result;
}

// The lines after the synopsis, as they were meant: " ." is an empty line, one leading blank belongs to the format.
std::string TextBelow(std::string_view value) {
  std::string text;
  const std::size_t end = value.find('\n');
  if (end == value.npos) return text;
  for (std::string_view line : Paragraph::Lines(value.substr(end))) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    text += std::string(line == "." ? std::string_view() : line) + "\n";
  }
  while (text.ends_with("\n\n")) text.pop_back();
  return text == "\n" ? "" : text;
}

// A second Comment in a paragraph becomes a continuation of the first: a mistake that happens, and that hides nothing.
std::string WithSingleComments(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool seen = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const bool comment = line.size() > 7 && line[7] == ':' && Lower(line.substr(0, 7)) == "comment";
    if (Trim(line).empty()) seen = false;
    result += comment && seen ? " " : "";
    result.append(line).append("\n");
    seen = seen || comment;
  }
  return result;
}

std::string_view FirstLine(std::string_view value) { return Trim(value.substr(0, value.find('\n'))); }

bool BeginsWithFormat(std::string_view text) {
  while (text.starts_with('#') || text.starts_with('\n')) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return Lower(text.substr(0, 7)) == "format:";
}

std::set<std::string> CommonLicences(std::string_view text) {
  std::set<std::string> names;
  for (std::size_t at = text.find(kCommonLicences); at != text.npos && names.size() < 100;
       at = text.find(kCommonLicences, at + 1)) {
    std::string_view name = text.substr(at + kCommonLicences.size(), 40);
    name = name.substr(0, name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-+"));
    while (name.ends_with('.') || name.ends_with('-')) name.remove_suffix(1);
    if (!name.empty()) names.emplace(name);
  }
  return names;
}

class Reader {
 public:
  Reader(std::string_view name, std::string_view source) : name_(name), source_(source) {
    knowledge_.text = [this](std::string_view licence) { return TextOf(licence); };
    knowledge_.reference = [this](std::string_view licence) { return Reference(licence); };
    knowledge_.mismatch = [this](std::string_view licence, std::string_view identifier) {
      Problem(Msg("{}:{}: the text given for {} is not that of {}; it keeps a name of its own", name_, line_,
                  Printable(licence), identifier));
    };
  }

  Copyright Read(std::string_view raw) {
    bool latin1 = false;
    const std::string text = WithSingleComments(Normalised(raw, latin1));
    try {
      ReadParagraphs(ParseParagraphs(text, name_));
    } catch (const ParseError& error) {  // free text that merely looks like fields
      NotReadable(BeginsWithFormat(text) ? Msg("debian/copyright cannot be read: {}", error.what())
                                         : Msg("debian/copyright is not machine-readable"));
    }
    if (latin1) Problem(Msg("{}: not in UTF-8; read as ISO 8859-1", name_));
    if (!copyright_.machine_readable) {
      Message reason = copyright_.reason;
      copyright_ = {};
      copyright_.reason = std::move(reason);
      copyright_.hints = CommonLicences(text);
    }
    return std::move(copyright_);
  }

 private:
  void NotReadable(Message reason) {
    copyright_.machine_readable = false;
    copyright_.reason = std::move(reason);
  }

  void Problem(Message problem) {
    if (copyright_.problems.size() < kMaxCopyrightProblems) copyright_.problems.push_back(std::move(problem));
  }

  void ReadParagraphs(const std::vector<Paragraph>& paragraphs) {
    if (paragraphs.empty()) return NotReadable(Msg("debian/copyright is empty"));
    const auto format = paragraphs[0].Find("Format");
    if (!format || (format->find("copyright-format") == format->npos && format->find("/dep5") == format->npos)) {
      return NotReadable(Msg("debian/copyright is not machine-readable"));
    }
    for (const Paragraph& paragraph : paragraphs) CollectText(paragraph);
    for (const Paragraph& paragraph : paragraphs) {
      const bool header = &paragraph == &paragraphs[0];
      line_ = paragraph.line();
      if (header) ReadHeader(paragraph);
      if (paragraph.Find("Files")) ReadFiles(paragraph, header);
    }
    if (copyright_.files.empty()) return NotReadable(Msg("debian/copyright says nothing of any file"));
    copyright_.machine_readable = true;
  }

  // Texts are looked for by the whole synopsis they stand under. One of a paragraph of its own goes before that of a Files
  // paragraph, the first before others.
  void CollectText(const Paragraph& paragraph) {
    const std::string_view value = paragraph.Find("License").value_or("");
    std::string text = TextBelow(value);
    if (text.empty()) return;
    const std::string synopsis = Lower(Collapsed(FirstLine(value)));
    auto& texts = paragraph.Find("Files") ? texts_of_files_ : texts_;
    if (!texts.contains(synopsis)) texts.emplace(synopsis, NamedText(std::move(text)));
  }

  void ReadHeader(const Paragraph& paragraph) {
    for (const std::string_view pattern : SplitWords(paragraph.Find("Files-Excluded").value_or(""))) {
      copyright_.excluded.emplace_back(pattern.substr(0, kMaxPattern));
    }
    // In the header, a text without a name is an explanation.
    const std::string_view synopsis = FirstLine(paragraph.Find("License").value_or(""));
    if (!synopsis.empty() && !paragraph.Find("Files")) copyright_.licences.insert(ExpressionOf(synopsis));
  }

  void ReadFiles(const Paragraph& paragraph, bool header) {
    CopyrightFiles files;
    files.line = line_;
    if (header) Problem(Msg("{}:{}: Files stands in the first paragraph", name_, line_));
    for (std::string_view word : SplitWords(*paragraph.Find("Files"))) {
      if (word.ends_with(',') && word.size() > 1) {
        Problem(Msg("{}:{}: a comma after a pattern is left out: {}", name_, line_, Printable(word.substr(0, 200))));
        word.remove_suffix(1);
      }
      while (word.starts_with("./") && word.size() > 2) {
        Problem(Msg("{}:{}: './' before a pattern is left out: {}", name_, line_, Printable(word.substr(0, 200))));
        word.remove_prefix(2);
      }
      if (word.size() > kMaxPattern || ++patterns_ > kMaxPatterns) {
        throw ParseError(name_, line_, Msg("debian/copyright has too many or too long patterns"));
      }
      PathPattern pattern(word, PathPattern::Dialect::kDep5);
      if (pattern.HasBadEscape()) {
        Problem(Msg("{}:{}: a backslash that escapes nothing: {}", name_, line_, Printable(word.substr(0, 200))));
      }
      files.patterns.push_back(std::move(pattern));
    }
    for (const std::string_view line : Paragraph::Lines(paragraph.Find("Copyright").value_or(""))) {
      const std::string_view holder = Trim(line);
      if (!holder.empty() && holder != ".") files.holders.emplace_back(holder);
    }
    if (files.holders.empty()) Problem(Msg("{}:{}: no Copyright field", name_, line_));
    const std::string_view licence = paragraph.Find("License").value_or("");
    const std::string_view synopsis = FirstLine(licence);
    std::string text = TextBelow(licence);
    if (!synopsis.empty()) {
      files.expression = ExpressionOf(synopsis, std::move(text));
    } else if (!text.empty()) {
      files.expression = ExpressionOf("unnamed", std::move(text));
    } else {
      Problem(Msg("{}:{}: no licence is stated for these files", name_, line_));
    }
    copyright_.licences.insert(files.expression.empty() ? kUnstatedLicence : files.expression);
    copyright_.files.push_back(std::move(files));
  }

  // `own` is the text in the same field.
  std::string ExpressionOf(std::string_view synopsis, std::string own = {}) {
    own_synopsis_ = Lower(Collapsed(synopsis));
    const bool alone = own.empty();
    if (alone) {
      if (const auto known = expressions_.find(own_synopsis_); known != expressions_.end()) return known->second;
    }
    own_ = alone ? std::nullopt : std::optional(NamedText(std::move(own)));
    std::string expression = FormatLicenceExpression(ReadSynopsis(synopsis, knowledge_));
    if (alone) expressions_[own_synopsis_] = expression;
    return expression;
  }

  const NamedText* TextOf(std::string_view licence) const {
    const std::string name = Lower(Collapsed(licence));
    if (own_ && name == own_synopsis_) return &*own_;
    for (const auto* texts : {&texts_, &texts_of_files_}) {
      if (const auto found = texts->find(name); found != texts->end()) return &found->second;
    }
    return nullptr;
  }

  // A digest of the text makes the name unique: what two packages call "other" has two texts. Without a text, the name of
  // the source does.
  std::string Reference(std::string_view licence) {
    const std::string name = Lower(Collapsed(licence));
    licence = spellings_.emplace(name, licence).first->second;  // one name, however it is spelled
    const NamedText* text = TextOf(licence);
    if (text == nullptr && own_) text = &*own_;  // a text below several names is of all of them
    if (text != nullptr) {
      std::string identifier = LicenceReference("debian", licence, text->digest);
      copyright_.texts.emplace(identifier, text->text);
      return identifier;
    }
    if (told_.insert(name).second) Problem(Msg("{}:{}: no text is given for {}", name_, line_, Printable(licence)));
    std::string identifier = LicenceReference("debian", licence, source_);
    // Two names may become one when they lose what an identifier must not hold.
    const auto [place, added] = names_.emplace(identifier, name);
    if (added || place->second == name) return identifier;
    return LicenceReference("debian", licence, source_ + "-" + NamedText(name).digest);
  }

  const std::string name_, source_;
  NameKnowledge knowledge_;
  Copyright copyright_;
  std::map<std::string, NamedText> texts_, texts_of_files_;  // by synopsis, lower case
  std::map<std::string, std::string> expressions_;           // by synopsis without a text of its own
  std::map<std::string, std::string> spellings_;             // name → as it stood first
  std::map<std::string, std::string> names_;                 // identifier → name it was made for
  std::set<std::string> told_;                               // names without a text
  std::optional<NamedText> own_;
  std::string own_synopsis_;
  std::uint64_t line_ = 0;
  std::size_t patterns_ = 0;
};

}  // namespace

const CopyrightFiles* Copyright::Find(std::string_view path) const {
  const auto matches = [&](const CopyrightFiles& paragraph) {
    return std::any_of(paragraph.patterns.begin(), paragraph.patterns.end(),
                       [&](const PathPattern& pattern) { return pattern.Matches(path); });
  };
  const auto last = std::find_if(files.rbegin(), files.rend(), matches);
  return last == files.rend() ? nullptr : &*last;
}

Copyright ParseCopyright(std::string_view text, std::string_view name, std::string_view source) {
  return Reader(name, source).Read(text);
}

}  // namespace nachbau::sbom
