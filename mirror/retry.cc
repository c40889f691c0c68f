#include "mirror/retry.h"

#include <chrono>
#include <thread>

namespace nachbau::mirror {

bool WorthAnotherTry(const NetworkError& error) {
  const long status = error.status();
  return status == 0 || status >= 500 || status == 408 || status == 429;
}

void BackOff(int attempt, const MirrorConfig& config) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(250 << (2 * attempt));
  while (std::chrono::steady_clock::now() < end) {
    if (config.cancelled != nullptr && *config.cancelled) throw CancelledError();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace nachbau::mirror
