// The keys that apt is told to trust for the archives, for people to look at and choose from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mirror/mirror.h"

namespace nachbau::mirror {

struct KnownKey {
  std::string fingerprint;            // of the primary key, upper-case hex
  std::string name;                   // its first user id, made printable; may be empty
  std::optional<UnixSeconds> expires;
  bool revoked = false;
  std::vector<std::string> archives;  // "URI SUITE" of those it may sign
};

// Sorted by fingerprint. Archives that cannot be used are passed over.
std::vector<KnownKey> FindKnownKeys(const MirrorConfig& config);

}  // namespace nachbau::mirror
