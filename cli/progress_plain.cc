#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/deb822.h"
#include "cli/progress_display.h"
#include "cli/progress_text.h"

namespace nachbau::cli {
namespace {

constexpr std::uint64_t kWorthTelling = 1'000;  // milliseconds; work that is done sooner is not mentioned

// One thread looks which work is due for a line: a build that says nothing for minutes gets its lines all the same.
class PlainProgress final : public Progress {
 public:
  PlainProgress(Catalogue catalogue, PlainStyle style)
      : catalogue_(std::move(catalogue)), style_(std::move(style)), teller_([this](std::stop_token stop) {
          std::unique_lock lock(mutex_);
          while (!stop.stop_requested()) {
            wake_.wait_for(lock, stop, std::chrono::milliseconds(250), [] { return false; });
            for (PlainTask* task : running_) task->TellIfDue();
          }
        }) {}
  ~PlainProgress() override {
    teller_.request_stop();
    teller_.join();
  }

  std::unique_ptr<Task> Start(const Message& title, Unit unit, std::uint64_t total) noexcept override {
    auto task = std::make_unique<PlainTask>(*this, catalogue_.Translate(title), unit, total);
    const std::lock_guard lock(mutex_);
    running_.push_back(task.get());
    return task;
  }
  void Note(const Message& message) noexcept override {
    const std::lock_guard lock(mutex_);
    std::fprintf(stderr, "%s\n", catalogue_.Translate(message).c_str());
  }

 private:
  class PlainTask final : public Task {
   public:
    PlainTask(PlainProgress& owner, std::string title, Unit unit, std::uint64_t total)
        : owner_(owner), title_(std::move(title)), unit_(unit), total_(total) {}
    ~PlainTask() override {
      const std::lock_guard lock(owner_.mutex_);
      std::erase(owner_.running_, this);
      const std::uint64_t elapsed = MonotonicMilliseconds() - start_;
      if (ok_ && elapsed < kWorthTelling && !told_) return;
      owner_.Line(title_ + Amount(elapsed) + ": " +
                  owner_.catalogue_.Translate(ok_ ? Msg("done in {}", FormatDuration(elapsed))
                                                  : Msg("stopped after {}", FormatDuration(elapsed))));
    }
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

    // With the owner's mutex.
    void TellIfDue() {
      const std::uint64_t now = MonotonicMilliseconds();
      if (now - last_ < (told_ ? owner_.style_.interval_ms : kWorthTelling)) return;
      last_ = now;
      told_ = true;
      const std::uint64_t elapsed = now - start_;
      std::string line = title_ + Amount(elapsed);
      if (!phase_.empty()) {
        line += ", " + FormatDuration(elapsed / 1000 * 1000) + ": " + phase_;
        const std::string left = owner_.catalogue_.Translate(ExpectedText(elapsed, expected_, samples_));
        if (!left.empty()) line += ", " + left;
      } else if (!detail_.empty()) {
        line += ": " + Fit(detail_, 100);
      }
      owner_.Line(line);
    }

   private:
    std::string Amount(std::uint64_t elapsed) const {
      const std::string amount = FormatAmount(unit_, done_, total_, elapsed);
      return amount.empty() ? amount : " (" + amount + ")";
    }

    PlainProgress& owner_;
    std::string title_, detail_, phase_;
    Unit unit_;
    std::uint64_t total_;
    std::uint64_t done_ = 0, expected_ = 0;
    std::uint32_t samples_ = 0;
    std::uint64_t start_ = MonotonicMilliseconds();
    std::uint64_t last_ = start_;
    bool told_ = false, ok_ = false;
  };

  void Line(const std::string& text) const { std::fprintf(stderr, "%s%s\n", style_.mark.c_str(), text.c_str()); }

  Catalogue catalogue_;
  PlainStyle style_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<PlainTask*> running_;
  std::jthread teller_;  // last: starts when everything else is there
};

}  // namespace

std::unique_ptr<Progress> MakePlainProgress(const Catalogue& catalogue, const PlainStyle& style) {
  return std::make_unique<PlainProgress>(catalogue, style);
}

}  // namespace nachbau::cli
