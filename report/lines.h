// Text for people, line by line, in their language.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/catalogue.h"
#include "model/comparison.h"

namespace nachbau::report {

// Characters, not bytes: good enough for the Latin text that tables here have.
std::size_t Width(std::string_view text);
// With blanks up to `width`, at least one.
std::string Pad(std::string text, std::size_t width);

class Lines {
 public:
  explicit Lines(const Catalogue& catalogue) : catalogue_(catalogue) {}

  void Plain(const Message& text);
  // "  Label           value"
  void Item(const Message& label, const Message& value);
  void Detail(const Message& label, const std::string& value, std::size_t indent = 6, std::size_t width = 18);
  void Raw(const std::string& line);
  void Text(const std::string& whole_lines);
  std::string Translate(const Message& message) const { return catalogue_.Translate(message); }
  std::string Take() { return std::move(text_); }

 private:
  const Catalogue& catalogue_;
  std::string text_;
};

// The differences of the artifact `within`, the first few of them; `document` is where all stand.
void ShowDifferences(Lines& lines, const std::vector<Difference>& differences, const std::string& within,
                     std::string_view document);

}  // namespace nachbau::report
