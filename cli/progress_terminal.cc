#include <sys/ioctl.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/deb822.h"
#include "cli/progress_display.h"
#include "cli/progress_text.h"

namespace nachbau::cli {
namespace {

// One thread redraws the block of running tasks; finished tasks and notes scroll up above it.
class TerminalProgress final : public Progress {
 public:
  explicit TerminalProgress(Catalogue catalogue)
      : catalogue_(std::move(catalogue)), colours_(std::getenv("NO_COLOR") == nullptr), painter_([this](std::stop_token stop) {
          std::unique_lock lock(mutex_);
          while (!stop.stop_requested()) {
            wake_.wait_for(lock, stop, std::chrono::milliseconds(100), [] { return false; });
            Redraw();
          }
        }) {}
  ~TerminalProgress() override {
    painter_.request_stop();
    painter_.join();
    const std::lock_guard lock(mutex_);
    Erase();
    std::fflush(stderr);
  }

  std::unique_ptr<Task> Start(const Message& title, Unit unit, std::uint64_t total) noexcept override {
    auto task = std::make_unique<TerminalTask>(*this, catalogue_.Translate(title), unit, total);
    const std::lock_guard lock(mutex_);
    running_.push_back(task.get());
    return task;
  }
  void Note(const Message& message) noexcept override {
    const std::lock_guard lock(mutex_);
    Erase();
    std::fprintf(stderr, "%s\n", catalogue_.Translate(message).c_str());
    Redraw();
  }

 private:
  class TerminalTask final : public Task {
   public:
    TerminalTask(TerminalProgress& owner, std::string title, Unit unit, std::uint64_t total)
        : owner_(owner), title_(std::move(title)), unit_(unit), total_(total) {}
    ~TerminalTask() override { owner_.Finish(*this); }
    void Advance(std::uint64_t amount) noexcept override {
      const std::lock_guard lock(owner_.mutex_);
      done_ += amount;
    }
    void SetTotal(std::uint64_t total) noexcept override {
      const std::lock_guard lock(owner_.mutex_);
      total_ = total;
    }
    void SetDetail(std::string_view detail) noexcept override {
      const std::lock_guard lock(owner_.mutex_);
      detail_ = Trim(detail).substr(0, 400);
    }
    void SetPhase(const Message& phase) noexcept override {
      const std::lock_guard lock(owner_.mutex_);
      phase_ = owner_.catalogue_.Translate(phase);
    }
    void SetExpected(std::uint64_t milliseconds, std::uint32_t samples) noexcept override {
      const std::lock_guard lock(owner_.mutex_);
      expected_ = milliseconds;
      samples_ = samples;
    }
    void Succeed() noexcept override {
      const std::lock_guard lock(owner_.mutex_);
      ok_ = true;
    }

   private:
    friend class TerminalProgress;
    TerminalProgress& owner_;
    std::string title_, detail_, phase_;
    Unit unit_;
    std::uint64_t total_, done_ = 0, expected_ = 0;
    std::uint32_t samples_ = 0;
    std::uint64_t start_ = MonotonicMilliseconds();
    bool ok_ = false;
  };

  const char* Colour(const char* code) const { return colours_ ? code : ""; }

  static std::size_t Columns() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
  }

  void Erase() {
    for (; drawn_ > 0; --drawn_) std::fputs("\x1b[1A\x1b[2K", stderr);
  }

  void Redraw() {
    Erase();
    const std::size_t columns = Columns() - 1;
    for (const TerminalTask* task : running_) {
      const std::uint64_t elapsed = MonotonicMilliseconds() - task->start_;
      std::string line = "  " + task->title_ + "  ";
      const std::string amount = FormatAmount(task->unit_, task->done_, task->total_, elapsed);
      line += amount.empty() ? FormatDuration(elapsed / 1000 * 1000) : amount;
      if (!task->phase_.empty()) line += "  " + task->phase_;
      const std::string left = catalogue_.Translate(ExpectedText(elapsed, task->expected_, task->samples_));
      if (!left.empty()) line += (task->phase_.empty() ? "  " : ", ") + left;
      if (!task->detail_.empty()) line += "  " + task->detail_;
      std::fprintf(stderr, "%s\n", Fit(line, columns).c_str());
      ++drawn_;
    }
    std::fflush(stderr);
  }

  void Finish(const TerminalTask& task) {
    const std::lock_guard lock(mutex_);
    std::erase(running_, &task);
    Erase();
    const std::uint64_t elapsed = MonotonicMilliseconds() - task.start_;
    const std::string amount = task.unit_ == Unit::kNone ? "" : FormatAmount(task.unit_, task.done_, 0, elapsed) + ", ";
    std::fprintf(stderr, "%s%s%s %s  %s%s%s%s\n", Colour(task.ok_ ? "\x1b[32m" : "\x1b[31m"), task.ok_ ? "✓" : "✗",
                 Colour("\x1b[0m"), task.title_.c_str(), Colour("\x1b[2m"), amount.c_str(),
                 FormatDuration(elapsed).c_str(), Colour("\x1b[0m"));
    Redraw();
  }

  Catalogue catalogue_;
  bool colours_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<const TerminalTask*> running_;
  int drawn_ = 0;
  std::jthread painter_;  // last: starts when everything else is there
};

}  // namespace

std::unique_ptr<Progress> MakeTerminalProgress(const Catalogue& catalogue) {
  return std::make_unique<TerminalProgress>(catalogue);
}

}  // namespace nachbau::cli
