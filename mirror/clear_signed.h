// OpenPGP messages with clear-text signatures (RFC 4880 section 7): InRelease files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace nachbau::mirror {

// Strict framing, stricter than the RFC: the file is exactly one signed message; its only armor header is Hash; no
// carriage returns or other control bytes; every line that starts with '-' is dash-escaped. Verifiers disagree about
// all of these, so none of them may pass. Throws ParseError with the line. Returns the signed text, unescaped, lines
// ending in '\n'.
std::string SplitClearSigned(std::string_view message, std::string_view name);

struct VerifiedText {
  std::string text;                  // only this may be read further, never the message
  std::vector<std::string> signers;  // fingerprints of the primary keys with a good signature, upper-case hex, sorted
};

// Verifies with librnp against the keys of `keyring` (binary or armored). At least one good signature, none bad;
// signatures by unknown keys beside a good one are passed over. SHA-1 and MD5 never count, nor signatures from the
// future, nor expired or revoked keys. Throws Error saying why none counted.
VerifiedText VerifyClearSigned(std::string_view message, std::string_view keyring, std::string_view name,
                               UnixSeconds now);

}  // namespace nachbau::mirror
