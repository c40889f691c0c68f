#include "builder/log_lines.h"

#include <algorithm>

#include "base/encoding.h"

namespace nachbau::builder {
namespace {

// How many bytes the escape sequence at the beginning of `text` takes (ECMA-48: CSI … final byte; OSC and its like … ST
// or BEL; ESC and one byte). 0 when it does not end here: then it is shown instead of swallowing the line.
std::size_t EscapeLength(std::string_view text) {
  if (text.size() < 2) return 0;
  if (text[1] == '[') {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] >= 0x40 && text[i] <= 0x7e) return i + 1;
      if (text[i] < 0x20) return 0;
    }
    return 0;
  }
  if (text[1] == ']' || text[1] == 'P' || text[1] == '_' || text[1] == '^' || text[1] == 'X') {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] == '\x07') return i + 1;
      if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '\\') return i + 2;
    }
    return 0;
  }
  if (text[1] >= 0x20 && text[1] <= 0x2f) return text.size() > 2 ? 3 : 0;
  return text[1] >= 0x30 && text[1] <= 0x7e ? 2 : 0;
}

}  // namespace

void LineSplitter::Keep(std::string_view bytes) {
  line_.append(bytes.substr(0, kMaxLogLine - std::min(kMaxLogLine, line_.size())));
}

void LineSplitter::Write(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    Keep(piece.substr(0, end));
    if (end == piece.npos) {
      begun_ = true;
      return;
    }
    sink_(number_++, line_);
    line_.clear();
    begun_ = false;
    piece.remove_prefix(end + 1);
  }
}

void LineSplitter::Finish() {
  if (begun_) sink_(number_++, line_);
  line_.clear();
  begun_ = false;
}

std::string CleanLine(std::string_view line) {
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (const std::size_t back = line.rfind('\r'); back != line.npos) line.remove_prefix(back + 1);
  std::string clean;
  clean.reserve(line.size());
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t escape = line[i] == '\x1b' ? EscapeLength(line.substr(i)) : 0;
    if (escape != 0) {
      i += escape;
    } else {
      if (line[i] == '\t') {
        clean.append(8 - clean.size() % 8, ' ');
      } else {
        clean += line[i];
      }
      ++i;
    }
  }
  return Printable(clean);
}

}  // namespace nachbau::builder
