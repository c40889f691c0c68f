#include "builder/failure_finder.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "builder/log_lines.h"

namespace nachbau::builder {
namespace {

constexpr std::size_t kRecent = 440;   // lines kept to look back at
constexpr std::size_t kReach = 400;    // lines above the end in which an error is looked for first
constexpr std::size_t kKept = 400;     // bytes of a line
constexpr std::uint64_t kGap = 40;     // lines between two errors that belong together
constexpr std::size_t kBefore = 8;     // lines shown above the telling one, where enough follow

bool Contains(std::string_view line, std::string_view part) { return line.find(part) != line.npos; }

template <std::size_t N>
bool ContainsAny(std::string_view line, const std::array<std::string_view, N>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return Contains(line, part); });
}

template <std::size_t N>
bool StartsWithAny(std::string_view line, const std::array<std::string_view, N>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return line.starts_with(part); });
}

bool IsMake(std::string_view line) { return line.starts_with("make: ") || line.starts_with("make["); }

// "dh_auto_build: error: …", "dpkg-source: error: …"
bool IsPackagingError(std::string_view line) {
  return (line.starts_with("dh") || line.starts_with("dpkg-")) && Contains(line.substr(0, 40), ": error: ");
}

// Something gave up. debhelper's copy of config.log comes after the error that it is printed for.
bool GivesUp(std::string_view line) {
  static constexpr std::array<std::string_view, 6> kBegins = {"ninja: build stopped", "ninja: error: ", "E: pybuild ",
                                                              "\ttail -v -n", "        tail -v -n", "tail -v -n"};
  if (IsMake(line)) return Contains(line, "*** ") && !Contains(line, "(ignored)");
  if (Contains(line, ": *** ") && line.ends_with("Stop.")) return true;
  return IsPackagingError(line) || StartsWithAny(line, kBegins);
}

// The build is past what came before.
bool GoesOn(std::string_view line) {
  if (line.starts_with("   dh_") || line.starts_with("   debian/rules ") || line.starts_with(" debian/rules ")) {
    return true;
  }
  return IsMake(line) && line.ends_with("(ignored)");
}

// Says only that something else failed.
bool IsMessenger(std::string_view line) {
  static constexpr std::array<std::string_view, 7> kParts = {
      "returned exit code",           "returned exit status",
      "collect2: error: ld returned", "all warnings being treated as errors",
      "error: could not compile",     "error: command '",
      "subprocess-exited-with-error"};
  if (IsMake(line)) return !Contains(line, "No rule to make target") && !Contains(line, "No such file or directory");
  return line.starts_with("ninja: ") || line.starts_with("dpkg-buildpackage: ") || ContainsAny(line, kParts);
}

// "ModuleNotFoundError: No module named 'x'": the last line of a Python traceback.
bool IsException(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (name.empty() || name.size() > 80) return false;
  if (!std::all_of(name.begin(), name.end(),
                   [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_'; })) {
    return false;
  }
  if (!name.ends_with("Error") && !name.ends_with("Exception") && !name.ends_with("Exit")) return false;
  return colon != line.npos || name.size() > 6;
}

// "sh: 1: foo: not found", "./x.sh: line 3: foo: command not found"
bool IsMissingProgram(std::string_view line) {
  return line.ends_with(": command not found") ||
         (line.ends_with(": not found") && Contains(line.substr(0, 60), "sh: "));
}

}  // namespace

FailureFinder::Kind FailureFinder::KindOf(std::string_view line) {
  static constexpr std::array<std::string_view, 20> kStrong = {
      ": error: ", ": fatal error: ", "configure: error:", "undefined reference to", "cannot find -l", "CMake Error",
      ": ERROR: ", "No rule to make target", "Can't locate ", "! LaTeX Error", "! Undefined control sequence",
      "No space left on device", "Cannot allocate memory", "virtual memory exhausted", "Killed signal terminated",
      "patch: **** ", "multiple definition of", "can't find source to build file", ": error CS", "Syntax error: "};
  static constexpr std::array<std::string_view, 6> kStrongBegins = {"error: ",  "error[", "ERROR: ",
                                                                    "E:   ",    "fatal: ", "! "};
  static constexpr std::array<std::string_view, 12> kTestBegins = {
      "FAIL: ",  "FAIL ",       "not ok ",       "--- FAIL: ",   "FAILED (", "[  FAILED  ]",
      "FAILED ", "test result: FAILED", "ERROR in ", "E       ", "FAILURE: ", "***Failed"};
  static constexpr std::array<std::string_view, 5> kTests = {"***Failed", "***Exception", "Assertion `",
                                                             "Segmentation fault", "core dumped"};
  static constexpr std::array<std::string_view, 9> kWeak = {
      "No such file or directory", "Permission denied", " error ", "ERROR", "FAILED", "Error: ", "Cannot find",
      "cannot find", "failed"};
  if (IsMessenger(line)) return Kind::kPlain;
  if (ContainsAny(line, kStrong) || StartsWithAny(line, kStrongBegins) || IsException(line) || IsMissingProgram(line)) {
    return Kind::kStrong;
  }
  if (StartsWithAny(line, kTestBegins) || ContainsAny(line, kTests)) return Kind::kTest;
  return ContainsAny(line, kWeak) ? Kind::kWeak : Kind::kPlain;
}

FailureFinder::Place FailureFinder::Around(std::size_t index) const {
  Place place{recent_[index].number, recent_[index].kind, {}};
  const std::size_t from = index < kExcerptLines ? 0 : index - kExcerptLines + 1;
  const std::size_t to = std::min(recent_.size(), index + kExcerptLines);
  place.lines.assign(recent_.begin() + static_cast<std::ptrdiff_t>(from),
                     recent_.begin() + static_cast<std::ptrdiff_t>(to));
  return place;
}

// Of the best kind there is within reach: the first line of the last group.
std::optional<FailureFinder::Place> FailureFinder::Nearest() const {
  Kind best = Kind::kPlain;
  std::optional<std::size_t> first;
  std::uint64_t last = 0;
  const std::size_t begin = recent_.size() - std::min(recent_.size(), kReach);
  for (std::size_t i = begin; i < recent_.size(); ++i) {
    const Known& known = recent_[i];
    if (known.number <= floor_ || known.kind == Kind::kPlain || known.kind < best) continue;
    if (known.kind > best || !first || known.number - last > kGap) first = i;
    best = known.kind;
    last = known.number;
  }
  if (!first) return std::nullopt;
  return Around(*first);
}

void FailureFinder::Forget() {
  chosen_.reset();
  far_.reset();
  floor_ = recent_.empty() ? 0 : recent_.back().number;
}

void FailureFinder::Line(std::uint64_t number, std::string_view line) {
  std::string text = CleanLine(line);
  if (text.size() > kKept) text = CleanLine(std::string_view(text).substr(0, kKept));
  const bool gives_up = GivesUp(text);
  const bool goes_on = GoesOn(text);
  recent_.push_back({number, KindOf(text), std::move(text)});
  if (goes_on) Forget();
  if (chosen_ && number < chosen_->telling + kExcerptLines) chosen_->lines.push_back(recent_.back());
  if (gives_up && !chosen_) {
    chosen_ = Nearest();
    // Better a test that failed long ago than a word that may mean anything.
    if (far_ && (!chosen_ || chosen_->kind < far_->kind)) chosen_ = far_;
    if (!chosen_) chosen_ = Around(recent_.size() - 1);
  }
  if (recent_.size() <= kReach) return;
  // It leaves the reach now, with all of its surroundings still here.
  const std::size_t leaving = recent_.size() - 1 - kReach;
  const Known& known = recent_[leaving];
  if (known.kind > Kind::kWeak && known.number > floor_ && (!far_ || far_->kind < known.kind)) far_ = Around(leaving);
  if (recent_.size() > kRecent) recent_.pop_front();
}

LogExcerpt FailureFinder::Find() const {
  std::optional<Place> place = chosen_ ? chosen_ : Nearest();
  if (!place && far_) place = far_;
  if (!place) {  // nothing says "error": the end
    std::size_t last = recent_.size();
    while (last > 0 && recent_[last - 1].text.find_first_not_of(' ') == std::string::npos) --last;  // blank
    if (last == 0) return {};
    place = Around(last - 1);
  }
  const auto blank = [](const Known& known) { return known.text.find_first_not_of(' ') == std::string::npos; };
  while (place->lines.back().number > place->telling && blank(place->lines.back())) place->lines.pop_back();
  const auto at = static_cast<std::size_t>(place->telling - place->lines.front().number);
  const std::size_t after = place->lines.size() - at - 1;
  const std::size_t before = std::min(at, kExcerptLines - 1 - std::min(after, kExcerptLines - 1 - kBefore));
  LogExcerpt excerpt;
  excerpt.first_line = place->telling - before;
  excerpt.telling = before;
  for (std::size_t i = at - before; i < place->lines.size() && excerpt.lines.size() < kExcerptLines; ++i) {
    excerpt.lines.push_back(place->lines[i].text);
  }
  return excerpt;
}

}  // namespace nachbau::builder
