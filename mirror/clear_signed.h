// OpenPGP messages with clear-text signatures (RFC 4880 section 7): InRelease files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace nachbau::mirror {

// Strict framing, stricter than the RFC: the file is exactly one signed message; its only armor header is Hash; no
// carriage returns or other control bytes; every line that starts with '-' is dash-escaped; nothing but base64 in the
// signature. Verifiers disagree about all of these, so none of them may pass. Throws ParseError with the line. Returns
// the text as it was signed: unescaped, without blanks at the ends of lines (signatures do not cover them), lines ending
// in '\n'.
std::string SplitClearSigned(std::string_view message, std::string_view name);

struct VerifiedText {
  std::string text;                  // only this may be read further, never the message
  std::vector<std::string> signers;  // fingerprints of the primary keys with a good signature, upper-case hex, sorted
};

// Verifies with librnp against the keys of `keyring` (binary; see mirror/keyring.h). At least one signature counts, none
// is bad. What does not count is passed over beside one that does: signatures by unknown keys and by keys that
// `signed_by` (see Admits) does not admit, SHA-1 and older digests, keys that are too weak (RSA below 2048 bits, DSA), signatures from the future, expired ones, and those
// of revoked keys and of keys that have expired by `now`. Without `now` each signature is judged as of the moment it was
// made: for proofs that were accepted once. Throws Error saying why none counted.
VerifiedText VerifyClearSigned(std::string_view message, std::string_view keyring, std::string_view name,
                               std::optional<UnixSeconds> now, const std::vector<std::string>& signed_by = {});

// The same as an answer, where a file may be used without its signature as long as that is said.
struct SignatureReport {
  std::string text;                  // as signed
  std::vector<std::string> signers;  // of good signatures; empty: none counts
  std::string reasons;               // English: why others do not count
  std::string bad;                   // English: a signature by a known key that does not fit the text
};
// Throws ParseError for framing, Error where the text can be read in two ways.
SignatureReport CheckClearSigned(std::string_view message, std::string_view keyring, std::string_view name,
                                 std::optional<UnixSeconds> now, const std::vector<std::string>& signed_by = {});

}  // namespace nachbau::mirror
