// Connects a person's terminal with one inside the sandbox.
#pragma once

#include <termios.h>

#include <thread>

#include "base/fd.h"

namespace nachbau::builder {

// Passes bytes both ways and the size of the window inward. While it works, `input` is raw: Ctrl-C and its like go
// inside as they are. What comes from inside reaches the person's terminal as it is, escape sequences too.
class TerminalRelay {
 public:
  // `input` must be a terminal. Both descriptors stay the caller's, and open.
  TerminalRelay(int input, int output) : input_(input), output_(output) {}
  // Passes on what is left from inside, makes the terminal what it was, and discards what was typed but not read:
  // answers of the terminal to what the inside asked it must not reach the shell of the person.
  ~TerminalRelay();
  TerminalRelay(const TerminalRelay&) = delete;
  TerminalRelay& operator=(const TerminalRelay&) = delete;

  // Once; `master` is the outer side of the terminal inside. Throws SystemError.
  void Start(FileDescriptor master);

 private:
  void Run(const std::stop_token& stop);
  void CopySize();
  int input_, output_;
  termios before_{};
  unsigned short rows_ = 0, columns_ = 0;
  FileDescriptor master_;
  std::jthread thread_;
};

}  // namespace nachbau::builder
