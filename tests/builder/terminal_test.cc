#include "builder/sandbox/terminal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <array>
#include <future>

#include "tests/builder/as_user.h"
#include "tests/builder/tiny_root.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;

// A person's terminal: what nachbau has as standard input and output, and the side of the person.
struct Desk {
  Desk() : person(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    ::grantpt(person.get());
    ::unlockpt(person.get());
    terminal = FileDescriptor(::open(::ptsname(person.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    const winsize size{33, 99, 0, 0};
    ::ioctl(person.get(), TIOCSWINSZ, &size);
  }
  // Reads until `text` is there; false after 20 seconds.
  bool Sees(const std::string& text) {
    while (seen.find(text) == std::string::npos) {
      pollfd wait{person.get(), POLLIN, 0};
      if (::poll(&wait, 1, 20000) <= 0) return false;
      std::array<char, 4096> buffer;
      const ssize_t count = ::read(person.get(), buffer.data(), buffer.size());
      if (count <= 0) return false;
      seen.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return true;
  }
  bool Type(std::string_view keys) { return ::write(person.get(), keys.data(), keys.size()) > 0; }
  termios Settings() const {
    termios settings{};
    ::tcgetattr(terminal.get(), &settings);
    return settings;
  }
  FileDescriptor person, terminal;
  std::string seen;
};

class TerminalTest : public EachUser {};

TEST_P(TerminalTest, BringsAPersonIntoTheSandboxAndLeavesTheTerminalAsItWas) {
  Run([] {
    TinyRoot root;
    Desk desk;
    const termios before = desk.Settings();
    std::optional<TerminalRelay> relay;
    SandboxRequest request = root.Request({"terminal"});
    request.terminal = [&](FileDescriptor master) {
      relay.emplace(desk.terminal.get(), desk.terminal.get());
      relay->Start(std::move(master));
    };
    auto ran = std::async(std::launch::async, [&] { return builder::Run(request); });
    ASSERT_TRUE(desk.Sees("ready")) << desk.seen;
    for (const char* line : {"terminals=111\r\n", "name=/dev/pts/0\r\n", "open=done,done\r\n", "foreground=1\r\n",
                             "size=33x99\r\n", "type=EPERM\r\n", "ids=1000\r\n"}) {
      EXPECT_THAT(desk.seen, HasSubstr(line));
    }
    EXPECT_EQ(desk.Settings().c_lflag & static_cast<tcflag_t>(ICANON | ECHO | ISIG), 0U);
    ASSERT_TRUE(desk.Type("hello\r"));
    ASSERT_TRUE(desk.Sees("got=hello")) << desk.seen;
    ASSERT_TRUE(desk.Type("\x03"));  // interrupts the command inside, not this process
    ASSERT_TRUE(desk.Sees("interrupted=1")) << desk.seen;
    const Ran result = ran.get();
    relay.reset();
    EXPECT_EQ(result.result.exit_code, 7);
    EXPECT_EQ(result.output, "");
    EXPECT_EQ(desk.Settings().c_lflag, before.c_lflag);
    // The weakening is named.
    const auto& guarantees = result.result.guarantees;
    const auto input = std::find_if(guarantees.begin(), guarantees.end(),
                                    [](const Guarantee& guarantee) { return guarantee.name == "standard-input"; });
    ASSERT_NE(input, guarantees.end());
    EXPECT_FALSE(input->in_force);
  });
}

INSTANTIATE_TEST_SUITE_P(Users, TerminalTest, testing::Values(Who::kRoot, Who::kUser), WhoName);

}  // namespace
}  // namespace nachbau::builder
