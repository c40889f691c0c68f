#include <atomic>

#include <cstdio>
#include <mutex>

#include "base/clock.h"
#include "base/deb822.h"
#include "cli/progress_display.h"
#include "cli/progress_text.h"

namespace nachbau::cli {
namespace {

constexpr std::uint64_t kInterval = 15'000;  // milliseconds between two lines about the same work
constexpr std::uint64_t kWorthTelling = 1'000;

class PlainProgress final : public Progress {
 public:
  explicit PlainProgress(Catalogue catalogue) : catalogue_(std::move(catalogue)) {}

  std::unique_ptr<Task> Start(const Message& title, Unit unit, std::uint64_t total) noexcept override {
    return std::make_unique<PlainTask>(*this, catalogue_.Translate(title), unit, total);
  }
  void Note(const Message& message) noexcept override { Line(catalogue_.Translate(message)); }

 private:
  class PlainTask final : public Task {
   public:
    PlainTask(PlainProgress& owner, std::string title, Unit unit, std::uint64_t total)
        : owner_(owner), title_(std::move(title)), unit_(unit), total_(total) {}
    ~PlainTask() override {
      const std::uint64_t elapsed = MonotonicMilliseconds() - start_;
      if (ok_ && elapsed < kWorthTelling && !told_) return;
      owner_.Line(title_ + Amount(elapsed) + ": " +
                  owner_.catalogue_.Translate(ok_ ? Msg("done in {}", FormatDuration(elapsed))
                                                  : Msg("stopped after {}", FormatDuration(elapsed))));
    }
    void Advance(std::uint64_t amount) noexcept override {
      const std::lock_guard lock(mutex_);
      done_ += amount;
      Tell({});
    }
    void SetTotal(std::uint64_t total) noexcept override {
      const std::lock_guard lock(mutex_);
      total_ = total;
    }
    void SetDetail(std::string_view detail) noexcept override {
      const std::lock_guard lock(mutex_);
      Tell(detail);
    }
    void Succeed() noexcept override { ok_ = true; }

   private:
    std::string Amount(std::uint64_t elapsed) const {
      const std::string amount = FormatAmount(unit_, done_, total_, elapsed);
      return amount.empty() ? amount : " (" + amount + ")";
    }
    void Tell(std::string_view detail) {
      const std::uint64_t now = MonotonicMilliseconds();
      if (now - last_ < (told_ ? kInterval : kWorthTelling)) return;
      last_ = now;
      told_ = true;
      std::string line = title_ + Amount(now - start_);
      if (!detail.empty()) line += ": " + Fit(Trim(detail), 100);
      owner_.Line(line);
    }

    PlainProgress& owner_;
    std::string title_;
    Unit unit_;
    std::mutex mutex_;
    std::uint64_t total_;
    std::uint64_t done_ = 0;
    std::uint64_t start_ = MonotonicMilliseconds();
    std::uint64_t last_ = start_;
    bool told_ = false;
    std::atomic<bool> ok_{false};
  };

  void Line(const std::string& text) noexcept {
    const std::lock_guard lock(mutex_);
    std::fprintf(stderr, "%s\n", text.c_str());
  }

  Catalogue catalogue_;
  std::mutex mutex_;
};

}  // namespace

std::unique_ptr<Progress> MakePlainProgress(const Catalogue& catalogue) {
  return std::make_unique<PlainProgress>(catalogue);
}

}  // namespace nachbau::cli
