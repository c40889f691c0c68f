#include "builder/sandbox/network.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace nachbau::builder {

void BringLoopbackUpInside(const StepReporter& step) {
  const int socket = step.Check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket");
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  step.Check(::ioctl(socket, SIOCGIFFLAGS, &request), "look at the loopback interface");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  step.Check(::ioctl(socket, SIOCSIFFLAGS, &request), "bring the loopback interface up");
  ::close(socket);
}

}  // namespace nachbau::builder
