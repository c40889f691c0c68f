// Detached signatures of files, of every format that upstream projects use, told apart by their content.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/voucher.h"

namespace nachbau::mirror {

// A file of public keys: OpenPGP (armored or binary), minisign or signify, or SSH (public keys or allowed signers).
struct KeyFile {
  std::string name;  // for messages, and whose keys these are
  std::string bytes;
};

// One voucher per signature in `signature`, of role "upstream", as found with the keys of the same kind. At least one.
// `file` and `sha256` are told of what is signed; a Unix time says when keys are looked at. `scratch`: see
// CheckSshSignature. Throws ParseError for keys that are none.
std::vector<Voucher> CheckFileSignature(std::string_view message, std::string_view signature,
                                        const std::vector<KeyFile>& keys, const std::string& file,
                                        const Sha256Digest& sha256, UnixSeconds now,
                                        const std::filesystem::path& scratch);

}  // namespace nachbau::mirror
