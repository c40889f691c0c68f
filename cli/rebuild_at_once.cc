#include "cli/rebuild_at_once.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>

#include "base/child_process.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/log_lines.h"

namespace nachbau::cli {
namespace {

constexpr std::size_t kMostOutput = 64 << 20;  // bytes of one part's result
constexpr int kTick = 200;                     // milliseconds between looks at g_cancelled

class Part {
 public:
  Part(const Context& context, const std::string& source, std::size_t index)
      : context_(context),
        index_(index),
        result_{source, -1, {}},
        child_(Words(context, source)),
        task_(context.progress().Start(Msg("{}", source), Unit::kNone, 0)),
        lines_([this](std::uint64_t, std::string_view line) { Line(line); }) {}

  std::size_t index() const { return index_; }
  std::array<pollfd, 2> Waits() {
    return {{{child_.output().get(), POLLIN, 0}, {child_.error().get(), POLLIN, 0}}};
  }
  bool ended() { return !child_.output().valid() && !child_.error().valid(); }
  void Cancel() { child_.Signal(SIGTERM); }

  void Read() {
    Drain(child_.output(), [&](std::string_view piece) {
      if (result_.output.size() + piece.size() > kMostOutput) throw Error(Msg("{}: too much output", result_.source));
      result_.output += piece;
    });
    Drain(child_.error(), [&](std::string_view piece) { lines_.Write(piece); });
  }
  RebuildPart Finish() {
    lines_.Finish();
    result_.exit_code = child_.Wait();
    if (result_.exit_code == 0) task_->Succeed();
    task_.reset();
    return std::move(result_);
  }

 private:
  static std::vector<std::string> Words(const Context& context, const std::string& source) {
    std::vector<std::string> words = {"/proc/self/exe", "--part", source};
    words.insert(words.end(), context.arguments().words.begin(), context.arguments().words.end());
    return words;
  }
  template <typename Sink>
  static void Drain(FileDescriptor& fd, const Sink& sink) {
    std::array<char, 16384> buffer;
    while (fd.valid()) {
      const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) {
        fd.Close();
      } else {
        sink(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
      }
    }
  }
  void Line(std::string_view line) {
    if (line.starts_with(kBusyMark)) {
      task_->SetDetail(line.substr(1));
    } else if (g_cancelled) {
      return;  // each of them says that it was cancelled
    } else if (context_.arguments().quiet) {
      std::fprintf(stderr, "%s: %s\n", result_.source.c_str(), builder::CleanLine(line).c_str());
    } else {
      context_.progress().Note(Msg("{}: {}", result_.source, builder::CleanLine(line)));
    }
  }

  const Context& context_;
  std::size_t index_;
  RebuildPart result_;
  ChildProcess child_;
  std::unique_ptr<Progress::Task> task_;
  builder::LineSplitter lines_;
};

}  // namespace

void RebuildAtOnce(Context& context, std::span<const std::string> sources, std::size_t at_once,
                   const std::function<void(const RebuildPart&)>& done) {
  // Two that find no key would each make one.
  if (!std::filesystem::exists(context.SigningKeyPath())) context.OpenSigningKey();
  std::vector<std::unique_ptr<Part>> running;
  std::vector<std::optional<RebuildPart>> results(sources.size());
  std::size_t next = 0, told = 0;
  bool cancelled = false;
  while (!running.empty() || (next < sources.size() && !g_cancelled)) {
    while (running.size() < at_once && next < sources.size() && !g_cancelled) {
      running.push_back(std::make_unique<Part>(context, sources[next], next));
      ++next;
    }
    if (g_cancelled && !cancelled) {
      cancelled = true;
      for (const auto& part : running) part->Cancel();
    }
    std::vector<pollfd> waits;
    for (const auto& part : running) {
      for (const pollfd& wait : part->Waits()) waits.push_back(wait);
    }
    if (::poll(waits.data(), waits.size(), kTick) < 0 && errno != EINTR) {
      throw SystemError(errno, Msg("wait for the rebuilds"));
    }
    for (const auto& part : running) {
      part->Read();
      if (part->ended()) results[part->index()] = part->Finish();
    }
    std::erase_if(running, [](const auto& part) { return part->ended(); });
    for (; told < results.size() && results[told]; ++told) {
      if (!cancelled) done(*results[told]);
    }
  }
  if (g_cancelled) throw CancelledError();
}

}  // namespace nachbau::cli
