// libapt-pkg keeps its configuration, its system and its error list in globals: one user at a time in a process.
#pragma once

#include <mutex>

namespace nachbau::mirror {

// Held by whoever touches libapt-pkg's globals (_config, _system, _error), from before the first setting until after
// the last object of libapt-pkg is gone. Leave nothing behind: the next holder makes its own Configuration and
// initialises the system anew.
inline std::mutex& AptMutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace nachbau::mirror
