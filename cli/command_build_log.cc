// The log of a build, read by a person: all of it, its end, or the lines that have a text.
#include <algorithm>
#include <cerrno>
#include <deque>

#include "base/error.h"
#include "base/file.h"
#include "builder/log_lines.h"
#include "builder/log_reader.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "model/evidence.h"

namespace nachbau::cli {
namespace {

constexpr std::size_t kMostLines = 100'000;  // kept at once, for --tail and in JSON
constexpr std::size_t kPiece = 1 << 16;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool Contains(std::string_view line, std::string_view text) {
  return std::search(line.begin(), line.end(), text.begin(), text.end(),
                     [](char left, char right) { return Lower(left) == Lower(right); }) != line.end();
}

struct Numbered {
  std::uint64_t number = 0;
  std::string text;
};

// Takes the wanted lines one by one and shows them at once, unless all have to be known first.
class Output {
 public:
  explicit Output(const Context& context) : context_(context), tail_(context.arguments().tail) {}

  void Add(std::uint64_t number, std::string text) {
    ++found_;
    if (!context_.arguments().json && !tail_) {
      Show({number, std::move(text)});
      return;
    }
    const std::size_t most = tail_ ? std::min<std::size_t>(*tail_, kMostLines) : kMostLines;
    if (!tail_ && kept_.size() == most) return;  // JSON says that there are more
    kept_.push_back({number, std::move(text)});
    if (kept_.size() > most) kept_.pop_front();
  }

  void Finish(const std::string& log) {
    if (context_.arguments().json) {
      Json lines = Json::array();
      for (const Numbered& line : kept_) lines.push_back({{"number", line.number}, {"text", line.text}});
      context_.PrintJson({{"log", log}, {"lines", lines}, {"complete", kept_.size() == found_}});
      return;
    }
    for (const Numbered& line : kept_) Show(line);
    context_.PrintText(text_);
  }

  std::uint64_t found() const { return found_; }

 private:
  void Show(const Numbered& line) {
    const std::string number = std::to_string(line.number);
    text_ += std::string(number.size() < 7 ? 7 - number.size() : 0, ' ') + number + "  " + line.text + "\n";
    if (text_.size() < kPiece) return;
    context_.PrintText(text_);
    text_.clear();
  }

  const Context& context_;
  std::optional<std::uint64_t> tail_;
  std::deque<Numbered> kept_;
  std::uint64_t found_ = 0;
  std::string text_;
};

}  // namespace

int RunBuildLog(Context& context) {
  const Arguments& arguments = context.arguments();
  std::filesystem::path path = arguments.names.at(0);
  if (std::filesystem::is_directory(path)) path /= evidence::kBuildLog;
  const FileDescriptor file = OpenForReading(path);
  Output output(context);
  try {
    if (arguments.failure) {
      const builder::LogExcerpt excerpt = builder::FindFailure(file, path.native());
      for (std::size_t i = 0; i < excerpt.lines.size(); ++i) {
        if (Contains(excerpt.lines[i], arguments.grep)) output.Add(excerpt.first_line + i, excerpt.lines[i]);
      }
    } else {
      builder::ReadLog(file, path.native(), [&](std::uint64_t number, std::string_view line) {
        if (g_cancelled) throw CancelledError();
        std::string clean = builder::CleanLine(line);
        if (Contains(clean, arguments.grep)) output.Add(number, std::move(clean));
      });
    }
    output.Finish(path.native());
  } catch (const SystemError& error) {
    if (error.error_number() != EPIPE) throw;  // `| head` has seen enough
  }
  return arguments.grep.empty() || output.found() != 0 ? kGood : kBad;
}

}  // namespace nachbau::cli
