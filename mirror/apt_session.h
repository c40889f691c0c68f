// libapt-pkg's globals, set up for one private tree. Only for files that use libapt-pkg.
#pragma once

#include <apt-pkg/configuration.h>

#include <string>

#include "mirror/apt_lock.h"
#include "mirror/apt_tree.h"

namespace nachbau::mirror {

// Holds AptMutex and the globals as long as it lives.
class AptSession {
 public:
  // With `keep_indexes` what libapt-pkg makes of the tree's indexes is kept in the tree, so that opening it again, from
  // here or from another process, takes a fraction of the time.
  AptSession(const AptTree& tree, const std::string& architecture, bool keep_indexes);
  ~AptSession();
  AptSession(const AptSession&) = delete;
  AptSession& operator=(const AptSession&) = delete;

  // Throws Error with what libapt-pkg has to say.
  [[noreturn]] static void Fail();

 private:
  const std::lock_guard<std::mutex> lock_;
  Configuration configuration_;
  Configuration* saved_;
};

}  // namespace nachbau::mirror
