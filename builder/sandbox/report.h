// What the inside of the sandbox tells the outside, one packet each, over a socket pair.
//
// Everything named "inside" in this directory runs in the child between clone and exec: it allocates nothing and calls
// only async-signal-safe functions, because nachbau may have had threads that held locks.
#pragma once

#include <cstdint>

namespace nachbau::builder {

struct Report {
  enum class Kind : std::uint32_t { kFailed = 1, kReady, kEnded, kObserve, kTerminal };
  Kind kind = Kind::kFailed;
  std::int32_t error_number = 0;  // kFailed
  std::int32_t status = 0;        // kEnded: of the command, as wait(2) gives it
  char step[236] = {};            // kFailed: "mount overlay"; NUL-terminated
  char detail[256] = {};          // kFailed: what the kernel said beyond the number, may be empty
};

// Reports the failed step with errno and ends the process.
class StepReporter {
 public:
  explicit StepReporter(int socket) : socket_(socket) {}
  // `what` is added to the step: "open" + "/x". Keeps errno.
  [[noreturn]] void Fail(const char* step, const char* what = nullptr, const char* detail = nullptr) const;
  // Fails if `result` is negative; gives it back otherwise.
  template <typename T>
  T Check(T result, const char* step, const char* what = nullptr) const {
    if (result < 0) Fail(step, what);
    return result;
  }
  void Ended(int status) const;
  // Hands over a descriptor of the /proc inside with the message that all is set up.
  void Ready(int proc) const;
  // Hands over what an observer needs: the descriptor of the notified calls, and one of the root inside.
  void Observe(int listener, int root) const;
  // Hands over the outer side of the command's terminal.
  void Terminal(int master) const;
  int socket() const { return socket_; }

 private:
  int socket_;
};

}  // namespace nachbau::builder
