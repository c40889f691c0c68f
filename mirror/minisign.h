// Detached Ed25519 signatures in the formats of minisign and of OpenBSD's signify(1).
//
// Key, both:            untrusted comment: TEXT            signify signature:  untrusted comment: TEXT
//                       BASE64("Ed" key-id[8] key[32])                         BASE64("Ed" key-id[8] signature[64])
//
// minisign signature:   untrusted comment: TEXT
//                       BASE64(algorithm[2] key-id[8] signature[64])     "Ed": of the file; "ED": of its BLAKE2b-512
//                       trusted comment: TEXT
//                       BASE64(signature[64])                            of the signature above followed by TEXT
//
// Nothing else: lines end in '\n', base64 is canonical, nothing follows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/signature.h"
#include "model/voucher.h"

namespace nachbau::mirror {

struct MinisignKey {
  std::array<std::uint8_t, 8> key_id{};
  Ed25519PublicKey key;
  auto operator<=>(const MinisignKey&) const = default;
};

struct MinisignSignature {
  bool prehashed = false;  // minisign only
  std::array<std::uint8_t, 8> key_id{};
  std::string signature;                       // 64 bytes
  std::optional<std::string> trusted_comment;  // minisign always, signify never
  std::string comment_signature;               // 64 bytes where there is a trusted comment
  bool IsMinisign() const { return trusted_comment.has_value(); }
};

// True for text that begins as these files do.
bool IsMinisignFile(std::string_view text);

// Throw ParseError naming `name` and the line.
MinisignKey ParseMinisignKey(std::string_view text, std::string_view name);
MinisignSignature ParseMinisignSignature(std::string_view text, std::string_view name);

// With a trusted comment, that must be signed too; it is then the verdict's `detail`.
SignatureVerdict CheckMinisign(std::string_view message, const MinisignSignature& signature, const MinisignKey& key);

}  // namespace nachbau::mirror
