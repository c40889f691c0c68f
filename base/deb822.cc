#include "base/deb822.h"

#include <strings.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau {
namespace {

bool SameName(std::string_view left, std::string_view right) {
  return left.size() == right.size() && ::strncasecmp(left.data(), right.data(), left.size()) == 0;
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

bool IsBlankLine(std::string_view line) { return std::all_of(line.begin(), line.end(), IsBlank); }

}  // namespace

std::optional<std::string_view> Paragraph::Find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (SameName(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::string_view Paragraph::Get(std::string_view name) const {
  const auto value = Find(name);
  if (!value) throw ParseError(input_name_, line_, Msg("field is missing: {}", name));
  return *value;
}

std::vector<std::string_view> Paragraph::Lines(std::string_view value) {
  std::vector<std::string_view> lines;
  bool first = true;
  while (!value.empty()) {
    const std::size_t end = std::min(value.find('\n'), value.size());
    std::string_view line = value.substr(0, end);
    if (!first && !line.empty() && IsBlank(line.front())) line.remove_prefix(1);
    if (!first || !line.empty()) lines.push_back(line);
    value.remove_prefix(std::min(end + 1, value.size()));
    first = false;
  }
  return lines;
}

void ForEachParagraph(std::string_view text, std::string_view name,
                      const std::function<void(const Paragraph&)>& sink) {
  Paragraph paragraph;
  paragraph.input_name_ = std::string(name);
  std::uint64_t number = 0;
  const auto finish = [&] {
    if (!paragraph.fields_.empty()) sink(paragraph);
    paragraph.fields_.clear();
  };
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t end = std::min(text.find('\n', position), text.size());
    std::string_view line = text.substr(position, end - position);
    position = end + 1;
    ++number;
    if (line.find('\0') != line.npos) throw ParseError(name, number, Msg("NUL byte"));
    if (!line.empty() && line.front() == '#') continue;
    if (IsBlankLine(line)) {
      finish();
      continue;
    }
    if (IsBlank(line.front())) {
      if (paragraph.fields_.empty()) throw ParseError(name, number, Msg("continuation line without a field"));
      Paragraph::Field& field = paragraph.fields_.back();
      const char* begin = field.value.data();
      field.value = {begin, static_cast<std::size_t>(line.data() + line.size() - begin)};
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) {
      throw ParseError(name, number, Msg("not a field: {}", Printable(line.substr(0, 80))));
    }
    const std::string_view field_name = line.substr(0, colon);
    if (std::any_of(field_name.begin(), field_name.end(), [](char c) { return c <= ' ' || c >= 0x7f; })) {
      throw ParseError(name, number, Msg("not a field name: {}", Printable(field_name.substr(0, 80))));
    }
    if (paragraph.Find(field_name)) throw ParseError(name, number, Msg("duplicate field: {}", field_name));
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && IsBlank(value.front())) value.remove_prefix(1);
    if (paragraph.fields_.empty()) paragraph.line_ = number;
    paragraph.fields_.push_back({field_name, value});
  }
  finish();
}

std::vector<Paragraph> ParseParagraphs(std::string_view text, std::string_view name) {
  std::vector<Paragraph> paragraphs;
  ForEachParagraph(text, name, [&](const Paragraph& paragraph) { paragraphs.push_back(paragraph); });
  return paragraphs;
}

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return IsBlank(c) || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> SplitWords(std::string_view text) {
  std::vector<std::string_view> words;
  while (!(text = Trim(text)).empty()) {
    const std::size_t end = std::min(text.find_first_of(" \t\n\r"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::vector<std::string_view> SplitTrimmed(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (const std::string_view part = Trim(text.substr(0, end)); !part.empty()) parts.push_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace nachbau
