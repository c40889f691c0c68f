#include "builder/log_reader.h"

#include <deque>

#include "base/archive.h"
#include "builder/log_lines.h"

namespace nachbau::builder {
namespace {

constexpr std::uint64_t kLimit = 16ULL << 30;  // bytes, decompressed

}  // namespace

void ReadLog(const FileDescriptor& log, std::string_view name,
             const std::function<void(std::uint64_t, std::string_view)>& sink) {
  LineSplitter splitter(sink);
  DecompressPieces(log, name, kLimit, [&](std::string_view piece) { splitter.Write(piece); });
  splitter.Finish();
}

LogExcerpt FindFailure(const FileDescriptor& log, std::string_view name) {
  FailureFinder finder;
  ReadLog(log, name, [&](std::uint64_t number, std::string_view line) { finder.Line(number, line); });
  return finder.Find();
}

LogExcerpt FindEnd(const FileDescriptor& log, std::string_view name, std::size_t count) {
  std::deque<std::string> lines;
  std::uint64_t last = 0;
  ReadLog(log, name, [&](std::uint64_t number, std::string_view line) {
    last = number;
    lines.emplace_back(line);
    if (lines.size() > count) lines.pop_front();
  });
  LogExcerpt excerpt;
  excerpt.first_line = last + 1 - lines.size();
  for (const std::string& line : lines) excerpt.lines.push_back(CleanLine(line));
  excerpt.telling = lines.empty() ? 0 : lines.size() - 1;
  return excerpt;
}

}  // namespace nachbau::builder
