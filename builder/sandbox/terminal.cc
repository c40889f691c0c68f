#include "builder/sandbox/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "base/error.h"

namespace nachbau::builder {
namespace {

// Milliseconds between looks at the window's size; a signal handler for it would be the whole process's.
constexpr int kTick = 100;

// False when the other side is gone.
bool WriteTo(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EAGAIN) {
      pollfd ready{fd, POLLOUT, 0};
      ::poll(&ready, 1, kTick);
    } else if (count < 0 && errno != EINTR) {
      return false;
    } else if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  return true;
}

}  // namespace

TerminalRelay::~TerminalRelay() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  ::tcsetattr(input_, TCSAFLUSH, &before_);
}

void TerminalRelay::Start(FileDescriptor master) {
  master_ = std::move(master);
  // Nothing inside may keep this side waiting.
  if (::fcntl(master_.get(), F_SETFL, O_RDWR | O_NONBLOCK) != 0) {
    throw SystemError(errno, Msg("use the terminal inside"));
  }
  if (::tcgetattr(input_, &before_) != 0) throw SystemError(errno, Msg("look at the terminal"));
  CopySize();
  termios raw = before_;
  ::cfmakeraw(&raw);
  if (::tcsetattr(input_, TCSADRAIN, &raw) != 0) throw SystemError(errno, Msg("set the terminal"));
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void TerminalRelay::CopySize() {
  winsize size{};
  if (::ioctl(input_, TIOCGWINSZ, &size) != 0 || (size.ws_row == rows_ && size.ws_col == columns_)) return;
  rows_ = size.ws_row;
  columns_ = size.ws_col;
  ::ioctl(master_.get(), TIOCSWINSZ, &size);  // the kernel tells the inside with SIGWINCH
}

void TerminalRelay::Run(const std::stop_token& stop) {
  std::array<char, 16384> buffer;
  std::string inward;  // typed, not yet taken inside; while there is any, no more is read
  bool typing = true;
  while (true) {
    const bool last = stop.stop_requested();  // asked before looking, so that all output is seen
    std::array<pollfd, 2> fds{
        {{master_.get(), static_cast<short>(POLLIN | (inward.empty() ? 0 : POLLOUT)), 0},
         {typing && inward.empty() ? input_ : -1, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), last ? 0 : kTick) < 0 && errno != EINTR) return;
    CopySize();
    if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      const ssize_t count = ::read(master_.get(), buffer.data(), buffer.size());
      if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return;  // EIO: nobody inside has it open
      if (count > 0 && !WriteTo(output_, {buffer.data(), static_cast<std::size_t>(count)})) return;
    } else if (last) {
      return;
    }
    if ((fds[0].revents & POLLOUT) != 0) {
      const ssize_t count = ::write(master_.get(), inward.data(), inward.size());
      if (count > 0) inward.erase(0, static_cast<std::size_t>(count));
    }
    if ((fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      const ssize_t count = ::read(input_, buffer.data(), buffer.size());
      if (count > 0) inward.assign(buffer.data(), static_cast<std::size_t>(count));
      if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) typing = false;
    }
  }
}

}  // namespace nachbau::builder
