// Who signs a published Release file: an OpenPGP key in a file (librnp), or one that gpg holds, as on a smart card.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace nachbau::mirror {

// Not safe from several threads.
class ReleaseSigner {
 public:
  virtual ~ReleaseSigner() = default;
  virtual std::string ClearSign(const std::string& text, UnixSeconds time) = 0;     // InRelease
  virtual std::string SignDetached(const std::string& text, UnixSeconds time) = 0;  // Release.gpg, armored
  virtual std::string PublicKey() = 0;                                              // binary keyring
  virtual std::string PublicKeyArmored() = 0;
  virtual std::string Fingerprint() = 0;  // of the primary key
};

// `text`: exactly one secret key, armored or binary. `passphrase` is asked when the key is protected. Throws ParseError
// naming `name`, Error for a key that cannot sign or a wrong passphrase.
std::unique_ptr<ReleaseSigner> OpenReleaseKey(std::string_view text, const std::string& name,
                                              const std::function<std::string()>& passphrase);

// A new Ed25519 key that signs, armored; protected unless `passphrase` is empty.
std::string MakeReleaseKey(const std::string& user_id, const std::string& passphrase);

// The key of this fingerprint, through the gpg command. `environment` is what gpg sees beside PATH: HOME, GNUPGHOME,
// GPG_TTY. The time of the signature is gpg's. Throws UsageError for what is no fingerprint, Error with gpg's own
// words.
std::unique_ptr<ReleaseSigner> UseGpg(const std::string& fingerprint,
                                      const std::map<std::string, std::string>& environment);

}  // namespace nachbau::mirror
