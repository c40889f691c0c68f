// OpenPGP keyrings: the files of public keys that apt is told to trust (RFC 4880 sections 4.2, 6.2 and 11.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nachbau::mirror {

// A keyring file as binary keyring: as it is, or its armored blocks decoded, one after the other. Binary keyrings may be
// joined end to end. Throws ParseError naming `name` for anything that is not keys from end to end.
std::string BinaryKeyring(std::string_view file, std::string_view name);

// The keys of a binary keyring, each from its primary key to the next. Throws ParseError.
std::vector<std::string_view> SplitKeys(std::string_view keyring, std::string_view name);

// 40 hex digits, of a primary key or a subkey; "!" behind it: that key alone, not the subkeys of it.
bool IsFingerprint(std::string_view word);

// Those keys of a binary keyring that the fingerprints name, or of which they name a subkey. Fast also where `keyring`
// holds thousands of others.
std::string SelectKeys(std::string_view keyring, const std::vector<std::string>& fingerprints, std::string_view name);

// True when a key with this fingerprint, below a primary key with that one, is one that the list of IsFingerprint words
// admits. An empty list admits all.
bool Admits(const std::vector<std::string>& fingerprints, std::string_view fingerprint, std::string_view primary);

}  // namespace nachbau::mirror
