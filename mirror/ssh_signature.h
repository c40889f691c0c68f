// SSH signatures (OpenSSH's PROTOCOL.sshsig), checked by ssh-keygen of openssh-client: run without a shell, with files
// that are made for it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/voucher.h"

namespace nachbau::mirror {

struct SshSigners {
  std::string allowed;  // as in ssh-keygen(1), ALLOWED SIGNERS; empty: nobody
  std::string revoked;  // a key revocation list, or public keys one per line; empty: none
};

// Lines of an allowed signers file as they are; lines that are bare public keys ("ssh-ed25519 AAAA… comment") become
// those of `name`. Throws ParseError naming `file` for a line that is neither, and for control bytes.
std::string AllowedSigners(std::string_view text, std::string_view name, std::string_view file);

// True for text that begins as an armored SSH signature does.
bool IsSshSignature(std::string_view text);

// `purpose` is the namespace that the signature must be for: "git" for commits and tags, "file" for files. `moment`: when
// keys with a limited validity must have been valid; nothing: now. `scratch`: a directory for files that ssh-keygen
// reads. Throws SystemError when there is no ssh-keygen.
SignatureVerdict CheckSshSignature(std::string_view message, std::string_view signature, const SshSigners& signers,
                                   std::string_view purpose, std::optional<UnixSeconds> moment,
                                   const std::filesystem::path& scratch);

}  // namespace nachbau::mirror
