// Debian control files: paragraphs of "Field: value" lines (Debian Policy chapter 5, deb822(5)).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nachbau {

// One paragraph. The views point into the parsed text and live as long as it does.
class Paragraph {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;  // raw: continuation lines included, leading blank of the first line removed
  };

  // Field names compare without case. The whole raw value.
  std::optional<std::string_view> Find(std::string_view name) const;
  // Value of a field that must be there. Throws ParseError naming the paragraph's place.
  std::string_view Get(std::string_view name) const;
  // The lines of a multi-line value, each without its leading blank; the first (often empty) line included only if it
  // is not empty.
  static std::vector<std::string_view> Lines(std::string_view value);

  const std::vector<Field>& fields() const { return fields_; }
  std::uint64_t line() const { return line_; }  // 1-based line of its first field
  const std::string& input_name() const { return input_name_; }

 private:
  friend void ForEachParagraph(std::string_view, std::string_view, const std::function<void(const Paragraph&)>&);
  std::vector<Field> fields_;
  std::uint64_t line_ = 0;
  std::string input_name_;
};

// Calls `sink` for each paragraph in order. Throws ParseError (with line) for a line that is neither field,
// continuation, comment nor blank; for a duplicate field; for a NUL byte. The text may be hundreds of megabytes.
void ForEachParagraph(std::string_view text, std::string_view name, const std::function<void(const Paragraph&)>& sink);

// All paragraphs of a small file.
std::vector<Paragraph> ParseParagraphs(std::string_view text, std::string_view name);

// Splits on runs of blanks and newlines.
std::vector<std::string_view> SplitWords(std::string_view text);
// Splits on `separator`, trimming blanks around each part; empty parts are left out.
std::vector<std::string_view> SplitTrimmed(std::string_view text, char separator);
std::string_view Trim(std::string_view text);

}  // namespace nachbau
