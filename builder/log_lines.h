// A build log as lines: foreign bytes, cut and cleaned.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace nachbau::builder {

inline constexpr std::size_t kMaxLogLine = 4096;  // bytes; the rest of a longer line is dropped here, not in the log

// Cuts a stream into lines. Counts as grep -n does: a line ends with '\n'; the last one may lack it.
class LineSplitter {
 public:
  // Called with the number of the line (1-based) and its first kMaxLogLine bytes as they came, without '\n'.
  using Sink = std::function<void(std::uint64_t, std::string_view)>;
  explicit LineSplitter(Sink sink) : sink_(std::move(sink)) {}
  void Write(std::string_view piece);
  void Finish();  // the last line, if it lacks its end

 private:
  void Keep(std::string_view bytes);
  Sink sink_;
  std::uint64_t number_ = 1;
  std::string line_;
  bool begun_ = false;
};

// What a person would have seen of a line on a terminal, in characters that are safe on one: without colours and other
// escape sequences, after the last carriage return, tabs as blanks; other control and malformed bytes as \xNN.
std::string CleanLine(std::string_view line);

}  // namespace nachbau::builder
