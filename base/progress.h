// How rooms tell what they are doing. Rooms never print; cli/ has a live version for terminals and one of plain lines.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/message.h"

namespace nachbau {

enum class Unit { kNone, kItems, kBytes };

// Safe from several threads; never throws.
class Progress {
 public:
  // One piece of work. Its end is the destructor; it failed unless Succeed() was called.
  class Task {
   public:
    virtual ~Task() = default;
    virtual void Advance(std::uint64_t amount) noexcept = 0;
    virtual void SetTotal(std::uint64_t total) noexcept = 0;
    // What it is busy with just now, e.g. the last line of a build log. Foreign bytes; the display cleans them.
    virtual void SetDetail(std::string_view detail) noexcept = 0;
    // Which part of it has begun: "compiling".
    virtual void SetPhase(const Message& phase) noexcept = 0;
    // How long it took as a rule, as `samples` earlier runs show.
    virtual void SetExpected(std::uint64_t milliseconds, std::uint32_t samples) noexcept = 0;
    virtual void Succeed() noexcept = 0;
  };

  virtual ~Progress() = default;
  // `total` 0: not known.
  virtual std::unique_ptr<Task> Start(const Message& title, Unit unit, std::uint64_t total) noexcept = 0;
  // Something a person should know that is not an error.
  virtual void Note(const Message& message) noexcept = 0;
};

// Says nothing: tests, and --quiet.
class SilentProgress final : public Progress {
 public:
  std::unique_ptr<Task> Start(const Message&, Unit, std::uint64_t) noexcept override {
    struct Silent final : Task {
      void Advance(std::uint64_t) noexcept override {}
      void SetTotal(std::uint64_t) noexcept override {}
      void SetDetail(std::string_view) noexcept override {}
      void SetPhase(const Message&) noexcept override {}
      void SetExpected(std::uint64_t, std::uint32_t) noexcept override {}
      void Succeed() noexcept override {}
    };
    return std::make_unique<Silent>();
  }
  void Note(const Message&) noexcept override {}
};

}  // namespace nachbau
