#include "base/toml.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau {
namespace {

// A bracket at the beginning of a line after which no name can begin. toml++ 3.3 takes for granted that one does, and
// goes astray. Lines inside a text of several lines are looked at too: one that looks so is refused as well.
void RefuseNamelessTables(std::string_view text, std::string_view name) {
  std::uint64_t number = 0;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    ++number;
    const auto skip_blanks = [&] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
    if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    skip_blanks();
    if (!line.starts_with('[')) continue;
    line.remove_prefix(1);
    skip_blanks();
    if (line.starts_with('[')) line.remove_prefix(1);
    skip_blanks();
    const char c = line.empty() ? '\n' : line.front();
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '-' && c != '_' && c != '"' && c != '\'' && c != ']') {
      throw ParseError(name, number, Msg("a table without a name"));
    }
  }
}

}  // namespace

toml::table ParseToml(std::string_view text, std::string_view name) {
  if (!IsUtf8(text)) throw ParseError(name, 0, Msg("not UTF-8"));
  RefuseNamelessTables(text, name);
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw ParseError(name, error.source().begin.line, Msg("{}", Printable(error.description())));
  }
}

}  // namespace nachbau
