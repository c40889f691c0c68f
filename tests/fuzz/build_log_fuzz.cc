// A build log: any bytes give an excerpt within its bounds that is safe to print, and the same one read in pieces.
#include <cstdint>

#include "builder/failure_finder.h"
#include "builder/log_lines.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

nachbau::builder::LogExcerpt Find(std::string_view text, std::size_t piece) {
  nachbau::builder::FailureFinder finder;
  nachbau::builder::LineSplitter splitter(
      [&](std::uint64_t number, std::string_view line) { finder.Line(number, line); });
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) splitter.Write(text.substr(0, piece));
  splitter.Finish();
  return finder.Find();
}

}  // namespace

FUZZ_TARGET(build_log) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const nachbau::builder::LogExcerpt excerpt = Find(text, text.size());
  if (excerpt.lines.size() > nachbau::builder::kExcerptLines) __builtin_trap();
  if (!excerpt.lines.empty() && excerpt.telling >= excerpt.lines.size()) __builtin_trap();
  for (const std::string& line : excerpt.lines) {
    for (const char c : line) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) __builtin_trap();
    }
  }
  const nachbau::builder::LogExcerpt again = Find(text, 7);
  if (again.first_line != excerpt.first_line || again.lines != excerpt.lines) __builtin_trap();
  return 0;
}
