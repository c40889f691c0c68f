// OpenPGP signatures (RFC 4880, by librnp), each told for what it is: who vouches for a source, and how well. For the
// signatures that decide whether an archive is believed see clear_signed.h, which says yes or throws.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/voucher.h"

namespace nachbau::mirror {

class OpenPgpKeys {
 public:
  // `keyring` as BinaryKeyring gives it, or empty. Throws Error when librnp cannot load it.
  explicit OpenPgpKeys(std::string_view keyring);
  ~OpenPgpKeys();
  OpenPgpKeys(OpenPgpKeys&&) noexcept;
  OpenPgpKeys& operator=(OpenPgpKeys&&) noexcept;

  // A signature in a file of its own, armored or not, over exactly `message`. One verdict per signature in it, in their
  // order; at least one: bytes that are no signature are one bad verdict. A key counts as it was when the signature says
  // it was made: one that has expired since is told in `detail`; one that was ever revoked never counts.
  std::vector<SignatureVerdict> CheckDetached(std::string_view message, std::string_view signature,
                                              UnixSeconds now) const;
  // A clear-signed message. Throws ParseError for one that is framed in a way that can be read differently, see
  // SplitClearSigned.
  std::vector<SignatureVerdict> CheckClearSigned(std::string_view message, std::string_view name,
                                                 UnixSeconds now) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Of a large keyring (Debian's has 30 MB) only the keys that the signatures of a clear-signed message may be by: loading
// all of it takes half a minute. The keyring as BinaryKeyring gives it.
std::string KeysForClearSigned(std::string_view message, std::string_view keyring, std::string_view name);

}  // namespace nachbau::mirror
