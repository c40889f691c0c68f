// A legal hold: objects that nothing may delete until two different people release them. docs/formats/hold.md
//
// The hold names the keys that may release it, as they were trusted on the day it was made: a key that somebody adds to
// the workspace later counts for nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"

namespace nachbau {

inline constexpr std::size_t kHoldReleaseSigners = 2;

struct HoldKey {
  std::string name;        // who
  std::string public_pem;  // Ed25519, SubjectPublicKeyInfo
  auto operator<=>(const HoldKey&) const = default;
};

struct Hold {
  std::string name;      // IsProductName
  std::string reason;
  UnixSeconds added = 0;
  std::string added_by;                // a person or a role
  std::vector<std::string> subjects;   // what was asked to be held, as typed
  std::vector<Sha256Digest> objects;   // sorted, each once
  std::vector<HoldKey> keys;           // who may release it; at least kHoldReleaseSigners
  auto operator<=>(const Hold&) const = default;
};

Json ToJson(const Hold& hold);
Hold HoldFromJson(const Json& json, const std::string& place);
// SHA-256 of the canonical JSON.
Sha256Digest DigestOf(const Hold& hold);

// The wish to release a hold: what the two sign.
struct HoldRelease {
  std::string name;       // of the hold
  Sha256Digest hold;      // DigestOf
  std::string reason;
  UnixSeconds time = 0;
  std::string asked_by;
  auto operator<=>(const HoldRelease&) const = default;
};

Json ToJson(const HoldRelease& release);
HoldRelease HoldReleaseFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
