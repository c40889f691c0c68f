#include "report/lines.h"

#include <algorithm>

#include "base/encoding.h"

namespace nachbau::report {
namespace {

constexpr std::size_t kMaxDifferencesShown = 12;  // per artifact

void ShowLevel(Lines& lines, const std::vector<Difference>& differences, const std::string& within,
               std::string_view document, std::size_t depth, std::size_t& left) {
  for (const Difference& difference : differences) {
    if (left == 0) return;
    if (--left == 0) {
      lines.Raw(std::string(8, ' ') + lines.Translate(Msg("... more in {}", document)));
      return;
    }
    // What is said of the whole file does not repeat its name.
    std::string line = difference.place == within ? std::string() : Printable(difference.place);
    if (!difference.detail.empty()) line += (line.empty() ? "" : ": ") + Printable(difference.detail);
    lines.Raw(std::string(8 + 2 * depth, ' ') + line);
    ShowLevel(lines, difference.inside, difference.place, document, depth + 1, left);
  }
}

}  // namespace

std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

std::string Pad(std::string text, std::size_t width) {
  const std::size_t used = Width(text);
  text.append(used < width ? width - used : 1, ' ');
  return text;
}

void Lines::Plain(const Message& text) { text_ += catalogue_.Translate(text) + "\n"; }

void Lines::Item(const Message& label, const Message& value) {
  text_ += "  " + Pad(catalogue_.Translate(label), 16) + catalogue_.Translate(value) + "\n";
}

void Lines::Detail(const Message& label, const std::string& value, std::size_t indent, std::size_t width) {
  text_ += std::string(indent, ' ') + Pad(catalogue_.Translate(label), width) + value + "\n";
}

void Lines::Raw(const std::string& line) { text_ += line + "\n"; }

void Lines::Text(const std::string& whole_lines) { text_ += whole_lines; }

void ShowDifferences(Lines& lines, const std::vector<Difference>& differences, const std::string& within,
                     std::string_view document) {
  std::size_t left = kMaxDifferencesShown;
  ShowLevel(lines, differences, within, document, 0, left);
}

}  // namespace nachbau::report
