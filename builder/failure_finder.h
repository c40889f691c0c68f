// Finds the place in a build log that tells why the build failed.
//
// The end of a log says only that something failed: make, debhelper and dpkg-buildpackage each repeat it, other jobs of
// a parallel make go on for a while, and debhelper prints whole config.log files. So: the first line with which a build
// system gives up (make's "***", ninja's "build stopped", "dh_auto_build: error") ends the search, and the error is
// looked for above it, the nearest group of the most telling kind, its first line. A build that goes on to its next
// debhelper step, or whose make says "ignored", had survived what came before: the search starts anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nachbau::builder {

struct LogExcerpt {
  std::uint64_t first_line = 1;    // 1-based number of lines[0]
  std::vector<std::string> lines;  // clean (CleanLine), at most kExcerptLines
  std::size_t telling = 0;         // index of the line that tells most
};

inline constexpr std::size_t kExcerptLines = 30;

// Memory is bounded whatever the log is. Not safe from several threads.
class FailureFinder {
 public:
  void Line(std::uint64_t number, std::string_view line);
  // Of all lines so far.
  LogExcerpt Find() const;

 private:
  enum class Kind { kPlain, kWeak, kTest, kStrong };
  struct Known {
    std::uint64_t number = 0;
    Kind kind = Kind::kPlain;
    std::string text;
  };
  static Kind KindOf(std::string_view line);
  struct Place {
    std::uint64_t telling = 0;  // its number
    Kind kind = Kind::kPlain;
    std::deque<Known> lines;    // around it, consecutive
  };
  std::optional<Place> Nearest() const;
  Place Around(std::size_t index) const;
  void Forget();

  std::deque<Known> recent_;
  std::optional<Place> far_;     // the best one since floor_ that has left recent_
  std::optional<Place> chosen_;  // since something gave up
  std::uint64_t floor_ = 0;      // lines up to here belong to what the build survived
};

}  // namespace nachbau::builder
